/**
 * What a handler can ask about its own invocation.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Origin } from "./Invocation.ts"

/**
 * The invocation that the current handler serves.
 *
 * **When to use**
 *
 * Use inside a handler, its undo `capture` and middleware. It is always there and never appears in the requirements of
 * `toLayer`.
 *
 * @category services
 * @since 0.1.0
 */
export class OperationContext extends Context.Service<OperationContext, {
  /** Unique across processes. */
  readonly id: string
  readonly key: string
  readonly parentId: string | undefined
  readonly rootId: string
  readonly groupId: string | undefined
  /** Who acts: a session, a window, an agent. */
  readonly actor: string | undefined
  readonly origin: Origin
  /** When the caller stops waiting, in milliseconds since the epoch. */
  readonly deadline: number | undefined
  /** 1 for the first try. */
  readonly attempt: number
  /** Reports progress. The value is checked against the operation's `progress` schema; an unfit one is a defect. */
  readonly progress: (value: unknown) => Effect.Effect<void>
}>()("opbus/operation/OperationContext") {}
