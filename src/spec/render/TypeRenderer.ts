/**
 * The types of a spec as Effect schemas and TypeScript types.
 *
 * **Details**
 *
 * What is written can be read back: one form for each thing that a spec can say.
 *
 * - struct `Schema.Struct({…})`, without fields `SpecTypes.Empty`; enum `Schema.Literals([…])`; union `Schema.Union([Schema.Struct({ _tag: Schema.tag("A") })])`;
 *   array `Schema.Array(…)`; record `Schema.Record(Schema.String, …).check(Schema.isPropertyNames(SpecTypes.String))`;
 *   nullable `Schema.NullOr(…)`; primitives `SpecTypes.…`
 * - a field: `type.check(…)`, then `Operation.sensitive(…)`, then `.annotateKey({ description })`, then
 *   `Schema.optionalKey(…)` or `.pipe(Schema.withDecodingDefaultKey(Effect.succeed(…)))`
 * - a declaration ends in `.annotate({ identifier, description })`
 *
 * @since 0.1.0
 */
import type * as SpecIr from "../SpecIr.ts"
import type { Imports } from "./ImportRenderer.ts"
import type { Doc } from "./Printer.ts"
import * as Printer from "./Printer.ts"
import type { Scope } from "./Scope.ts"
import * as TypeScript from "./TypeScriptPrinter.ts"

const primitives: { readonly [name in SpecIr.Primitive]: string } = {
  string: "String",
  boolean: "Boolean",
  number: "Number",
  integer: "Integer",
  int32: "Int32",
  uint32: "Uint32",
  int64: "Int64",
  uint64: "Uint64",
  bytes: "Bytes",
  timestamp: "Timestamp",
  json: "Json"
}

const method = (self: Doc, name: string, args: ReadonlyArray<Doc>, layout: "hug" | "wrap" = "wrap"): Doc =>
  TypeScript.call(Printer.concat(self, ".", name), args, layout)

/** A call of a function of `Schema`. */
const schema = (imports: Imports, name: string, args: ReadonlyArray<Doc>, layout: "hug" | "wrap" = "wrap"): Doc =>
  TypeScript.call(`${imports.effect("Schema")}.${name}`, args, layout)

/**
 * Writes the schema of a type where it is used.
 *
 * **Details**
 *
 * `within` is the declaration being written, for types that contain themselves: what is declared only afterwards, or is
 * this declaration, is referred to lazily.
 *
 * @category combinators
 * @since 0.1.0
 */
export const type = (self: SpecIr.Type, scope: Scope, within?: SpecIr.Declaration): Doc => {
  const { imports } = scope
  switch (self._tag) {
    case "Primitive":
      return `${imports.runtime("operation/SpecTypes")}.${primitives[self.name]}`
    case "Array":
      return schema(imports, "Array", [type(self.item, scope, within)])
    case "Nullable":
      return schema(imports, "NullOr", [type(self.inner, scope, within)])
    case "Record":
      return method(
        schema(imports, "Record", [`${imports.effect("Schema")}.String`, type(self.value, scope, within)]),
        "check",
        [schema(imports, "isPropertyNames", [`${imports.runtime("operation/SpecTypes")}.String`])]
      )
    case "Ref": {
      const declaration = scope.declaration(self)
      if (declaration?._tag === "Enum" && declaration.inline) {
        return literals(declaration, scope)
      }
      const name = scope.reference(self)
      return scope.isForward(self, within)
        ? schema(imports, "suspend", [`(): ${codec(self.name, declaration, scope)} => ${name}`])
        : name
    }
  }
}

/** A described value is a line of its own. */
const literals = (self: SpecIr.Enum, scope: Scope): Doc => {
  const described = self.values.some((value) => value.description !== undefined)
  const items = self.values.map(({ description, value }) =>
    description === undefined
      ? TypeScript.string(value)
      : Printer.concat(TypeScript.comment(description), Printer.hardline, TypeScript.string(value))
  )
  return schema(scope.imports, "Literals", [TypeScript.array(items, described ? "broken" : "fit")], "hug")
}

/** The checks of one field, in the order in which a spec's constraints are listed. */
const checks = (constraints: SpecIr.Constraints, self: SpecIr.Type, scope: Scope): ReadonlyArray<Doc> => {
  const { imports } = scope
  const base = scope.base(self)
  const big = base._tag === "Primitive" && (base.name === "int64" || base.name === "uint64")
  const record = base._tag === "Record"
  const found: Array<Doc> = []
  const add = (name: string, value: Doc | undefined) => {
    if (value !== undefined) {
      found.push(schema(imports, name, [value]))
    }
  }
  const bound = (value: number | undefined) =>
    value === undefined ? undefined : big ? `${BigInt(value)}n` : TypeScript.number(value)
  const length = (value: number | undefined) => value === undefined ? undefined : TypeScript.number(value)
  const suffix = big ? "BigInt" : ""
  add(`isGreaterThanOrEqualTo${suffix}`, bound(constraints.minimum))
  add(`isLessThanOrEqualTo${suffix}`, bound(constraints.maximum))
  add(`isGreaterThan${suffix}`, bound(constraints.exclusiveMinimum))
  add(`isLessThan${suffix}`, bound(constraints.exclusiveMaximum))
  add("isMinLength", length(constraints.minLength))
  add("isMaxLength", length(constraints.maxLength))
  add("isPattern", constraints.pattern === undefined ? undefined : TypeScript.pattern(constraints.pattern))
  add(record ? "isMinProperties" : "isMinLength", length(constraints.minItems))
  add(record ? "isMaxProperties" : "isMaxLength", length(constraints.maxItems))
  return found
}

