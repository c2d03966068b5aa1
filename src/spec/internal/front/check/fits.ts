import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import { suggest } from "../../../../operation/internal/suggest.ts"
import * as SpecTypes from "../../../../operation/SpecTypes.ts"
import type * as SpecIr from "../../../SpecIr.ts"
import { matches } from "./pattern.ts"
import type { World } from "./world.ts"

/** Takes where in a value something does not fit, and why. @internal */
export type Misfit = (
  path: ReadonlyArray<string | number>,
  message: string,
  suggestions?: ReadonlyArray<string>
) => void

type Path = ReadonlyArray<string | number>

/**
 * Checks a JSON value against a type: what passes is what the generated schemas accept.
 *
 * @internal
 */
export const makeFits = (world: World) => {
  const check = (
    value: unknown,
    type: SpecIr.Type,
    constraints: SpecIr.Constraints,
    home: SpecIr.Command,
    path: Path,
    misfit: Misfit
  ): void => {
    switch (type._tag) {
      case "Primitive":
        return primitive(value, type.name, constraints, path, misfit)
      case "Nullable":
        return value === null ? undefined : check(value, type.inner, constraints, home, path, misfit)
      case "Array": {
        if (!Array.isArray(value)) return misfit(path, `expected an array, found ${describe(value)}`)
        size(value.length, constraints.minItems, constraints.maxItems, "items", path, misfit)
        return value.forEach((item, i) => check(item, type.item, {}, home, [...path, i], misfit))
      }
      case "Record": {
        if (!isObject(value)) return misfit(path, `expected an object, found ${describe(value)}`)
        for (const [key, item] of Object.entries(value)) check(item, type.value, {}, home, [...path, key], misfit)
        return
      }
      case "Ref": {
        const found = world.find(type, home)
        // What a type of existing code looks like only that code knows.
        return found === undefined
          ? undefined
          : declared(value, found.declaration, constraints, found.home, path, misfit)
      }
    }
  }

  const declared = (
    value: unknown,
    declaration: SpecIr.Declaration,
    constraints: SpecIr.Constraints,
    home: SpecIr.Command,
    path: Path,
    misfit: Misfit
  ): void => {
    switch (declaration._tag) {
      case "Alias":
        check(value, declaration.type, declaration.constraints, home, path, misfit)
        return Object.keys(constraints).length === 0
          ? undefined
          : check(value, declaration.type, constraints, home, path, misfit)
      case "Struct":
        return object(value, declaration.fields, home, path, misfit)
      case "Enum": {
        const values = declaration.values.map(({ value }) => value)
        if (typeof value === "string" && values.includes(value)) return
        return misfit(
          path,
          `expected ${values.slice(0, 8).map((value) => JSON.stringify(value)).join(" or ")}${
            values.length > 8 ? " …" : ""
          }, found ${describe(value)}`,
          typeof value === "string" ? suggest(value, values) : []
        )
      }
      case "Union": {
        const { discriminator, variants } = declaration
        if (!isObject(value)) return misfit(path, `expected an object, found ${describe(value)}`)
        const tag = Object.hasOwn(value, discriminator) ? value[discriminator] : undefined
        const variant = variants.find(({ name }) => name === tag)
        if (variant !== undefined) return object(value, variant.fields, home, path, misfit, discriminator)
        const names = variants.map(({ name }) => name)
        return misfit(
          tag === undefined ? path : [...path, discriminator],
          tag === undefined
            ? `${JSON.stringify(discriminator)} is missing, which tells the variants of ${declaration.name} apart`
            : `${declaration.name} has no variant ${describe(tag)}`,
          typeof tag === "string" ? suggest(tag, names) : []
        )
      }
    }
  }

  const object = (
    value: unknown,
    fields: ReadonlyArray<SpecIr.Field>,
    home: SpecIr.Command,
    path: Path,
    misfit: Misfit,
    discriminator?: string
  ): void => {
    if (!isObject(value)) return misfit(path, `expected an object, found ${describe(value)}`)
    for (const field of fields) {
      if (Object.hasOwn(value, field.name)) {
        check(value[field.name], field.type, field.constraints, home, [...path, field.name], misfit)
      } else if (!field.optional && field.default === undefined) {
        misfit(path, `${JSON.stringify(field.name)} is missing`)
      }
    }
    for (const key of Object.keys(value)) {
      if (key === discriminator || fields.some((field) => field.name === key)) continue
      misfit([...path, key], `there is no field ${describe(key)}`, suggest(key, fields.map((field) => field.name)))
    }
  }

  return { check, object }
}

