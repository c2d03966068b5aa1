/**
 * The format of a spec, version 1, and what it becomes.
 *
 * Version 1 has flat parameters and results with types as TypeScript writes them, and knows neither declarations nor Rust.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as CommandSpec from "./CommandSpec.ts"

/**
 * A parameter or a result of version 1.
 *
 * @category schemas
 * @since 0.1.0
 */
export const NamedFieldSpecV1 = Schema.Struct({
  name: CommandSpec.NamedFieldSpec.fields.name,
  type: Schema.String,
  optional: Schema.optionalKey(Schema.Boolean),
  default: Schema.optionalKey(Schema.Json),
  description: Schema.optionalKey(Schema.String)
})

/**
 * A spec, version 1.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CommandSpecV1 = Schema.Struct({
  $schema: Schema.optionalKey(Schema.String),
  version: Schema.optionalKey(Schema.Literal(1)),
  name: CommandSpec.CommandSpec.fields.name,
  description: CommandSpec.CommandSpec.fields.description,
  params: Schema.optionalKey(Schema.Array(NamedFieldSpecV1)),
  results: Schema.optionalKey(Schema.Array(NamedFieldSpecV1)),
  accessLevel: CommandSpec.CommandSpec.fields.accessLevel,
  environment: CommandSpec.CommandSpec.fields.environment,
  examples: Schema.optionalKey(Schema.Array(Schema.Struct({
    description: Schema.optionalKey(Schema.String),
    command: Schema.optionalKey(Schema.String),
    expectedResult: Schema.optionalKey(Schema.Json.annotate({ description: "Free text; dropped, since nobody ran it" }))
  })))
})

/**
 * A spec, version 1.
 *
 * @category models
 * @since 0.1.0
 */
export type CommandSpecV1 = typeof CommandSpecV1.Type

/**
 * Turns a spec of version 1 into one of version 2.
 *
 * **When to use**
 *
 * Use to bring old specs up to date. `SpecReader.parse` does it by itself, so that old specs keep compiling.
 *
 * **Details**
 *
 * A command goes to the adapter of its environment, by default `server-only`. The loose types of TypeScript that version 1
 * let through get the nearest type that can cross to other languages: `any`, `unknown` and `object` become `json`, `Date`
 * becomes `timestamp`, `Buffer` and `Uint8Array` become `bytes`, and a choice with `undefined` becomes an optional field.
 * `bigint` stays an error: whether 64 bits have a sign is for the author to say.
 *
 * @category migrations
 * @since 0.1.0
 */
export const migrate = (spec: CommandSpecV1): CommandSpec.CommandSpec => {
  const environment = spec.environment ?? "server"
  return {
    ...(spec.$schema === undefined ? {} : { $schema: spec.$schema }),
    version: 2,
    name: spec.name,
    description: spec.description,
    environment,
    adapter: adapters[environment],
    ...(spec.accessLevel === undefined ? {} : { accessLevel: spec.accessLevel }),
    ...(spec.params === undefined ? {} : { params: spec.params.map(field) }),
    ...(spec.results === undefined ? {} : { results: spec.results.map(field) }),
    ...(spec.examples === undefined ? {} : {
      examples: spec.examples.map(({ description, command }) => ({
        ...(description === undefined ? {} : { description }),
        ...(command === undefined ? {} : { command })
      }))
    })
  }
}

const adapters = { server: "server-only", browser: "browser-only", both: "full-stack" } as const

const field = (old: typeof NamedFieldSpecV1.Type): CommandSpec.NamedFieldSpec => {
  const loose = old.type.replace(/\s*\|\s*undefined\b|\bundefined\s*\|\s*/g, "")
  const type = loose.split(quoted).map((part, i) =>
    i % 2 === 1 ? part : part.replace(words, (word) => nearest.get(word)!)
  )
    .join("")
  return { ...old, type, ...(loose === old.type ? {} : { optional: true }) }
}

/** String literals are left alone. */
const quoted = /('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")/

const nearest = new Map([
  ["any", "json"],
  ["unknown", "json"],
  ["object", "json"],
  ["Date", "timestamp"],
  ["Buffer", "bytes"],
  ["Uint8Array", "bytes"],
  ["ReadonlyArray", "Array"]
])

const words = new RegExp(`\\b(?:${[...nearest.keys()].join("|")})\\b`, "g")
