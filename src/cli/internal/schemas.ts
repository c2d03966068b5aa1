import * as Schema from "effect/Schema"
import type * as Operation from "../../operation/Operation.ts"

/** @internal */
export type JsonSchema = { readonly [key: string]: unknown }

/**
 * The JSON Schema (draft 2020-12) of the JSON side. Input is open to nothing but what it names: the bus refuses the rest.
 *
 * @internal
 */
export const jsonSchemaOf = (schema: Operation.AnySchema, side: "input" | "output"): JsonSchema => {
  const document = Schema.toJsonSchemaDocument(Schema.toCodecJson(schema as Schema.Codec<unknown, unknown>), {
    onExcessProperty: side === "input" ? "error" : "ignore"
  })
  const open = side === "input" ? document.schema : withoutOpenness(document.schema) as JsonSchema
  const definitions = side === "input" ? document.definitions : withoutOpenness(document.definitions) as JsonSchema
  return Object.keys(definitions).length === 0 ? open : { ...open, $defs: definitions }
}

/** `additionalProperties: true` is what JSON Schema assumes anyway. */
const withoutOpenness = (part: unknown): unknown => {
  if (Array.isArray(part)) return part.map(withoutOpenness)
  if (typeof part !== "object" || part === null) return part
  return Object.fromEntries(
    Object.entries(part).filter(([key, value]) => !(key === "additionalProperties" && value === true))
      .map(([key, value]) => [key, withoutOpenness(value)])
  )
}
