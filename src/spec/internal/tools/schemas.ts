import { argumentsOf, type Ast, bare, keyName } from "./ast.ts"
import { stringOf } from "./constants.ts"
import { readConstructor, readFields, tagField } from "./constructors.ts"
import { annotated, readMethod } from "./methods.ts"
import type { Module } from "./module.ts"
import { foreignOf, type Meaning, meaningOf } from "./names.ts"
import { builtInTypes, maxDepth, primitive, type Reader, type Shape, type Slot, slot, unknownSlot } from "./shapes.ts"
import { shortTextOf, textOf } from "./texts.ts"

/** The schemas of `effect` and of opbus that are types of a spec as they are. */
const primitives = new Map<string, Slot>([
  ["String", primitive("string")],
  ["Boolean", primitive("boolean")],
  ["Number", primitive("number")],
  ["Finite", primitive("number")],
  ["Int", primitive("integer")],
  ["Integer", primitive("integer")],
  ["Int32", primitive("int32")],
  ["Uint32", primitive("uint32")],
  ["Int64", primitive("int64")],
  ["Uint64", primitive("uint64")],
  ["Bytes", primitive("bytes")],
  ["Timestamp", primitive("timestamp")],
  ["Json", primitive("json")],
  ["Empty", slot({ _tag: "Struct", fields: [] })],
  ["NonEmptyString", slot({ _tag: "Primitive", name: "string" }, { constraints: { minLength: 1 } })],
  ["Uint8Array", primitive("bytes")],
  ["Uint8ArrayFromBase64", primitive("bytes")],
  ["DateTimeUtc", primitive("timestamp")],
  ["DateTimeUtcFromString", primitive("timestamp")],
  ["Date", primitive("timestamp")],
  ["DateFromString", primitive("timestamp")],
  ["BigInt", primitive("int64")],
  ["BigIntFromString", primitive("int64")],
  ["Void", slot({ _tag: "Void" })],
  ["Undefined", slot({ _tag: "Void" })],
  ["Never", slot({ _tag: "Void" })]
])

/** What is close, but has another JSON side or other values. */
const approximations = new Map([
  ["Any", "any"],
  ["Unknown", "any"],
  ["ObjectKeyword", "any"],
  ["BigInt", "a bigint without a size is read as int64"],
  ["BigIntFromString", "a bigint without a size is read as int64"],
  ["Date", "a Date is read as timestamp, which is a DateTime.Utc"],
  ["DateFromString", "a Date is read as timestamp, which is a DateTime.Utc"]
])

/** Reads an expression that makes a schema. */
export const readSchema = (reader: Reader, module: Module, expression: Ast.Expression, depth = 0): Slot => {
  const node = bare(expression)
  const unreadable = (code: "computed" | "unsupported", message: string): Slot => {
    reader.warn(module, node, code, message)
    return unknownSlot
  }
  if (depth > maxDepth) return unreadable("unsupported", `types are nested deeper than ${maxDepth} levels`)
  if (node.type === "Identifier" || node.type === "MemberExpression") {
    const meaning = meaningOf(reader.project, module, node)
    if (meaning !== undefined) return readMeaning(reader, module, node, meaning, depth)
    if (node.type === "MemberExpression") {
      const found = readMember(reader, module, node, depth)
      if (found !== undefined) return found
    }
    return unreadable("computed", `"${textOf(module, node)}" is not a schema that is written out; it is taken as json`)
  }
  if (node.type !== "CallExpression") {
    return unreadable("computed", `this is not a schema that is written out; it is taken as json`)
  }
  const callee = bare(node.callee as Ast.Expression)
  const foreign = foreignOf(reader.project, module, callee)
  const name = foreign === undefined ? undefined : /^(?:effect:Schema|opbus:Operation)\.(\w+)$/.exec(foreign)?.[1]
  if (name !== undefined) return readConstructor(reader, module, node, name, depth)
  if (callee.type === "CallExpression") {
    const found = readClass(reader, module, node, callee, depth)
    if (found !== undefined) return found
  }
  if (callee.type === "MemberExpression") {
    const method = keyName(callee.property as Ast.PropertyKey, callee.computed)
    if (method !== undefined) return readMethod(reader, module, node, callee.object, method, depth)
  }
  return unreadable("computed", `"${shortTextOf(module, callee)}" computes a schema; it is taken as json`)
}

/** `Schema.TaggedError<X>()("X", { … })`, `Schema.Class<X>("X")({ … })` and their like. */
const readClass = (
  reader: Reader,
  module: Module,
  call: Ast.CallExpression,
  made: Ast.CallExpression,
  depth: number
): Slot | undefined => {
  const foreign = foreignOf(reader.project, module, made.callee as Ast.Expression)
  const args = argumentsOf(call)
  switch (foreign) {
    case "effect:Schema.Class":
    case "effect:Schema.Error":
    case "effect:Schema.TaggedClass":
    case "effect:Schema.TaggedError": {
      const tagged = foreign.startsWith("effect:Schema.Tagged")
      const tag = tagged ? stringOf(reader.project, module, args[0]) : undefined
      const fields = readFields(reader, module, args[tagged ? 1 : 0], depth)
      const read = slot({ _tag: "Struct", fields: tag === undefined ? fields : [tagField("_tag", tag), ...fields] })
      const annotations = args[tagged ? 2 : 1]
      return annotations === undefined ? read : annotated(reader, module, bare(annotations), read)
    }
  }
  return undefined
}