// ---------------------------------------------------------------------------
// primitives
// ---------------------------------------------------------------------------

type Check = (value: unknown) => boolean

const decodes = (schema: Schema.Constraint): Check => {
  const decode = SchemaParser.decodeUnknownResult(Schema.toCodecJson(schema as Schema.Codec<unknown>))
  return (value) => Result.isSuccess(decode(value))
}

/** The schemas that generated code is made of, so that nothing passes here that they refuse. */
const primitives: { readonly [name in SpecIr.Primitive]: readonly [expected: string, fits: Check] } = {
  string: ["a string", decodes(SpecTypes.String)],
  boolean: ["true or false", decodes(SpecTypes.Boolean)],
  number: ["a number", decodes(SpecTypes.Number)],
  integer: ["an integer of at most 53 bits", decodes(SpecTypes.Integer)],
  int32: ["an integer of 32 bits", decodes(SpecTypes.Int32)],
  uint32: ["a natural number of 32 bits", decodes(SpecTypes.Uint32)],
  int64: ["an integer of 64 bits as a string of digits, such as \"42\"", decodes(SpecTypes.Int64)],
  uint64: ["a natural number of 64 bits as a string of digits, such as \"42\"", decodes(SpecTypes.Uint64)],
  bytes: ["base64 with padding, such as \"AAE=\"", decodes(SpecTypes.Bytes)],
  timestamp: ["a time such as \"2026-11-21T10:00:00.000Z\"", decodes(SpecTypes.Timestamp)],
  json: ["a JSON value that is not too deep", decodes(SpecTypes.Json)]
}

const primitive = (
  value: unknown,
  name: SpecIr.Primitive,
  constraints: SpecIr.Constraints,
  path: Path,
  misfit: Misfit
): void => {
  const [expected, fits] = primitives[name]
  if (!fits(value)) return misfit(path, `expected ${expected}, found ${describe(value)}`)
  if (typeof value === "number") bounds(value, value, constraints, path, misfit)
  if (typeof value !== "string") return
  if (name === "int64" || name === "uint64") return bounds(BigInt(value), value, constraints, path, misfit)
  if (name !== "string") return
  size(value.length, constraints.minLength, constraints.maxLength, "characters", path, misfit)
  if (constraints.pattern !== undefined && !matches(constraints.pattern, value)) {
    misfit(path, `${describe(value)} does not match ${constraints.pattern}`)
  }
}

const bounds = (
  value: number | bigint,
  shown: unknown,
  { minimum, maximum, exclusiveMinimum, exclusiveMaximum }: SpecIr.Constraints,
  path: Path,
  misfit: Misfit
): void => {
  if (minimum !== undefined && value < minimum) misfit(path, `${describe(shown)} is less than ${minimum}`)
  if (maximum !== undefined && value > maximum) misfit(path, `${describe(shown)} is more than ${maximum}`)
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) {
    misfit(path, `${describe(shown)} is not more than ${exclusiveMinimum}`)
  }
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) {
    misfit(path, `${describe(shown)} is not less than ${exclusiveMaximum}`)
  }
}

const size = (
  length: number,
  least: number | undefined,
  most: number | undefined,
  of: string,
  path: Path,
  misfit: Misfit
): void => {
  if (least !== undefined && length < least) misfit(path, `expected ${least} ${of} or more, found ${length}`)
  if (most !== undefined && length > most) misfit(path, `expected ${most} ${of} at most, found ${length}`)
}

const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Short, and never an object's contents. */
const describe = (value: unknown): string => {
  if (value === undefined) return "nothing"
  if (Array.isArray(value)) return "an array"
  if (isObject(value)) return "an object"
  const text = JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}
