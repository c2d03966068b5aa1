/**
 * Why the bus could not give an answer, on a wire.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const Misfit = {
  issue: Schema.String,
  /** Names that are symbols are told as their descriptions. */
  path: Schema.Array(Schema.Union([Schema.String, Schema.Finite]))
}

/**
 * The reasons of an `OperationError`: the same names and fields as in `opbus/operation`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const OperationErrorReason = Schema.Union([
  Schema.TaggedStruct("HandlerNotFound", { suggestions: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("InvalidInput", Misfit),
  Schema.TaggedStruct("InvalidOutput", Misfit),
  Schema.TaggedStruct("NotSynchronous", {}),
  Schema.TaggedStruct("Timeout", { millis: Schema.Number }),
  Schema.TaggedStruct("Overloaded", { limit: Schema.Number }),
  Schema.TaggedStruct("Superseded", {}),
  Schema.TaggedStruct("Dropped", {}),
  Schema.TaggedStruct("Denied", { why: Schema.String }),
  Schema.TaggedStruct("Incompatible", { difference: Schema.String }),
  Schema.TaggedStruct("RemoteUnavailable", { why: Schema.String, sent: Schema.optionalKey(Schema.Literal(false)) }),
  Schema.TaggedStruct("RemoteFunctionNotFound", {}),
  Schema.TaggedStruct("Uncertain", {}),
  Schema.TaggedStruct("IdempotencyConflict", {}),
  Schema.TaggedStruct("DeadLettered", { why: Schema.String })
])

/**
 * The reasons of an `OperationError`.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationErrorReason = typeof OperationErrorReason.Type

/**
 * An `OperationError`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const OperationErrorMessage = Schema.TaggedStruct("OperationError", {
  key: Schema.String,
  reason: OperationErrorReason
})

/**
 * An `OperationError`.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationErrorMessage = typeof OperationErrorMessage.Type

/**
 * Makes the message of an `OperationError`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const toMessage = (
  { key, reason }: { readonly key: string; readonly reason: { readonly _tag: string } }
): OperationErrorMessage => {
  const path = (reason as { readonly path?: ReadonlyArray<PropertyKey> }).path
  return {
    _tag: "OperationError",
    key,
    reason: (path === undefined
      ? reason
      : { ...reason, path: path.map((part) => typeof part === "symbol" ? part.description ?? "" : part) }) as any
  }
}

/**
 * Tells whether a value is an `OperationError`, or reads like one.
 *
 * @category guards
 * @since 0.1.0
 */
export const isOperationErrorMessage: (u: unknown) => u is OperationErrorMessage = Schema.is(OperationErrorMessage)
