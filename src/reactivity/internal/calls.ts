import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type { InvokerInternals } from "../../operation/internal/invoker.ts"
import { CurrentActor } from "../../operation/Invocation.ts"
import type * as Operation from "../../operation/Operation.ts"
import type { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { RemoteInvoker } from "../../operation/RemoteInvoker.ts"
import type { BusClient, CallOptions } from "../BusClient.ts"
import type { Connection } from "./connection.ts"

/**
 * Sends each call to where its operation is.
 *
 * @internal
 */
export const calls = (
  invoker: (typeof OperationInvoker)["Service"],
  { lookup }: InvokerInternals,
  remote: (typeof RemoteInvoker)["Service"] | undefined,
  connection: Connection
): Pick<(typeof BusClient)["Service"], "runsHere" | "invoke" | "invokeStream"> => {
  const runsHere = ({ key }: Operation.Any) => lookup(key) !== undefined
  /** Without a way elsewhere it is tried here: the failure says that nobody handles it. */
  const here = (operation: Operation.Any): boolean => remote === undefined || runsHere(operation)
  return {
    runsHere,
    invoke: (operation, input, options) =>
      Effect.suspend((): Effect.Effect<any, any> => {
        if (here(operation)) return invoker.invoke(operation, input, options && localOptions(options))
        return invoker.invokeRemote(operation, input, options && remoteOptions(options)).pipe(
          Effect.tap(() => Effect.sync(() => connection.heard(undefined))),
          Effect.tapError((error) => Effect.sync(() => connection.heard(error))),
          Effect.provideService(RemoteInvoker, remote!),
          acting(options)
        )
      }),
    invokeStream: (operation, input, options) =>
      Stream.suspend((): Stream.Stream<any, any> => {
        if (here(operation)) return invoker.invokeStream(operation, input, options && localOptions(options))
        const stream = invoker.invokeRemoteStream(operation, input, options && remoteOptions(options)).pipe(
          Stream.tap(() => Effect.sync(() => connection.heard(undefined))),
          Stream.tapError((error) => Effect.sync(() => connection.heard(error))),
          Stream.provideService(RemoteInvoker, remote!)
        )
        return options?.actor === undefined ? stream : Stream.provideService(stream, CurrentActor, options.actor)
      })
  }
}

const localOptions = ({ actor, onProgress, timeout }: CallOptions<any>) => ({ actor, onProgress, timeout })

const remoteOptions = ({ headers, idempotencyKey, onProgress, timeout }: CallOptions<any>) => ({
  headers,
  idempotencyKey,
  onProgress,
  timeout
})

const acting = (options: CallOptions<any> | undefined) => <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  options?.actor === undefined ? effect : Effect.provideService(effect, CurrentActor, options.actor)