/** Constraints of a nullable type are those of what it holds when it is not null. */
const constrained = (
  self: SpecIr.Type,
  constraints: SpecIr.Constraints,
  scope: Scope,
  within?: SpecIr.Declaration
): Doc => {
  const found = checks(constraints, self, scope)
  if (found.length === 0) {
    return type(self, scope, within)
  }
  return self._tag === "Nullable"
    ? schema(scope.imports, "NullOr", [constrained(self.inner, constraints, scope, within)])
    : method(type(self, scope, within), "check", found)
}

/**
 * Writes the schema of a field.
 *
 * @category combinators
 * @since 0.1.0
 */
export const field = (self: SpecIr.Field, scope: Scope, within?: SpecIr.Declaration): Doc => {
  let doc = constrained(self.type, self.constraints, scope, within)
  if (self.sensitive) {
    doc = TypeScript.call(`${scope.imports.runtime("operation/Operation")}.sensitive`, [doc])
  }
  if (self.description !== undefined) {
    doc = method(doc, "annotateKey", [
      TypeScript.object([{ name: "description", value: TypeScript.string(self.description) }])
    ], "hug")
  }
  if (self.default !== undefined) {
    const value = TypeScript.call(`${scope.imports.effect("Effect")}.succeed`, [TypeScript.json(self.default)])
    return method(doc, "pipe", [schema(scope.imports, "withDecodingDefaultKey", [value])])
  }
  return self.optional ? schema(scope.imports, "optionalKey", [doc]) : doc
}

/**
 * Writes the fields of a struct as an object of schemas.
 *
 * @category combinators
 * @since 0.1.0
 */
export const fields = (
  self: ReadonlyArray<SpecIr.Field>,
  scope: Scope,
  within?: SpecIr.Declaration,
  discriminator?: TypeScript.Member
): Doc => {
  const members = self.map((item) => ({
    name: item.name,
    value: field(item, scope, within),
    description: item.description
  }))
  return TypeScript.object(discriminator === undefined ? members : [discriminator, ...members], "broken")
}

/**
 * Writes a struct without a name for itself.
 *
 * @category combinators
 * @since 0.1.0
 */
export const struct = (
  self: ReadonlyArray<SpecIr.Field>,
  scope: Scope,
  within?: SpecIr.Declaration,
  discriminator?: TypeScript.Member
): Doc =>
  self.length === 0 && discriminator === undefined
    ? `${scope.imports.runtime("operation/SpecTypes")}.Empty`
    : schema(scope.imports, "Struct", [fields(self, scope, within, discriminator)], "hug")

const described = (description: string | undefined): ReadonlyArray<TypeScript.Member> =>
  description === undefined ? [] : [{ name: "description", value: TypeScript.string(description) }]

const variant = (self: SpecIr.Union["variants"][number], union: SpecIr.Union, scope: Scope): Doc => {
  const tag = { name: union.discriminator, value: schema(scope.imports, "tag", [TypeScript.string(self.name)]) }
  const doc = struct(self.fields, scope, union, tag)
  return self.description === undefined
    ? doc
    : method(doc, "annotate", [TypeScript.object(described(self.description))], "hug")
}

const body = (self: SpecIr.Declaration, scope: Scope): Doc => {
  switch (self._tag) {
    case "Struct":
      return struct(self.fields, scope, self)
    case "Enum":
      return literals(self, scope)
    case "Union":
      return schema(
        scope.imports,
        "Union",
        [TypeScript.array(self.variants.map((item) => variant(item, self, scope)), "broken")],
        "hug"
      )
    case "Alias":
      return constrained(self.type, self.constraints, scope, self)
  }
}

/**
 * Writes a declaration: its documentation, its schema and its type, and for one that contains itself the type of its
 * encoded side where that is another one.
 *
 * @category combinators
 * @since 0.1.0
 */
