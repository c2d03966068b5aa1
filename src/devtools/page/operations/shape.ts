/**
 * What a form asks for, made of a JSON Schema.
 *
 * Every part of a schema becomes a control. A part that says something for which there is none is asked for as JSON text:
 * then nothing of it is lost, and the server has the last word anyway.
 */

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [name: string]: Json }

/** A JSON Schema, or a part of one. */
export type Schema = { readonly [keyword: string]: unknown }

interface Common {
  readonly title: string | undefined
  readonly description: string | undefined
  readonly initial: Json | undefined
  readonly example: Json | undefined
}

export interface TextShape extends Common {
  readonly kind: "text"
  readonly minLength: number | undefined
  readonly maxLength: number | undefined
  readonly pattern: string | undefined
  readonly format: string | undefined
  readonly sensitive: boolean
}

export interface NumberShape extends Common {
  readonly kind: "number"
  readonly integer: boolean
  readonly minimum: number | undefined
  readonly maximum: number | undefined
  readonly above: number | undefined
  readonly below: number | undefined
  readonly multipleOf: number | undefined
  /** What is no number in JSON: `Infinity` and the like, as words. */
  readonly words: ReadonlyArray<string>
}

export interface BooleanShape extends Common {
  readonly kind: "boolean"
}

/** There is one value, so nothing is asked. */
export interface ConstantShape extends Common {
  readonly kind: "constant"
  readonly value: Json
}

export interface ChoiceShape extends Common {
  readonly kind: "choice"
  readonly options: ReadonlyArray<{ readonly value: Json; readonly label: string }>
}

export interface NullableShape extends Common {
  readonly kind: "nullable"
  readonly inner: Shape
}

export interface VariantsShape extends Common {
  readonly kind: "variants"
  readonly variants: ReadonlyArray<{ readonly label: string; readonly shape: Lazy }>
}

export interface ObjectShape extends Common {
  readonly kind: "object"
  readonly fields: ReadonlyArray<{ readonly name: string; readonly required: boolean; readonly shape: Lazy }>
  /** Of properties with other names; `undefined`: there are none. */
  readonly rest: Lazy | undefined
  /** What their names must look like. */
  readonly names: string | undefined
  readonly minProperties: number | undefined
  readonly maxProperties: number | undefined
}

export interface ListShape extends Common {
  readonly kind: "list"
  /** The first items, each with a shape of its own. */
  readonly first: ReadonlyArray<Lazy>
  /** Of the items after them; `undefined`: there are none. */
  readonly item: Lazy | undefined
  readonly min: number
  readonly max: number | undefined
  readonly unique: boolean
}

export interface JsonShape extends Common {
  readonly kind: "json"
  /** It says something for which there is no control. */
  readonly because: string | undefined
}

export type Shape =
  | TextShape
  | NumberShape
  | BooleanShape
  | ConstantShape
  | ChoiceShape
  | NullableShape
  | VariantsShape
  | ObjectShape
  | ListShape
  | JsonShape

/** A schema may contain itself: a part is looked at when it is needed. */
export type Lazy = () => Shape

const isSchema = (u: unknown): u is Schema => typeof u === "object" && u !== null && !Array.isArray(u)

const text = (u: unknown): string | undefined => typeof u === "string" ? u : undefined

const number = (u: unknown): number | undefined => typeof u === "number" && Number.isFinite(u) ? u : undefined

const list = (u: unknown): ReadonlyArray<unknown> => Array.isArray(u) ? u : []

/** Keywords that say nothing about which values fit. */
const remarks = new Set([
  "$schema",
  "$id",
  "$comment",
  "$defs",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
  "x-sensitive"
])

