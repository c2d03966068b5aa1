/**
 * How an invocation failed, on a wire.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import { OperationErrorMessage, toMessage } from "./OperationErrorMessage.ts"

/**
 * What a defect looks like from outside: its text and its stack may name files, queries or secrets, so neither leaves the
 * process.
 *
 * @category models
 * @since 0.1.0
 */
export const defectMessage = "An unexpected error occurred."

/**
 * One reason of a failure.
 *
 * **Details**
 *
 * - `Failure`: the operation's own error, encoded by its schema.
 * - `Refusal`: an `OperationError`.
 * - `Defect`: something unexpected, without its internals.
 * - `Interrupt`: it was interrupted.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ReasonMessage = Schema.Union([
  Schema.TaggedStruct("Failure", { error: Schema.Json }),
  Schema.TaggedStruct("Refusal", { error: OperationErrorMessage }),
  Schema.TaggedStruct("Defect", { message: Schema.String }),
  Schema.TaggedStruct("Interrupt", {})
])

/**
 * One reason of a failure.
 *
 * @category models
 * @since 0.1.0
 */
export type ReasonMessage = typeof ReasonMessage.Type

/**
 * Why an invocation failed: all its reasons.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CauseMessage = Schema.Array(ReasonMessage)

/**
 * Why an invocation failed: all its reasons.
 *
 * @category models
 * @since 0.1.0
 */
export type CauseMessage = typeof CauseMessage.Type

const defect: ReasonMessage = { _tag: "Defect", message: defectMessage }

/**
 * Makes the message of a cause. `encodeError` encodes the operation's own failures; one that it cannot encode is told as a
 * defect.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromCause = (cause: Cause.Cause<unknown>, encodeError: (error: unknown) => unknown): CauseMessage =>
  cause.reasons.map((reason): ReasonMessage => {
    if (Cause.isInterruptReason(reason)) return { _tag: "Interrupt" }
    if (!Cause.isFailReason(reason)) return defect
    const refusal = asRefusal(reason.error)
    if (refusal !== undefined) return { _tag: "Refusal", error: refusal }
    try {
      const error = encodeError(reason.error) ?? null
      return isJson(error) ? { _tag: "Failure", error } : defect
    } catch {
      return defect
    }
  })

const isJson: (u: unknown) => u is Schema.Json = Schema.is(Schema.Json)

const readRefusal = Schema.is(OperationErrorMessage)

/** The bus's own error is a class; what crosses a wire are its fields. */
const asRefusal = (error: unknown): OperationErrorMessage | undefined => {
  if (typeof error !== "object" || error === null || (error as { readonly _tag?: unknown })._tag !== "OperationError") {
    return undefined
  }
  const { key, reason } = error as { readonly key: string; readonly reason: { readonly _tag: string } }
  const message = typeof reason === "object" && reason !== null ? toMessage({ key, reason }) : undefined
  return readRefusal(message) ? message : undefined
}
