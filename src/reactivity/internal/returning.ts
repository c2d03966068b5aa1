import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { ConnectionState } from "../../operation/internal/remoteInternals.ts"

/**
 * Whether a failure says that the other side could not be reached. By its tag: the class brings all its messages along.
 *
 * @internal
 */
export const isAway = (error: unknown): boolean => {
  const { _tag, reason } = error as { readonly _tag?: unknown; readonly reason?: { readonly _tag?: unknown } }
  return _tag === "OperationError" && reason?._tag === "RemoteUnavailable"
}

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
