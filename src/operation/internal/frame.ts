import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Origin, TraceContext } from "../Invocation.ts"
import type * as Operation from "../Operation.ts"
import { OperationContext } from "../OperationContext.ts"
import type { OperationError } from "../OperationError.ts"
import type { RemoteInvoker, RemoteOptions } from "../RemoteInvoker.ts"
import type { Registration } from "./registration.ts"

type ContextShape = (typeof OperationContext)["Service"]

/**
 * One invocation while it runs: what its handler sees as `OperationContext`, what the events are made from, and where the
 * history keeps what it knows of it.
 *
 * Invariants: `parent` is set only while the parent had not ended at the start; `root` is the end of the parent chain;
 * `ended` turns true exactly once, when the handler's exit is known, before the commit; `order` grows with the order in
 * which invocations start.
 *
 * @internal
 */
export interface InvocationFrame extends ContextShape {
  readonly operation: Operation.Any
  readonly registration: Registration
  readonly parent: InvocationFrame | undefined
  readonly root: InvocationFrame
  /** The innermost open group or transaction around the invocation; of the parent when it opened none of its own. */
  readonly group: GroupFrame | undefined
  readonly causedBy: string | undefined
  /** Counts invocations of this invoker in the order in which they start. */
  readonly order: number
  readonly startedAt: number
  readonly input: unknown
  /** `false`: neither this invocation nor anything it causes, however deep, makes a history entry. */
  readonly recording: boolean
  readonly trace: TraceContext | undefined
  /** It runs elsewhere; who keeps its history. */
  readonly remote: "server" | "client" | undefined
  /** Handed through from the internal options: how the history recognises the steps it runs itself. */
  readonly token: unknown
  ended: boolean
  /** Owned by the hook. */
  history: unknown
  /** The context of the handler without this invocation. */
  readonly base: Context.Context<never>
  /** Sets the context in which the handler will run. For `before`. */
  readonly enter: (base: Context.Context<never>) => void
}

/**
 * An open group or transaction. The history makes it; the invoker only passes it on.
 *
 * @internal
 */
export interface GroupFrame {
  readonly id: string
  readonly transaction?: boolean | undefined
  readonly parent: GroupFrame | undefined
  /** The invocation in whose handler the group was opened. */
  readonly invocation: InvocationFrame | undefined
  ended: boolean
}

/**
 * How an invocation reaches what runs elsewhere.
 *
 * @internal
 */
export interface RemoteCall {
  readonly transport: (typeof RemoteInvoker)["Service"]
  readonly options: RemoteOptions
}

/**
 * The ambient group. It travels in the fiber's context, so that everything started inside inherits it.
 *
 * @internal
 */
export const CurrentGroup = Context.Reference<GroupFrame | undefined>("opbus/operation/internal/CurrentGroup", {
  defaultValue: () => undefined
})

/**
 * The invocation whose handler runs in this context, if any.
 *
 * @internal
 */
export const currentFrame = (context: Context.Context<never>): InvocationFrame | undefined =>
  Context.getOrUndefined(context, OperationContext) as InvocationFrame | undefined

/**
 * What the history sees of invocations, inside the invocation and before any observer.
 *
 * **Details**
 *
 * `before` runs after the input is valid and the lane is entered, before `Started` and the handler. Its effect may
 * suspend only for asynchronous operations; a failure refuses the invocation. An interruption there leaves no event.
 *
 * `commit` is called exactly once for every invocation for which `before` completed, with the validated exit (invalid
 * output is a failure by then), and cannot be interrupted. For a synchronous operation its effect is never waited for,
 * so it must return `undefined` and write behind. Neither may die: the hook catches and reports its own defects.
 * Both return `undefined` when nothing is left to wait for, which is the fast path.
 *
 * A commit that gives an exit replaces the invocation's: its transaction could not be committed.
 *
 * `output` of a stream operation is `{ count }`.
 *
 * @internal
 */
export interface InvocationHook {
  readonly before: (frame: InvocationFrame) => Effect.Effect<void, OperationError> | undefined
  readonly commit: (
    frame: InvocationFrame,
    exit: Exit.Exit<unknown, unknown>
  ) => Effect.Effect<void | Exit.Exit<never, unknown>> | undefined
}

/**
 * What the history may set when it runs inverses and redo steps; users reach `actor`, `origin` and `record` through
 * `invoke`'s options.
 *
 * @internal
 */
export interface InvokeInternalOptions {
  readonly timeout?: Duration.Input | undefined
  readonly actor?: string | undefined
  readonly origin?: Origin | undefined
  readonly record?: boolean | undefined
  readonly causedBy?: string | undefined
  readonly attempt?: number | undefined
  readonly token?: unknown
  /** Called with what the handler reports, before the event is published. */
  readonly onProgress?: ((value: unknown) => void) | undefined
}
