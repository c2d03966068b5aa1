import * as Cause from "effect/Cause"
import { HistoryError, type HistoryErrorReason } from "../../history/HistoryError.ts"
import { internalsOf } from "../../operation/internal/invoker.ts"
import { isOperationError } from "../../operation/OperationError.ts"
import type { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { defectMessage } from "../../protocol/CauseMessage.ts"

/** @internal */
export type Tell = (error: HistoryError) => string

/**
 * What a history error says, without what may be secret: no text of a defect or of a database, and of a failure whose
 * operation has sensitive fields only its tag (I2, I8).
 *
 * @internal
 */
export const makeTell = (invoker: OperationInvoker["Service"]): Tell => {
  const { lookup } = internalsOf(invoker)

  const safe = (key: string, cause: Cause.Cause<unknown>): Cause.Cause<unknown> =>
    Cause.fromReasons(cause.reasons.map((reason) => {
      if (Cause.isInterruptReason(reason)) return reason
      if (!Cause.isFailReason(reason)) return Cause.makeDieReason(defectMessage)
      const { error } = reason
      const registration = lookup(key)
      const open = isOperationError(error) ||
        registration !== undefined && registration.redactError === undefined
      return Cause.makeFailReason(open ? error instanceof Error ? error : nameOf(error) : nameOf(error))
    }))

  const outward = (reason: HistoryErrorReason): HistoryErrorReason => {
    switch (reason._tag) {
      case "InverseFailed": {
        const { putBack } = reason
        const cause = safe(reason.key, reason.cause)
        return { ...reason, cause, putBack: putBack && { key: putBack.key, cause: safe(putBack.key, putBack.cause) } }
      }
      case "RollbackIncomplete":
        return { ...reason, cause: safe(reason.key, reason.cause) }
      case "StoreFailed":
        return { _tag: "StoreFailed", why: "its store failed" }
      default:
        return reason
    }
  }
  return ({ reason }) => new HistoryError({ reason: outward(reason) }).message
}

const nameOf = (error: unknown): string => {
  const tag = (error as { readonly _tag?: unknown } | null)?._tag
  return typeof tag === "string" ? tag : "it failed"
}