export const declaration = (self: SpecIr.Declaration, scope: Scope): Doc => {
  const recursive = self._tag !== "Enum" && self.recursive
  const parts: Array<Doc> = []
  if (recursive) {
    parts.push(...documented(self.description), typeDeclaration(self, "Type", scope), Printer.hardline)
    if (scope.isTransformed(self)) {
      parts.push(typeDeclaration(self, "Encoded", scope), Printer.hardline)
    }
  }
  parts.push(
    ...documented(self.description),
    `export const ${self.name}${recursive ? `: ${codec(self.name, self, scope)}` : ""} = `,
    method(body(self, scope), "annotate", [
      TypeScript.object([
        { name: "identifier", value: TypeScript.string(self.name) },
        ...described(self.description)
      ])
    ], "hug"),
    Printer.hardline
  )
  if (!recursive) {
    parts.push(typeOf(self.name, self._tag === "Struct", scope), Printer.hardline)
  }
  return Printer.concat(...parts)
}

const documented = (description: string | undefined): ReadonlyArray<Doc> =>
  description === undefined ? [] : [TypeScript.comment(description), Printer.hardline]

/**
 * Writes the type that goes with a schema of the same name: an interface for objects, which reads better in messages.
 *
 * @category combinators
 * @since 0.1.0
 */
export const typeOf = (name: string, isObject: boolean, scope: Scope): Doc =>
  isObject
    ? Printer.group(
      `export interface ${name}`,
      Printer.indent(Printer.line, `extends ${scope.imports.effect("Schema", "type")}.Schema.Type<typeof ${name}>`),
      Printer.line,
      "{}"
    )
    : `export type ${name} = typeof ${name}.Type`

/** The type of a lazily referred schema, which TypeScript cannot infer. */
const codec = (name: string, self: SpecIr.Declaration | undefined, scope: Scope): string =>
  `${scope.imports.effect("Schema", "type")}.Codec<${name}${
    self !== undefined && scope.isTransformed(self) ? `, ${name}Encoded` : ""
  }>`

// ---------------------------------------------------------------------------
// types, for what contains itself
// ---------------------------------------------------------------------------

type Side = "Type" | "Encoded"

const typeDeclaration = (self: SpecIr.Declaration, side: Side, scope: Scope): Doc => {
  const name = side === "Type" ? self.name : `${self.name}Encoded`
  switch (self._tag) {
    case "Struct":
      return Printer.concat(`export interface ${name} `, members(self.fields, side, scope))
    case "Union":
      return Printer.concat(
        `export type ${name} =`,
        Printer.indent(...self.variants.flatMap((item) => [
          Printer.hardline,
          "| ",
          members(item.fields, side, scope, `${TypeScript.key(self.discriminator)}: ${TypeScript.string(item.name)}`)
        ]))
      )
    default:
      return Printer.concat(
        `export type ${name} = `,
        text(self._tag === "Alias" ? self.type : refTo(self), side, scope)
      )
  }
}

const refTo = (self: SpecIr.Declaration): SpecIr.Type => ({ _tag: "Ref", name: self.name })

const members = (
  self: ReadonlyArray<SpecIr.Field>,
  side: Side,
  scope: Scope,
  discriminator?: string
): Doc => {
  const docs: Array<Doc> = discriminator === undefined ? [] : [`readonly ${discriminator}`]
  for (const item of self) {
    const absent = item.default === undefined ? item.optional : side === "Encoded"
    docs.push(Printer.concat(
      ...documented(item.description),
      `readonly ${TypeScript.key(item.name)}${absent ? "?" : ""}: `,
      text(item.type, side, scope)
    ))
  }
  return docs.length === 0
    ? "{}"
    : Printer.group(
      "{",
      Printer.indent(Printer.hardline, Printer.join(Printer.hardline, docs)),
      Printer.hardline,
      "}"
    )
}

const plain: { readonly [name in SpecIr.Primitive]?: string } = {
  string: "string",
  boolean: "boolean",
  number: "number",
  integer: "number",
  int32: "number",
  uint32: "number"
}

/** A type, written out. */
const text = (self: SpecIr.Type, side: Side, scope: Scope): Doc => {
  switch (self._tag) {
    case "Primitive":
      return plain[self.name] ??
        `typeof ${scope.imports.runtime("operation/SpecTypes")}.${primitives[self.name]}.${side}`
    case "Array":
      return Printer.concat("ReadonlyArray<", text(self.item, side, scope), ">")
    case "Record":
      return Printer.concat("{ readonly [x: string]: ", text(self.value, side, scope), " }")
    case "Nullable":
      return Printer.concat(text(self.inner, side, scope), " | null")
    case "Ref": {
      const found = scope.declaration(self)
      if (found?._tag === "Enum" && found.inline) {
        return Printer.join(" | ", found.values.map(({ value }) => TypeScript.string(value)))
      }
      const name = scope.reference(self)
      return side === "Type"
        ? name
        : found !== undefined && found._tag !== "Enum" && found.recursive && self.foreign === undefined
        ? scope.isTransformed(found) ? `${name}Encoded` : name
        : `typeof ${name}.Encoded`
    }
  }
}
