import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ConnectionState } from "../../operation/internal/remoteInternals.ts"

/**
 * Waits before something that broke off is tried again: until the connection comes back, or for longer and longer, up to
 * five seconds.
 *
 * @internal
 */
export const returning = (connection: Stream.Stream<ConnectionState>, failures: number): Effect.Effect<void> =>
  Effect.raceFirst(
    Effect.sleep(Math.min(5_000, 100 * 2 ** failures)),
    connection.pipe(
      Stream.dropWhile((state) => state === "connected"),
      Stream.filter((state) => state === "connected"),
      Stream.take(1),
      Stream.runDrain
    )
  )
