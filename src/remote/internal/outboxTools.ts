import * as Effect from "effect/Effect"
import type { OperationError } from "../../operation/OperationError.ts"
import type { Outbox } from "../Outbox.ts"

/**
 * Forgets a dead letter, or a call that waits and cannot have arrived, and says what became of it.
 *
 * @internal
 */
export const removeCall = (
  outbox: Outbox["Service"],
  id: string
): Effect.Effect<"removed" | "mayHaveArrived" | "notFound", OperationError> =>
  Effect.gen(function*() {
    if ((yield* outbox.removeDeadLetter(id)) || (yield* outbox.remove(id))) return "removed"
    return (yield* outbox.pending).some((call) => call.id === id) ? "mayHaveArrived" : "notFound"
  })

/** @internal */
export const mayHaveArrived = (id: string): string =>
  `call ${id} may have reached the other side already; invoke what takes it back instead`
