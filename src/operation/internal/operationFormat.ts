import * as Schema from "effect/Schema"

const JsonDocument = Schema.Record(Schema.String, Schema.Json)

/**
 * The shape of `OperationJson`, for those who read one. Beside `toJson` and `fromJson`, so that a page carries no more
 * than this.
 *
 * @internal
 */
export const OperationFormat = Schema.Struct({
  v: Schema.Literal(1),
  key: Schema.String,
  label: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  version: Schema.Number,
  executionMode: Schema.Literals(["sync", "async"]),
  stream: Schema.Boolean,
  concurrency: Schema.Literals(["unbounded", "serial", "switchLatest", "drop", "serialBy", "singleFlightBy"]),
  lane: Schema.optionalKey(Schema.String),
  input: JsonDocument,
  output: JsonDocument,
  error: JsonDocument,
  progress: JsonDocument,
  annotations: Schema.Struct({
    permission: Schema.optionalKey(Schema.String),
    idempotent: Schema.optionalKey(Schema.Literal(true)),
    readonly: Schema.optionalKey(Schema.Literal(true)),
    irreversible: Schema.optionalKey(Schema.Literal(true)),
    icon: Schema.optionalKey(Schema.String)
  })
})
