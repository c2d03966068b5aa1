import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import { misfit } from "../../operation/internal/codec.ts"
import type * as Operation from "../../operation/Operation.ts"

type JsonSchema = { readonly [keyword: string]: unknown }

/**
 * A valid input of an operation as JSON data: the same for the same schema, and as small as it can be.
 *
 * It is written down from the JSON Schema; where that says less than the schema does (a string that has to be a date),
 * the offending string is replaced until the schema accepts it. What cannot be found so is drawn by `effect/Arbitrary`.
 * `undefined` when there is no valid input, or none was found.
 *
 * @internal
 */
export const exampleInput = (operation: Operation.Any, jsonSchema: JsonSchema): Effect.Effect<unknown> =>
  Effect.gen(function*() {
    const schema = operation.input as Schema.Codec<unknown, unknown>
    const codec = Schema.toCodecJson(schema) as Schema.Codec<unknown, unknown>
    const drafted = draft(jsonSchema)
    const example = repair(codec, drafted, [])
    if (example !== impossible) return example
    const samples = yield* draw(schema, codec)
    const mixed = repair(codec, drafted, samples)
    return mixed === impossible ? samples[0] : mixed
  }).pipe(Effect.catchCause(() => Effect.succeed(undefined)))

/** Random valid inputs, the same ones every time, the shortest first. */
const draw = (schema: Schema.Codec<unknown, unknown>, codec: Schema.Codec<unknown, unknown>) =>
  Effect.gen(function*() {
    const Arbitrary = yield* Effect.promise(() => import("effect/Arbitrary"))
    const samples = yield* Arbitrary.sampleEffect(Arbitrary.schema(schema), { seed: 1, count: 20 })
    const encoded = samples.map((sample) => SchemaParser.encodeUnknownSync(codec)(sample))
    return encoded.sort((a, b) => JSON.stringify(a).length - JSON.stringify(b).length)
  })

// ---------------------------------------------------------------------------
// from JSON Schema
// ---------------------------------------------------------------------------

const impossible = Symbol("impossible")

