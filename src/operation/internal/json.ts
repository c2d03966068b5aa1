import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { makeGuard } from "./codec.ts"

/**
 * The codec between a schema's type side and JSON.
 *
 * @internal
 */
export const jsonCodec = (schema: Schema.Constraint): Schema.Codec<unknown, unknown> =>
  Schema.toCodecJson(schema as Schema.Codec<unknown, unknown>) as Schema.Codec<unknown, unknown>

/**
 * Encodes to JSON data. Throws when the value does not fit, or when the schema cannot do so synchronously.
 *
 * Most inputs are JSON data already. Where the schema says so a value is checked, which takes a tenth of encoding it.
 *
 * @internal
 */
export const makeJsonEncoder = (schema: Schema.Constraint): (value: unknown) => unknown => {
  const encode = SchemaParser.encodeUnknownSync(jsonCodec(schema))
  if (!isJsonSchema(schema.ast, new Set())) return encode
  const fits = makeGuard(schema)
  return (value) => fits(value) && isJson(value) ? value : encode(value)
}

/**
 * Decodes JSON data; excess properties are refused.
 *
 * @internal
 */
export const makeJsonDecoder = (
  schema: Schema.Constraint
): (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue> => {
  const decode = SchemaParser.decodeUnknownEffect(jsonCodec(schema), { onExcessProperty: "error" })
  if (!isJsonSchema(schema.ast, new Set())) return decode
  const fits = makeGuard(schema)
  return (value) => fits(value) ? Effect.succeed(value) : decode(value)
}

/**
 * Reads JSON data that another process wrote; properties that only a newer one knows are left out.
 *
 * @internal
 */
export const makeJsonReader = (
  schema: Schema.Constraint
): (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue> => {
  const decode = SchemaParser.decodeUnknownEffect(jsonCodec(schema))
  if (!isJsonSchema(schema.ast, new Set())) return decode
  const fits = makeGuard(schema)
  return (value) => fits(value) ? Effect.succeed(value) : decode(value)
}

/** Whether the type side of a schema is JSON data, but for numbers that are not finite. */
const isJsonSchema = (ast: SchemaAST.AST, open: Set<SchemaAST.AST>): boolean => {
  if (ast.encoding !== undefined) return false
  if (open.has(ast)) return true
  switch (ast._tag) {
    case "String":
    case "Boolean":
    case "Null":
    case "Number":
      return true
    case "Literal":
      return typeof ast.literal !== "bigint"
    case "Arrays":
      return ast.elements.every((item) => !SchemaAST.isOptional(item) && isJsonSchema(item, open)) &&
        ast.rest.every((item) => isJsonSchema(item, open))
    case "Objects":
      open.add(ast)
      return ast.propertySignatures.every(({ name, type }) => typeof name === "string" && isJsonSchema(type, open)) &&
        ast.indexSignatures.every(({ parameter, type }) => parameter._tag === "String" && isJsonSchema(type, open))
    case "Union":
      return ast.types.every((type) => isJsonSchema(type, open))
    case "Suspend":
      open.add(ast)
      return isJsonSchema(ast.thunk(), open)
    default:
      return false
  }
}

/** Whether `JSON.stringify` writes a value as it is: an instance may have a `toJSON` of its own. @internal */
export const isJson = (value: unknown): boolean => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true
    case "number":
      return Number.isFinite(value)
    case "object": {
      if (value === null) return true
      if (Array.isArray(value)) {
        for (let i = 0; i < value.length; i++) if (!isJson(value[i])) return false
        return true
      }
      const prototype: unknown = Object.getPrototypeOf(value)
      if (prototype !== Object.prototype && prototype !== null) return false
      for (const key in value) if (!isJson((value as Record<string, unknown>)[key])) return false
      return true
    }
    default:
      return false
  }
}
