/**
 * Where an operation runs elsewhere.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Protocol from "./Protocol.ts"

/**
 * One deployed version of an operation.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DeploymentRecord = Schema.Struct({
  v: Protocol.Version,
  /** The id that the platform gave the deployment. */
  id: Schema.String,
  key: Schema.String,
  name: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  version: Schema.Number,
  /** The URL that is called. */
  endpoint: Schema.String,
  /** Milliseconds since the epoch. */
  deployedAt: Schema.Number,
  /** The services that the handler's layer still needs where it runs. */
  services: Schema.optionalKey(Schema.Array(Schema.String)),
  /** It answers with any number of outputs. */
  stream: Schema.optionalKey(Schema.Boolean),
  /** JSON Schema documents of the encoded sides. */
  input: Schema.optionalKey(Schema.Json),
  output: Schema.optionalKey(Schema.Json),
  error: Schema.optionalKey(Schema.Json)
})

/**
 * One deployed version of an operation.
 *
 * @category models
 * @since 0.1.0
 */
export type DeploymentRecord = typeof DeploymentRecord.Type

/**
 * Reads a deployment record.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = Protocol.reader("deployment record", DeploymentRecord)