/** What a name means as a schema: a type of its own, or what it stands for. */
export const readMeaning = (
  reader: Reader,
  module: Module,
  node: Ast.Expression,
  meaning: Meaning,
  depth: number
): Slot => {
  if (meaning._tag === "Foreign") {
    const name = /^(?:effect:Schema|opbus:SpecTypes)\.(\w+)$/.exec(meaning.name)?.[1]
    const last = meaning.name.slice(Math.max(meaning.name.lastIndexOf("."), meaning.name.lastIndexOf(":")) + 1)
    if (name === undefined && meaning.name.startsWith("opbus:") && builtInTypes.has(last)) {
      return slot({ _tag: "Ref", name: last, target: undefined })
    }
    const known = name === undefined ? undefined : primitives.get(name)
    if (known === undefined || approximations.has(name!)) warnForeign(reader, module, node, meaning.name, name)
    return known ?? unknownSlot
  }
  if (meaning._tag !== "Value") {
    reader.warn(module, node, "missing-type", `"${textOf(module, node)}" is no schema; it is taken as json`)
    return unknownSlot
  }
  const { declaration } = meaning
  const external = reader.externals.get(`${meaning.module.path}#${declaration.name}`)
  if (external !== undefined) return slot({ _tag: "Ref", name: external, target: undefined })
  const known = reader.memo.get(declaration)
  const ref = (): Slot => slot({ _tag: "Ref", name: nameOf(known, declaration.name), target: meaning })
  // What contains itself has a name.
  if (known === "reading") return ref()
  const read = known ?? readDeclaration(reader, meaning.module, meaning.declaration, depth + 1)
  if (read.identifier !== undefined || (declaration.exported && isOwnType(read.shape))) {
    return slot({ _tag: "Ref", name: nameOf(read, declaration.name), target: meaning })
  }
  return read
}

const nameOf = (read: Slot | "reading" | undefined, name: string): string =>
  typeof read === "object" && read.identifier !== undefined && /^[A-Za-z]\w*$/.test(read.identifier)
    ? read.identifier
    : name

const isOwnType = (shape: Shape): boolean => shape._tag === "Struct" || shape._tag === "Union" || shape._tag === "Enum"

const warnForeign = (
  reader: Reader,
  module: Module,
  node: Ast.Expression,
  foreign: string,
  name: string | undefined
) => {
  const how = name === undefined ? undefined : approximations.get(name)
  if (how === "any") {
    reader.warn(module, node, "any", `Schema.${name} says nothing about the value; it is taken as json`)
  } else {
    reader.warn(
      module,
      node,
      "unsupported",
      how ?? `"${foreign.slice(foreign.indexOf(":") + 1)}" is no type of a spec; it is taken as json`
    )
  }
}

/** Reads what a `const` or a class declares, once. */
export const readDeclaration = (
  reader: Reader,
  module: Module,
  declaration: Parameters<typeof reader.memo.get>[0] & {
    readonly init?: Ast.Expression | undefined
    readonly class?: Ast.Class | undefined
  },
  depth = 0
): Slot => {
  const known = reader.memo.get(declaration)
  if (known !== undefined && known !== "reading") return known
  reader.memo.set(declaration, "reading")
  const written = declaration.init ?? declaration.class?.superClass ?? undefined
  const read = written === undefined ? undefined : readSchema(reader, module, written, depth)
  if (read === undefined) {
    reader.warn(
      module,
      declaration.statement,
      "computed",
      `"${declaration.name}" is no schema that is written out; it is taken as json`
    )
  }
  const description = read?.description ?? reader.doc(module, declaration.statement)
  const result: Slot = { ...(read ?? unknownSlot), ...(description === undefined ? undefined : { description }) }
  reader.memo.set(declaration, result)
  return result
}

/** `Note.fields.id` */
const readMember = (reader: Reader, module: Module, node: Ast.MemberExpression, depth: number): Slot | undefined => {
  const name = node.property.type === "PrivateIdentifier"
    ? undefined
    : keyName(node.property as Ast.PropertyKey, node.computed)
  const fields = bare(node.object)
  if (name === undefined || fields.type !== "MemberExpression") return undefined
  if (fields.property.type !== "Identifier" || fields.property.name !== "fields") return undefined
  const owner = resolved(reader, readSchema(reader, module, fields.object, depth + 1))
  return owner._tag === "Struct" ? owner.fields.find((field) => field.name === name) : undefined
}

/** The shape that a name stands for. */
export const resolved = (reader: Reader, found: Slot, hops = 0): Shape => {
  const { shape } = found
  if (shape._tag !== "Ref" || shape.target?._tag !== "Value" || hops > 32) return shape
  const read = reader.memo.get(shape.target.declaration)
  if (read === "reading") return shape
  return resolved(reader, read ?? readDeclaration(reader, shape.target.module, shape.target.declaration), hops + 1)
}
