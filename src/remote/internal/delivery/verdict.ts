import * as Cause from "effect/Cause"
import type * as Exit from "effect/Exit"
import { isOperationError, type OperationError, type OperationErrorReason } from "../../../operation/OperationError.ts"
import { RemoteFailure } from "../../../operation/RemoteInvoker.ts"
import type { DeadLetterReason } from "../../DeadLetter.ts"

/**
 * What a delivery came to.
 *
 * - `delivered`: the other side ran it.
 * - `again`: it may succeed later. `arrived: false`: it certainly did not reach the handler.
 * - `defect`: it may be the other side's bad moment, or the call itself.
 * - `dead`: it can never succeed.
 * - `stopped`: this process stopped waiting.
 *
 * @internal
 */
export type Verdict =
  | { readonly _tag: "delivered"; readonly value: unknown }
  | { readonly _tag: "again"; readonly reason: OperationErrorReason; readonly why: string; readonly arrived: boolean }
  | { readonly _tag: "defect" }
  | { readonly _tag: "dead"; readonly reason: DeadLetterReason; readonly why: string }
  | { readonly _tag: "stopped" }

/** The other side may be there, or have room, another time. */
const passing = new Set<OperationErrorReason["_tag"]>([
  "RemoteUnavailable",
  "Timeout",
  "Overloaded",
  "Superseded",
  "Dropped"
])

/** The handler was not run. */
const refusedBefore = new Set<OperationErrorReason["_tag"]>(["Overloaded", "Dropped"])

/** @internal */
export const verdictOf = (exit: Exit.Exit<unknown, OperationError | RemoteFailure>): Verdict => {
  if (exit._tag === "Success") return { _tag: "delivered", value: exit.value }
  const reason = exit.cause.reasons.find((reason) => !Cause.isInterruptReason(reason))
  if (reason === undefined) return { _tag: "stopped" }
  if (!Cause.isFailReason(reason)) return { _tag: "defect" }
  const { error } = reason
  if (isOperationError(error)) {
    const why = error.message.replace(/\.$/, "")
    return passing.has(error.reason._tag)
      ? { _tag: "again", reason: error.reason, why, arrived: mayHaveArrived(error.reason) }
      : { _tag: "dead", reason: { _tag: "Refused", reason: error.reason }, why }
  }
  return error instanceof RemoteFailure
    ? {
      _tag: "dead",
      reason: { _tag: "Failed", error: error.error },
      why: `"${error.key}" failed with ${nameOf(error.error)}`
    }
    : { _tag: "defect" }
}

/** A transport that knows that nothing was sent says so. */
const mayHaveArrived = (reason: OperationErrorReason): boolean =>
  !refusedBefore.has(reason._tag) &&
  !(reason._tag === "RemoteUnavailable" && reason.sent === false)

const nameOf = (error: unknown): string => {
  const tag = typeof error === "object" && error !== null ? (error as { readonly _tag?: unknown })._tag : undefined
  return typeof tag === "string" && /^[\w./-]{1,80}$/.test(tag) ? tag : "an error of its own"
}
