import * as Deferred from "effect/Deferred"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type { OperationError } from "../../../operation/OperationError.ts"
import type { Outcome, StoredCall } from "./outboxStore.ts"

type Step = Effect.Success<
  ReturnType<typeof Schedule.toStep<unknown, OperationError, never, never>>
>

/**
 * A waiting call in this process.
 *
 * @internal
 */
export class Item {
  readonly call: StoredCall
  attempts: number
  crashes: number
  /** It may have arrived, now or before. */
  maybe: boolean
  delivering = false
  defects = 0
  lastError: string | undefined
  step: Step | undefined
  /** It stands in a lane. */
  queued = false
  /** `undefined`: another process saw to it, so the store knows. */
  readonly settled = Deferred.makeUnsafe<Outcome | undefined>()

  constructor(call: StoredCall) {
    this.call = call
    this.attempts = call.attempts
    this.crashes = call.crashes
    this.maybe = call.maybe
  }
}
