/**
 * The bus as a screen sees it: one service, whatever is behind it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import { internalsOf } from "../operation/internal/invoker.ts"
import type { ConnectionState } from "../operation/internal/remoteInternals.ts"
import type * as Operation from "../operation/Operation.ts"
import type { OperationError } from "../operation/OperationError.ts"
import { OperationInvoker, type Single, type Streaming } from "../operation/OperationInvoker.ts"
import { RemoteInvoker } from "../operation/RemoteInvoker.ts"
import type { InvocationMessage } from "../protocol/InvocationMessage.ts"
import type { RemoteHistoryScope } from "../remote/RemoteHistory.ts"
import { calls } from "./internal/calls.ts"
import { connectionOf } from "./internal/connection.ts"
import { histories } from "./internal/histories.ts"
import { watching } from "./internal/watching.ts"
import type { InvocationFilter, InvocationGapMessage } from "./InvocationTable.ts"

export type { ConnectionState }

/**
 * How an operation is invoked from a screen.
 *
 * @category models
 * @since 0.1.0
 */
export interface CallOptions<in out Op extends Operation.Any = Operation.Any> {
  /** A number is milliseconds. */
  readonly timeout?: Duration.Input | undefined
  /** On whose behalf. */
  readonly actor?: string | undefined
  /** Called with what the handler reports while it runs. */
  readonly onProgress?: ((progress: Op["progress"]["Type"]) => void) | undefined
  /** Of what runs elsewhere: however often the call is delivered, it takes effect once. */
  readonly idempotencyKey?: string | undefined
  /** Sent along to what runs elsewhere. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * Runs operations, here or on a server, and follows what happens there.
 *
 * **When to use**
 *
 * Use through `Bus` or the hooks of `opbus/react`; directly only in effects that must not know where an operation runs.
 *
 * @category services
 * @since 0.1.0
 */
export class BusClient extends Context.Service<BusClient, {
  /** Whether a handler is registered in this process. Everything else goes through the `RemoteInvoker`. */
  readonly runsHere: (operation: Operation.Any) => boolean
  /** Runs an operation where it is; what runs here and is synchronous completes within `Effect.runSync`. */
  readonly invoke: <Op extends Single>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: CallOptions<Op>
  ) => Effect.Effect<Op["output"]["Type"], Op["error"]["Type"] | OperationError>
  /** Runs a stream operation where it is. */
  readonly invokeStream: <Op extends Streaming>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: CallOptions<Op>
  ) => Stream.Stream<Op["output"]["Type"], Op["error"]["Type"] | OperationError>
  /** The history of the server when there is a `RemoteHistory`, else of this process; `side` picks one. */
  readonly history: (scope?: string, side?: "here" | "server") => RemoteHistoryScope
  /**
   * What happens, from the moment of subscription: on the server if it lets itself be watched, else in this process; `side`
   * picks one. It goes on after a broken connection; where messages are missing it says so, and goes on with what happens
   * then. Of the filter only `keys`, `rootId` and `side` count.
   */
  readonly invocations: (filter?: InvocationFilter) => Stream.Stream<InvocationMessage | InvocationGapMessage>
  /** The way to the server, now and whenever it changes; always `"connected"` where there is none. */
  readonly connection: Stream.Stream<ConnectionState>
}>()("opbus/reactivity/BusClient") {
  /**
   * The invoker with what is around it: a `HistoryTracker`, a `RemoteInvoker`, a `RemoteHistory`.
   *
   * **Details**
   *
   * The services besides the invoker are optional, so they are no requirement: provide them below this layer, with
   * `Layer.provideMerge`.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<BusClient, never, OperationInvoker> = Layer.effect(
    BusClient,
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const context = yield* Effect.context<never>()
      const internals = internalsOf(invoker)
      const remote = Context.getOrUndefined(context, RemoteInvoker)
      const connection = connectionOf(remote)
      return {
        ...calls(invoker, internals, remote, connection),
        history: histories(context, connection),
        invocations: watching(invoker, internals, remote, connection),
        connection: connection.changes
      }
    })
  )
}