const draft = (root: JsonSchema): unknown => {
  const definitions = (root["$defs"] ?? {}) as { readonly [name: string]: JsonSchema }

  const at = (schema: JsonSchema, depth: number): unknown => {
    if (depth > 12) return impossible
    if (Array.isArray(schema["examples"]) && schema["examples"].length > 0) return schema["examples"][0]
    if ("default" in schema) return schema["default"]
    if ("const" in schema) return schema["const"]
    if (Array.isArray(schema["enum"])) return schema["enum"][0]
    if (typeof schema["$ref"] === "string") {
      const name = schema["$ref"].replace(/^#\/\$defs\//, "")
      return Object.hasOwn(definitions, name) ? at(definitions[name]!, depth + 1) : impossible
    }
    const { allOf, anyOf, oneOf, ...own } = schema
    if (Array.isArray(allOf)) return at(Object.assign({}, own, ...(allOf as Array<JsonSchema>)), depth)
    const choices = (anyOf ?? oneOf) as ReadonlyArray<JsonSchema> | undefined
    if (choices !== undefined) {
      return choices.map((choice) => at({ ...own, ...choice }, depth + 1)).find((value) => value !== impossible) ??
        impossible
    }
    switch (schema["type"]) {
      case "null":
        return null
      case "boolean":
        return true
      case "integer":
      case "number":
        return numberOf(schema)
      case "string":
        return stringOf(schema)
      case "array":
        return arrayOf(schema, depth)
      case "object":
        return objectOf(schema, depth)
      default:
        return "not" in schema ? impossible : {}
    }
  }

  const arrayOf = (schema: JsonSchema, depth: number): unknown => {
    const fixed = ((schema["prefixItems"] ?? []) as ReadonlyArray<JsonSchema>).map((item) => at(item, depth + 1))
    if (fixed.includes(impossible)) return impossible
    const least = Number(schema["minItems"] ?? 0)
    const wanted = Math.min(Math.max(least, fixed.length === 0 ? 1 : 0), Number(schema["maxItems"] ?? Infinity))
    const items = schema["items"] as JsonSchema | false | undefined
    while (fixed.length < wanted) {
      const item = items ? at(items, depth + 1) : impossible
      if (item === impossible) return fixed.length < least ? impossible : fixed
      fixed.push(
        schema["uniqueItems"] === true && typeof item === "string" && fixed.length > 0 ? item + fixed.length : item
      )
    }
    return fixed
  }

  const objectOf = (schema: JsonSchema, depth: number): unknown => {
    const properties = (schema["properties"] ?? {}) as { readonly [name: string]: JsonSchema }
    const required = new Set((schema["required"] ?? []) as ReadonlyArray<string>)
    const names = required.size > 0
      ? Object.keys(properties).filter((name) => required.has(name))
      : Object.keys(properties).slice(0, 1)
    const entries: Array<[string, unknown]> = []
    for (const name of names) {
      const value = at(properties[name]!, depth + 1)
      if (value !== impossible) entries.push([name, value])
      else if (required.has(name)) return impossible
    }
    const rest = schema["additionalProperties"]
    const least = Number(schema["minProperties"] ?? 0)
    if (typeof rest === "object" && rest !== null) {
      const wanted = Math.max(least, entries.length === 0 ? 1 : 0)
      for (let i = 1; entries.length < wanted; i++) {
        const value = at(rest as JsonSchema, depth + 1)
        if (value === impossible) break
        entries.push([i === 1 ? "key" : `key${i}`, value])
      }
    }
    return entries.length < least ? impossible : Object.fromEntries(entries)
  }

  return at(root, 0)
}

const numberOf = (schema: JsonSchema): number => {
  const step = Number(schema["multipleOf"] ?? (schema["type"] === "integer" ? 1 : 0.5))
  const low = Math.max(Number(schema["minimum"] ?? -Infinity), Number(schema["exclusiveMinimum"] ?? -Infinity))
  const high = Math.min(Number(schema["maximum"] ?? Infinity), Number(schema["exclusiveMaximum"] ?? Infinity))
  const fits = (value: number) =>
    value >= low && value <= high && value !== schema["exclusiveMinimum"] && value !== schema["exclusiveMaximum"]
  const around = [1, 0, low, high].filter(Number.isFinite)
    .flatMap((value) => [value, Math.ceil(value / step) * step, Math.floor(value / step) * step + step, value - step])
  return around.find((value) => fits(value) && Number.isInteger(value / step)) ?? around.find(fits) ?? 1
}

const formats: { readonly [format: string]: string } = {
  "date-time": "2026-01-01T00:00:00.000Z",
  date: "2026-01-01",
  time: "00:00:00",
  uuid: "00000000-0000-4000-8000-000000000000",
  email: "somebody@example.com",
  uri: "https://example.com/",
  byte: "AAAA"
}

const stringOf = (schema: JsonSchema): string => {
  const known = formats[String(schema["format"])]
  if (known !== undefined) return known
  const text = "text".padEnd(Math.min(Number(schema["minLength"] ?? 0), 10_000), " text")
  return text.slice(0, Number(schema["maxLength"] ?? Infinity))
}

// ---------------------------------------------------------------------------
// what JSON Schema does not say
// ---------------------------------------------------------------------------

const candidates = [
  "2026-01-01T00:00:00.000Z",
  "1",
  "https://example.com/",
  "somebody@example.com",
  "Europe/Vienna",
  "a",
  "A"
]

/** Replaces strings that the schema refuses: by well-known ones, then by what the samples have in their place. */
const repair = (codec: Schema.Codec<unknown, unknown>, value: unknown, samples: ReadonlyArray<unknown>): unknown => {
  if (value === impossible) return impossible
  const decode = SchemaParser.decodeUnknownExit(codec, { onExcessProperty: "error" })
  const tried = new Map<string, number>()
  let current = value
  for (let attempt = 0; attempt < 200; attempt++) {
    const exit = decode(current)
    const reason = exit._tag === "Failure" ? exit.cause.reasons[0] : undefined
    const path = exit._tag === "Success"
      ? invalidDate(exit.value)
      : reason?._tag === "Fail"
      ? misfit(reason.error, current).path
      : undefined
    if (exit._tag === "Success" && path === undefined) return current
    if (path === undefined) return impossible
    const next = tried.get(JSON.stringify(path)) ?? 0
    tried.set(JSON.stringify(path), next + 1)
    const choices = [
      ...candidates,
      ...samples.map((sample) => path.reduce(inside, sample)).filter((part) => typeof part === "string")
    ]
    const replaced = next < choices.length ? replaceString(current, path, choices[next]!) : undefined
    if (replaced === undefined) return impossible
    current = replaced.value
  }
  return impossible
}

const inside = (value: unknown, key: PropertyKey): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined

/** A date's codec takes any text; the example should not. */
const invalidDate = (value: unknown): ReadonlyArray<PropertyKey> | undefined => {
  if (typeof value !== "object" || value === null) return undefined
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? [] : undefined
  for (const [key, inner] of Object.entries(value)) {
    const path = invalidDate(inner)
    if (path !== undefined) return [Array.isArray(value) ? Number(key) : key, ...path]
  }
}

const replaceString = (
  value: unknown,
  path: ReadonlyArray<PropertyKey>,
  text: string
): { readonly value: unknown } | undefined => {
  if (path.length === 0) return typeof value === "string" ? { value: text } : undefined
  const [head, ...rest] = path
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, head!)) return undefined
  const inner = replaceString((value as Record<PropertyKey, unknown>)[head!], rest, text)
  if (inner === undefined) return undefined
  const copy: Record<PropertyKey, unknown> = Array.isArray(value) ? [...value] as never : { ...value }
  copy[head!] = inner.value
  return { value: copy }
}
