/**
 * A queued call that was given up, and why.
 *
 * @since 0.1.0
 */
import type { OperationErrorReason } from "../operation/OperationError.ts"

/**
 * Why a queued call was given up.
 *
 * **Details**
 *
 * - `Failed`: the operation ran and failed with an error of its own, here as JSON data. The receipt fails with it.
 * - `Refused`: the bus of the other side cannot or must not run it, for example `InvalidInput`, `Denied`, `Incompatible`
 *   or `Uncertain`.
 * - `Defect`: it ended unexpectedly, each time it was delivered.
 * - `Exhausted`: the other side could not be reached for as long, or as often, as the options allow.
 * - `Poison`: each time it was delivered, the process that delivered it died.
 * - `Unreadable`: what is stored cannot be read.
 *
 * @category models
 * @since 0.1.0
 */
export type DeadLetterReason =
  | { readonly _tag: "Failed"; readonly error: unknown }
  | { readonly _tag: "Refused"; readonly reason: OperationErrorReason }
  | { readonly _tag: "Defect" }
  | { readonly _tag: "Exhausted"; readonly reason: OperationErrorReason }
  | { readonly _tag: "Poison" }
  | { readonly _tag: "Unreadable" }

/**
 * A queued call that was given up.
 *
 * **When to use**
 *
 * Use `Outbox.retryDeadLetter` when the cause is gone, or `Outbox.removeDeadLetter` to forget it.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeadLetter {
  /** The id of its receipt. */
  readonly id: string
  /** The operation. */
  readonly key: string
  readonly lane: string
  readonly idempotencyKey: string
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number
  readonly deadAt: number
  /** How often it was delivered. */
  readonly attempts: number
  readonly reason: DeadLetterReason
  /** One line. */
  readonly why: string
  /**
   * Why the local operation that had run in advance could not be taken back, in one line: for example because somebody has
   * changed the same thing since. Absent when it was, or when there was none.
   */
  readonly notTakenBack?: string | undefined
}
