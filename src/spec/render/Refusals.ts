/**
 * Values that do not fit: for the tests of what a schema refuses.
 *
 * @since 0.1.0
 */
import type * as SpecIr from "../SpecIr.ts"
import type { Doc } from "./Printer.ts"
import type { Scope } from "./Scope.ts"
import * as TypeScript from "./TypeScriptPrinter.ts"

/**
 * Parameters that do not fit, by what has to be changed in parameters that do.
 *
 * @category models
 * @since 0.1.0
 */
export interface Refusal {
  readonly what: string
  readonly field: string
  /** On the decoded side; `undefined`: the field is left out. */
  readonly value: Doc | undefined
}

/**
 * Lists what the schema of a command's parameters has to refuse, field by field.
 *
 * @category combinators
 * @since 0.1.0
 */
export const of = (command: SpecIr.Command, scope: Scope): ReadonlyArray<Refusal> =>
  command.params.fields.flatMap((field) => {
    const refusal = (what: string, value: Doc | undefined): Refusal => ({
      what: `${field.name} ${what}`,
      field: field.name,
      value
    })
    const wrong = ofType(field.type, scope)
    return [
      ...(field.optional ? [] : [refusal("is missing", undefined)]),
      ...(wrong === undefined ? [] : [refusal(wrong.what, wrong.value)]),
      ...ofConstraints(field.constraints, field.type, scope).map(({ value, what }) => refusal(what, value))
    ]
  })

interface Wrong {
  readonly what: string
  readonly value: Doc
}

const primitives: { readonly [name in SpecIr.Primitive]: Wrong } = {
  string: { what: "is no string", value: "42" },
  boolean: { what: "is no boolean", value: "\"true\"" },
  number: { what: "is not finite", value: "Infinity" },
  integer: { what: "is no integer", value: "0.5" },
  int32: { what: "needs more than 32 bits", value: "2_147_483_648" },
  uint32: { what: "is negative", value: "-1" },
  int64: { what: "is no bigint", value: "1" },
  uint64: { what: "is negative", value: "-1n" },
  bytes: { what: "is no Uint8Array", value: "\"AA==\"" },
  timestamp: { what: "is no time", value: "0" },
  json: { what: "is no JSON", value: "undefined" }
}

const ofType = (type: SpecIr.Type, scope: Scope): Wrong | undefined => {
  switch (type._tag) {
    case "Primitive":
      return primitives[type.name]
    case "Array":
      return { what: "is no array", value: "{}" }
    case "Record":
      return { what: "is no object", value: "42" }
    case "Nullable":
      return ofType(type.inner, scope)
    case "Ref": {
      const declaration = scope.declaration(type)
      switch (declaration?._tag) {
        case "Struct":
          // A schema without fields takes everything that is there at all.
          return declaration.fields.length === 0 ? undefined : { what: "is no object", value: "42" }
        case "Enum":
          return {
            what: "is none of its values",
            value: TypeScript.string(`not ${declaration.values.map(({ value }) => value).join(" or ")}`)
          }
        case "Union":
          return { what: "is none of its variants", value: "42" }
        case "Alias":
          return declaration.recursive ? undefined : ofType(declaration.type, scope)
        default:
          return undefined
      }
    }
  }
}

/** Longer texts would make the tests unreadable. */
const longest = 10_000

const ofConstraints = (constraints: SpecIr.Constraints, type: SpecIr.Type, scope: Scope): ReadonlyArray<Wrong> => {
  const found: Array<Wrong> = []
  const base = scope.base(type)
  const isString = base._tag === "Primitive" && base.name === "string"
  const { exclusiveMaximum, exclusiveMinimum, maximum, maxLength, minimum, minItems, minLength, pattern } = constraints
  const big = base._tag === "Primitive" && (base.name === "int64" || base.name === "uint64")
  const number = (value: number) => big ? `${BigInt(value)}n` : TypeScript.number(value)
  const off = (value: number, by: number) => big ? `${BigInt(value) + BigInt(by)}n` : TypeScript.number(value + by)
  const differs = (value: number, by: number) => big || value + by !== value
  if (minimum !== undefined && differs(minimum, -1)) {
    found.push({ what: `is less than ${minimum}`, value: off(minimum, -1) })
  }
  if (exclusiveMinimum !== undefined) {
    found.push({ what: `is not more than ${exclusiveMinimum}`, value: number(exclusiveMinimum) })
  }
  if (maximum !== undefined && differs(maximum, 1)) {
    found.push({ what: `is more than ${maximum}`, value: off(maximum, 1) })
  }
  if (exclusiveMaximum !== undefined) {
    found.push({ what: `is not less than ${exclusiveMaximum}`, value: number(exclusiveMaximum) })
  }
  if (isString) {
    if (minLength !== undefined && minLength > 0) {
      found.push({ what: `is shorter than ${minLength}`, value: repeated(minLength - 1) })
    }
    if (maxLength !== undefined && maxLength < longest) {
      found.push({ what: `is longer than ${maxLength}`, value: repeated(maxLength + 1) })
    }
    const other = pattern === undefined ? undefined : unmatched(pattern)
    if (other !== undefined) {
      found.push({ what: "does not match its pattern", value: TypeScript.string(other) })
    }
  }
  if (minItems !== undefined && minItems > 0) {
    found.push({
      what: `has fewer than ${minItems} ${minItems === 1 ? "item" : "items"}`,
      value: base._tag === "Record" ? "{}" : "[]"
    })
  }
  return found
}

const repeated = (length: number): string =>
  length < 20 ? TypeScript.string("x".repeat(length)) : `"x".repeat(${length})`

const candidates = ["", " ", "?", "0", "a", "A", "-", "\n", "€"]

const unmatched = (pattern: string): string | undefined => {
  const expression = new RegExp(pattern, "u")
  return candidates.find((candidate) => !expression.test(candidate))
}
