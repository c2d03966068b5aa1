/**
 * Work that an operation sets off without waiting for it, tracked until it is done.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type * as Operation from "./Operation.ts"
import type { OperationError } from "./OperationError.ts"
import { OperationInvoker } from "./OperationInvoker.ts"

/**
 * How a follow-up is scheduled.
 *
 * @category models
 * @since 0.1.0
 */
export interface ScheduleOptions {
  /** How long to wait before it runs. Default: it runs at once. */
  readonly delay?: Duration.Input | undefined
  /** When to try again after a failure; every try is an invocation with its own `attempt`. Default: never. */
  readonly retry?: Schedule.Schedule<unknown, unknown> | undefined
  /** On whose behalf it runs. Default: the current actor. */
  readonly actor?: string | undefined
}

/**
 * A scheduled follow-up.
 *
 * @category models
 * @since 0.1.0
 */
export interface Followup<out A = unknown, out E = unknown> {
  readonly id: string
  readonly key: string
  /** The invocation whose handler scheduled it. */
  readonly parentId: string | undefined
  /** Waits for its outcome. Interrupting the wait does not interrupt the follow-up. */
  readonly await: Effect.Effect<Exit.Exit<A, E>>
}

/**
 * The scheduler of follow-ups.
 *
 * **When to use**
 *
 * Use `schedule` in a handler for what should happen after it, but not as part of it: an index to refresh, a message to
 * send. Use `awaitIdle` before shutting down and in tests.
 *
 * **Details**
 *
 * A follow-up runs in the scope of the invoker's layer: closing it interrupts what is left. It carries the `parentId` of
 * the invocation that scheduled it, and is its own history entry. Its failure is an event, and stays in `failed` for a
 * `retry`.
 *
 * @category services
 * @since 0.1.0
 */
export class FollowupScheduler extends Context.Service<FollowupScheduler, {
  readonly schedule: <Op extends Operation.Any>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: ScheduleOptions
  ) => Effect.Effect<Followup<Op["output"]["Type"], Op["error"]["Type"] | OperationError>>
  /** Waits for all follow-ups, also those scheduled while it waits. */
  readonly awaitIdle: Effect.Effect<void>
  /** The follow-ups that wait or run. */
  readonly pending: Effect.Effect<ReadonlyArray<Followup>>
  /** The follow-ups that failed and have not been retried; the newest 1,000. */
  readonly failed: Effect.Effect<ReadonlyArray<Followup>>
  /** Runs a failed follow-up again. `false` when there is no failed one of this id. */
  readonly retry: (id: string) => Effect.Effect<boolean>
}>()("opbus/operation/FollowupScheduler") {
  /**
   * The scheduler that belongs to the invoker.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<FollowupScheduler, never, OperationInvoker> = Layer.effect(
    FollowupScheduler,
    Effect.map(OperationInvoker, (invoker) => invoker.followups)
  )
}
