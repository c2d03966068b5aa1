import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { type ConnectionState, ConnectionWatch, remoteInternalsOf } from "../../operation/internal/remoteInternals.ts"
import { isOperationError } from "../../operation/OperationError.ts"
import type { RemoteInvoker } from "../../operation/RemoteInvoker.ts"

/** @internal */
export interface Connection {
  readonly changes: Stream.Stream<ConnectionState>
  /** Told how a call ended, where the transport itself knows nothing of a connection. */
  readonly heard: (error: unknown) => void
}

/**
 * How the way to the server is. A transport that keeps a connection says so itself; of another it is what the last call
 * showed.
 *
 * @internal
 */
export const connectionOf = (remote: (typeof RemoteInvoker)["Service"] | undefined): Connection => {
  const kept = remote && remoteInternalsOf(remote).connection
  const watch = kept ?? new ConnectionWatch()
  if (kept === undefined) watch.set("connected")
  return {
    changes: Stream.callback<ConnectionState>(
      (queue) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            Queue.offerUnsafe(queue, watch.current)
            return watch.listen((state) => Queue.offerUnsafe(queue, state))
          }),
          (stop) => Effect.sync(stop)
        ),
      { bufferSize: 16, strategy: "sliding" }
    ),
    heard: (error) => {
      if (kept !== undefined) return
      watch.set(
        isOperationError(error) && error.reason._tag === "RemoteUnavailable" ? "disconnected" : "connected"
      )
    }
  }
}
