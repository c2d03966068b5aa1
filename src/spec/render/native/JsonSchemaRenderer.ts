/**
 * JSON Schema of the encoded side of a command's types, in the dialect 2020-12.
 *
 * @since 0.1.0
 */
import type { GeneratorContext } from "../../GeneratorAdapter.ts"
import type * as SpecIr from "../../SpecIr.ts"
import * as Declarations from "../Declarations.ts"

type JsonObject = { [key: string]: SpecIr.Json }

/**
 * How a definition is referred to: `#/$defs/` in a schema, `#/components/schemas/` in an OpenAPI document.
 *
 * @category models
 * @since 0.1.0
 */
export interface Place {
  readonly prefix: string
  /** The name of a declaration of a command. */
  readonly nameOf: (name: string, home: SpecIr.Command | undefined) => string
}

/**
 * Names what has no JSON Schema.
 *
 * @category combinators
 * @since 0.1.0
 */
export const check = (command: SpecIr.Command): ReadonlyArray<string> =>
  Declarations.unknown(command).map((name) =>
    `does not know what the type ${name} consists of; declare it in the spec, or use the type json`
  )

/**
 * The schema document of a command.
 *
 * @category rendering
 * @since 0.1.0
 */
export const render = (command: SpecIr.Command, context: GeneratorContext): JsonObject => {
  const all = Declarations.of(command, context)
  const place: Place = { prefix: "#/$defs/", nameOf: all.nameOf }
  const failure = `${command.params.name.replace(/Params$/u, "")}Error`
  const definitions: JsonObject = {}
  for (const { declaration, home, name } of all.entries) definitions[name] = ofDeclaration(declaration, home, place)
  for (const item of command.failures) definitions[item.name] = ofFailure(item, command, place)
  if (command.failures.length > 0) {
    definitions[failure] = { oneOf: command.failures.map((item) => ({ $ref: `#/$defs/${item.name}` })) }
  }
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: command.key,
    description: command.description,
    type: "object",
    properties: {
      params: { $ref: `#/$defs/${command.params.name}` },
      result: { $ref: `#/$defs/${command.result.name}` },
      ...command.failures.length === 0 ? {} : { error: { $ref: `#/$defs/${failure}` } }
    },
    $defs: definitions
  }
}

/**
 * The schema of a failure, with its `_tag`.
 *
 * @category rendering
 * @since 0.1.0
 */
export const ofFailure = (failure: SpecIr.Failure, home: SpecIr.Command, place: Place): JsonObject =>
  object(failure.fields, home, place, failure.description, ["_tag", failure.name])

/**
 * The schema of a declaration.
 *
 * @category rendering
 * @since 0.1.0
 */
export const ofDeclaration = (
  declaration: SpecIr.Declaration,
  home: SpecIr.Command | undefined,
  place: Place
): JsonObject => {
  const described = description(declaration.description)
  switch (declaration._tag) {
    case "Struct":
      return object(declaration.fields, home, place, declaration.description)
    case "Enum":
      return declaration.values.some((value) => value.description !== undefined)
        ? {
          ...described,
          oneOf: declaration.values.map((item) => ({ const: item.value, ...description(item.description) }))
        }
        : { ...described, type: "string", enum: declaration.values.map(({ value }) => value) }
    case "Union":
      return {
        ...described,
        oneOf: declaration.variants.map((variant) =>
          object(variant.fields, home, place, variant.description, [declaration.discriminator, variant.name])
        )
      }
    case "Alias":
      return { ...described, ...constrained(ofType(declaration.type, home, place), declaration.constraints) }
  }
}

const description = (text: string | undefined): JsonObject => text === undefined ? {} : { description: text }

const object = (
  fields: ReadonlyArray<SpecIr.Field>,
  home: SpecIr.Command | undefined,
  place: Place,
  text: string | undefined,
  tag?: readonly [key: string, value: string]
): JsonObject => {
  const properties = new Map<string, SpecIr.Json>(tag === undefined ? [] : [[tag[0], { const: tag[1] }]])
  for (const field of fields) {
    properties.set(field.name, {
      ...constrained(ofType(field.type, home, place), field.constraints),
      ...description(field.description),
      ...field.default === undefined ? {} : { default: field.default },
      ...field.sensitive ? { "x-sensitive": true } : {}
    })
  }
  const required = [
    ...tag === undefined ? [] : [tag[0]],
    ...fields.filter((field) => !field.optional && field.default === undefined).map((field) => field.name)
  ]
  return {
    ...description(text),
    type: "object",
    properties: Object.fromEntries(properties),
    ...required.length === 0 ? {} : { required }
  }
}

/** The least and the greatest integers that a double holds exactly. */
const safe = { minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER }

const primitives: { readonly [Name in SpecIr.Primitive]: JsonObject } = {
  string: { type: "string" },
  boolean: { type: "boolean" },
  number: { type: "number" },
  integer: { type: "integer", ...safe },
  int32: { type: "integer", format: "int32", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 },
  uint32: { type: "integer", minimum: 0, maximum: 2 ** 32 - 1 },
  int64: { type: "string", format: "int64", pattern: "^(?:0|-?[1-9][0-9]{0,18})$" },
  uint64: { type: "string", format: "uint64", pattern: "^(?:0|[1-9][0-9]{0,19})$" },
  bytes: { type: "string", contentEncoding: "base64" },
  timestamp: {
    type: "string",
    format: "date-time",
    pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$"
  },
  json: {}
}

/**
 * The schema of a type.
 *
 * @category rendering
 * @since 0.1.0
 */
export const ofType = (type: SpecIr.Type, home: SpecIr.Command | undefined, place: Place): JsonObject => {
  switch (type._tag) {
    case "Primitive":
      return { ...primitives[type.name] }
    case "Array":
      return { type: "array", items: ofType(type.item, home, place) }
    case "Record":
      return { type: "object", additionalProperties: ofType(type.value, home, place) }
    case "Nullable":
      return { anyOf: [ofType(type.inner, home, place), { type: "null" }] }
    case "Ref":
      return { $ref: `${place.prefix}${place.nameOf(Declarations.key(type), home)}` }
  }
}

/** Keywords are ignored where they are about another type, so they can stand beside a reference. */
const constrained = (schema: JsonObject, constraints: SpecIr.Constraints): JsonObject => {
  const own: JsonObject = {}
  for (const [name, value] of Object.entries(constraints) as ReadonlyArray<[string, number | string]>) {
    own[name] = value
  }
  // The digits of 64-bit integers are a string, of which no keyword knows the size.
  const digits = schema["format"] === "int64" || schema["format"] === "uint64"
  const keywords = digits ? { "x-range": own } : own
  if (Object.keys(own).length === 0) return schema
  return Object.keys(keywords).some((name) => Object.hasOwn(schema, name))
    ? { allOf: [schema, keywords] }
    : { ...schema, ...keywords }
}