const known: { readonly [type: string]: ReadonlySet<string> } = {
  string: new Set(["type", "minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"]),
  number: new Set(["type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
  integer: new Set(["type", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
  boolean: new Set(["type"]),
  null: new Set(["type"]),
  object: new Set([
    "type",
    "properties",
    "required",
    "additionalProperties",
    "patternProperties",
    "propertyNames",
    "minProperties",
    "maxProperties"
  ]),
  array: new Set(["type", "items", "prefixItems", "minItems", "maxItems", "uniqueItems"])
}

/** How many references in a row are followed. */
const referenceLimit = 50

/** The form of a schema. `document`: what its references lead into; default: itself. */
export const shapeOf = (schema: unknown, document: Schema = isSchema(schema) ? schema : {}): Shape =>
  new Reader(document).read(schema)

class Reader {
  private readonly document: Schema
  private readonly made = new WeakMap<object, Shape>()

  constructor(document: Schema) {
    this.document = document
  }

  readonly read = (part: unknown): Shape => {
    if (!isSchema(part)) return json(commonOf({}), part === false ? "it fits nothing" : undefined)
    const made = this.made.get(part)
    if (made !== undefined) return made
    const shape = this.make(part)
    this.made.set(part, shape)
    return shape
  }

  private lazy(part: unknown): Lazy {
    return () => this.read(part)
  }

  /** What a reference stands for, with what is said beside it. */
  private resolve(schema: Schema): Schema | string {
    let at = schema
    for (let i = 0; i < referenceLimit; i++) {
      const reference = at["$ref"]
      if (reference === undefined) return at
      const name = /^#\/\$defs\/(.+)$/.exec(String(reference))?.[1]
      const definitions = this.document["$defs"]
      const key = name === undefined ? undefined : unescape(name)
      if (key === undefined || !isSchema(definitions) || !Object.hasOwn(definitions, key)) {
        return "it refers to what is not there"
      }
      const { $ref: _, ...beside } = at
      const target = definitions[key]
      if (!isSchema(target)) return "it refers to what is no schema"
      if (Object.keys(beside).every((keyword) => remarks.has(keyword))) {
        at = Object.keys(beside).length === 0 ? target : { ...target, ...beside }
        continue
      }
      const merged = merge([target, beside])
      if (typeof merged === "string") return merged
      at = merged
    }
    return "its references have no end"
  }

  private make(written: Schema): Shape {
    const resolved = this.resolve(written)
    const common = commonOf(typeof resolved === "string" ? written : resolved)
    if (typeof resolved === "string") return json(common, resolved)
    const schema = this.flatten(resolved)
    if (typeof schema === "string") return json(common, schema)

    const words = Object.keys(schema).filter((keyword) => !remarks.has(keyword))
    if (words.length === 0) return json(common)
    if (words.length === 1 && words[0] === "not") {
      const { not } = schema
      const notNull = isSchema(not) && not["type"] === "null" && Object.keys(not).length === 1
      return notNull ? json({ ...common, initial: common.initial ?? {} }) : json(common, "it excludes values")
    }
    if ("const" in schema) return { kind: "constant", ...common, value: schema["const"] as Json }
    if ("enum" in schema) return this.choice(schema, common)
    if ("anyOf" in schema || "oneOf" in schema) return this.variants(schema, common, words)
    if (Array.isArray(schema["type"])) {
      const { type, ...rest } = schema
      const only = (one: unknown) => {
        const allowed = known[String(one)]
        return { type: one, ...Object.fromEntries(Object.entries(rest).filter(([word]) => allowed?.has(word))) }
      }
      const usable = words.every((word) => list(type).some((one) => known[String(one)]?.has(word)))
      return usable ? this.variants({ anyOf: list(type).map(only) }, common, ["anyOf"]) : json(common, "it is unusual")
    }
    const type = String(schema["type"])
    const allowed = Object.hasOwn(known, type) ? known[type]! : undefined
    if (allowed === undefined) {
      return json(common, schema["type"] === undefined ? `it uses ${words[0]}` : `of type ${type}`)
    }
    const strange = words.find((word) => !allowed.has(word))
    if (strange !== undefined) return json(common, `it uses ${strange}`)
    return this.ofType(type, schema, common)
  }

  private ofType(type: string, schema: Schema, common: Common): Shape {
    switch (type) {
      case "string":
        return {
          kind: "text",
          ...common,
          minLength: number(schema["minLength"]),
          maxLength: number(schema["maxLength"]),
          pattern: text(schema["pattern"]),
          format: text(schema["contentEncoding"]) ?? text(schema["format"]),
          sensitive: schema["x-sensitive"] === true
        }
      case "number":
      case "integer":
        return {
          kind: "number",
          ...common,
          integer: type === "integer",
          minimum: number(schema["minimum"]),
          maximum: number(schema["maximum"]),
          above: number(schema["exclusiveMinimum"]),
          below: number(schema["exclusiveMaximum"]),
          multipleOf: number(schema["multipleOf"]),
          words: []
        }
      case "boolean":
        return { kind: "boolean", ...common }
      case "null":
        return { kind: "constant", ...common, value: null }
      case "object":
        return this.object(schema, common)
      default:
        return this.array(schema, common)
    }
  }

  private object(schema: Schema, common: Common): Shape {
    const { additionalProperties, patternProperties, properties, propertyNames } = schema
    const required = new Set(list(schema["required"]))
    const fields = Object.entries(isSchema(properties) ? properties : {})
    const names = new Set(fields.map(([name]) => name))
    // A required property of which nothing else is said can have any value.
    const bare = Array.from(required).filter((name): name is string => typeof name === "string" && !names.has(name))
    const patterns = Object.entries(isSchema(patternProperties) ? patternProperties : {})
    const closed = additionalProperties === false
    if (patterns.length > 1 || (patterns.length === 1 && (!closed || fields.length > 0))) {
      return json(common, "the names of its properties decide about their values")
    }
    if (propertyNames !== undefined && (!isSchema(propertyNames) || !isPlainName(propertyNames))) {
      return json(common, "it has rules for the names of its properties")
    }
    const [pattern] = patterns
    const rest = pattern !== undefined ? pattern[1] : closed ? undefined : additionalProperties ?? true
    return {
      kind: "object",
      ...common,
      fields: [
        ...fields.map(([name, part]) => ({ name, required: required.has(name), shape: this.lazy(part) })),
        ...bare.map((name) => ({ name, required: true, shape: this.lazy({}) }))
      ],
      rest: rest === undefined ? undefined : this.lazy(rest),
      names: pattern?.[0] ?? (isSchema(propertyNames) ? text(propertyNames["pattern"]) : undefined),
      minProperties: number(schema["minProperties"]),
      maxProperties: number(schema["maxProperties"])
    }
  }

  private array(schema: Schema, common: Common): Shape {
    const first = list(schema["prefixItems"])
    const { items } = schema
    const max = number(schema["maxItems"])
    const open = items !== false && (max === undefined || max > first.length)
    return {
      kind: "list",
      ...common,
      first: first.slice(0, max ?? first.length).map((part) => this.lazy(part)),
      item: open ? this.lazy(items ?? {}) : undefined,
      min: number(schema["minItems"]) ?? 0,
      max: open ? max : Math.min(first.length, max ?? first.length),
      unique: schema["uniqueItems"] === true
    }
  }

  private choice(schema: Schema, common: Common): Shape {
    const values = list(schema["enum"]) as ReadonlyArray<Json>
    if (values.length === 0) return json(common, "it fits nothing")
    if (values.length === 1) return { kind: "constant", ...common, value: values[0]! }
    return { kind: "choice", ...common, options: values.map((value) => ({ value, label: labelOf(value) })) }
  }

  private variants(schema: Schema, common: Common, words: ReadonlyArray<string>): Shape {
    const strange = words.find((word) => word !== "anyOf" && word !== "oneOf" && word !== "type")
    if (strange !== undefined || words.includes("type")) {
      return json(common, `it uses ${strange ?? "type"} beside variants`)
    }
    const parts = list(schema["anyOf"] ?? schema["oneOf"])
    const inner = parts.filter((part) => !this.isNull(part))
    if (inner.length === 0) {
      return parts.length === 0
        ? json(common, "it fits nothing")
        : this.ofType("null", {}, common)
    }
    if (inner.length < parts.length) {
      const rest = inner.length === 1 ? this.read(inner[0]) : this.read({ anyOf: inner })
      return { kind: "nullable", ...common, inner: rest }
    }
    if (parts.length === 1) return { ...this.read(parts[0]), ...defined(common) }
    const numeric = this.numeric(parts)
    if (numeric !== undefined) return { ...numeric, ...defined(common) }
    const values = parts.map((part) => this.constants(part))
    if (values.every((it) => it !== undefined)) return { kind: "choice", ...common, options: values.flat() }
    return {
      kind: "variants",
      ...common,
      variants: parts.map((part, i) => ({ label: this.nameOf(part, i), shape: this.lazy(part) }))
    }
  }

  /** A number, or one of the words for what is no number in JSON. */
  private numeric(parts: ReadonlyArray<unknown>): NumberShape | undefined {
    const [first, second] = parts
    if (parts.length !== 2 || !isSchema(first) || !isSchema(second)) return undefined
    const words = list(second["enum"])
    if (second["type"] !== "string" || !words.includes("Infinity") || first["type"] !== "number") return undefined
    const shape = this.read(first)
    return shape.kind === "number" ? { ...shape, words: words.filter((word) => typeof word === "string") } : undefined
  }

  private isNull(part: unknown): boolean {
    if (!isSchema(part)) return false
    const resolved = this.resolve(part)
    if (typeof resolved === "string") return false
    const { const: constant, enum: values, type } = resolved
    return type === "null" || ("const" in resolved && constant === null) ||
      (Array.isArray(values) && values.length === 1 && values[0] === null)
  }

  private constants(part: unknown) {
    if (!isSchema(part)) return undefined
    const keywords = Object.keys(part).filter((word) => !remarks.has(word))
    if (!keywords.every((word) => word === "enum" || word === "const" || word === "type")) return undefined
    const values = "const" in part ? [part["const"]] : Array.isArray(part["enum"]) ? part["enum"] : undefined
    const title = text(part["title"])
    return values?.map((value: Json) => ({
      value,
      label: title !== undefined && values.length === 1 ? title : labelOf(value)
    }))
  }

  private nameOf(part: unknown, index: number): string {
    if (!isSchema(part)) return `Variant ${index + 1}`
    const reference = /^#\/\$defs\/(.+)$/.exec(String(part["$ref"]))?.[1]
    const resolved = this.resolve(part)
    const schema = typeof resolved === "string" ? part : resolved
    const title = text(part["title"]) ?? text(schema["title"])
    if (title !== undefined) return title
    const { properties } = schema
    if (isSchema(properties)) {
      // What tells the members of a union apart.
      for (const name of ["_tag", "tag", "type", "kind", ...Object.keys(properties)]) {
        const values = Object.hasOwn(properties, name) ? this.constants(properties[name]) : undefined
        if (values?.length === 1) return labelOf(values[0]!.value)
      }
    }
    if (reference !== undefined) return unescape(reference)
    if (isSchema(properties) && Object.keys(properties).length > 0) {
      return `{ ${Object.keys(properties).slice(0, 3).join(", ")} }`
    }
    const values = this.constants(schema)
    if (values !== undefined) return values.map(({ label }) => label).join(" | ")
    return typeof schema["type"] === "string" ? schema["type"] : `Variant ${index + 1}`
  }

  /** Without `allOf`, as far as its members say different things. */
  private flatten(schema: Schema): Schema | string {
    if (!("allOf" in schema)) return schema
    const { allOf, ...rest } = schema
    const members: Array<Schema> = [rest]
    for (const member of list(allOf)) {
      if (!isSchema(member)) return "it combines what cannot be combined"
      const resolved = this.resolve(member)
      const flat = typeof resolved === "string" ? resolved : this.flatten(resolved)
      if (typeof flat === "string") return flat
      members.push(flat)
    }
    return merge(members)
  }
}

/** One schema that says what all of them say, when none contradicts another. */
const merge = (schemas: ReadonlyArray<Schema>): Schema | string => {
  const merged: Record<string, unknown> = {}
  for (const schema of schemas) {
    for (const [keyword, value] of Object.entries(schema)) {
      const before = merged[keyword]
      if (before === undefined || remarks.has(keyword)) merged[keyword] = value
      else if (JSON.stringify(before) !== JSON.stringify(value)) return `it says several things about ${keyword}`
    }
  }
  return merged
}

/** Names that are any text, or fit a pattern. */
const isPlainName = (schema: Schema): boolean =>
  Object.keys(schema).every((word) => remarks.has(word) || word === "type" || word === "pattern") &&
  (schema["type"] === undefined || schema["type"] === "string")

const unescape = (pointer: string): string => {
  try {
    return decodeURIComponent(pointer).replaceAll("~1", "/").replaceAll("~0", "~")
  } catch {
    return pointer
  }
}

const commonOf = (schema: Schema): Common => ({
  title: text(schema["title"]),
  description: text(schema["description"]),
  initial: schema["default"] as Json | undefined,
  example: list(schema["examples"])[0] as Json | undefined
})

/** What is said beside a union is about all of it. */
const defined = (common: Common): Partial<Common> =>
  Object.fromEntries(Object.entries(common).filter(([, value]) => value !== undefined))

const json = (common: Common, because?: string): JsonShape => ({ kind: "json", ...common, because })

const labelOf = (value: Json): string => typeof value === "string" ? value : JSON.stringify(value)
