import { argumentsOf, type Ast, bare, keyName } from "./ast.ts"
import { constantOf, stringOf } from "./constants.ts"
import type { Module } from "./module.ts"
import { meaningOf } from "./names.ts"
import {
  type EnumValue,
  type FieldShape,
  maxDepth,
  nullable,
  type Reader,
  type Slot,
  slot,
  unknownSlot,
  type Variant
} from "./shapes.ts"
import { shortTextOf } from "./texts.ts"
import { readUnion } from "./unions.ts"

/** `Schema.Struct({ … })` and its like. */
export const readConstructor = (
  reader: Reader,
  module: Module,
  call: Ast.CallExpression,
  name: string,
  depth: number
): Slot => {
  const args = argumentsOf(call)
  const [first, second] = args
  const inner = (expression: Ast.Expression | undefined): Slot =>
    expression === undefined ? unknownSlot : reader.schema(module, expression, depth + 1)
  const unsupported = (message: string): Slot => {
    reader.warn(module, call, "unsupported", message)
    return unknownSlot
  }
  switch (name) {
    case "Struct":
      return slot({ _tag: "Struct", fields: readFields(reader, module, first, depth) })
    case "TaggedStruct": {
      const tag = stringOf(reader.project, module, first)
      const fields = readFields(reader, module, second, depth)
      return slot({ _tag: "Struct", fields: tag === undefined ? fields : [tagField("_tag", tag), ...fields] })
    }
    case "Array":
      return slot({ _tag: "Array", item: inner(first) })
    case "NonEmptyArray":
      return slot({ _tag: "Array", item: inner(first) }, { constraints: { minItems: 1 } })
    case "Record":
      if (reader.resolve(inner(first))._tag !== "Primitive") {
        reader.warn(module, call, "unsupported", "a record of a spec has strings of any kind as keys")
      }
      return slot({ _tag: "Record", value: inner(second) })
    case "NullOr":
      return nullable(inner(first))
    case "UndefinedOr":
    case "optional":
      reader.warn(
        module,
        call,
        "unsupported",
        "undefined is no value of a spec: the key may be absent, and no more (Schema.optionalKey)"
      )
      return { ...inner(first), optional: true }
    case "NullishOr":
      reader.warn(
        module,
        call,
        "unsupported",
        "undefined is no value of a spec: the key may be absent, and no more (Schema.optionalKey)"
      )
      return { ...nullable(inner(first)), optional: true }
    case "optionalKey":
      return { ...inner(first), optional: true }
    case "mutable":
    case "mutableKey":
    case "toType":
    case "toEncoded":
      reader.warn(module, call, "dropped", `Schema.${name} has no place in a spec`)
      return inner(first)
    case "suspend":
      return first?.type === "ArrowFunctionExpression" && first.body.type !== "BlockStatement"
        ? inner(first.body)
        : unsupported("Schema.suspend takes an arrow function here: Schema.suspend(() => Tree)")
    case "Literal":
    case "tag": {
      const value = stringOf(reader.project, module, first)
      return value === undefined
        ? unsupported("only strings are literals of a spec; this is taken as json")
        : slot({ _tag: "Enum", values: [{ value }] })
    }
    case "Literals": {
      const values = first === undefined ? undefined : constantOf(reader.project, module, first)?.value
      return Array.isArray(values) && values.every((value) => typeof value === "string") && values.length > 0
        ? slot({ _tag: "Enum", values: withComments(reader, module, first!, values) })
        : unsupported("only strings that are written out are literals of a spec; this is taken as json")
    }
    case "Union":
      return readUnion(reader, module, call, first, depth)
    case "TaggedUnion": {
      const cases = first === undefined ? undefined : bare(first)
      if (cases?.type !== "ObjectExpression") break
      const variants = cases.properties.flatMap((entry): ReadonlyArray<Variant> => {
        const tag = entry.type === "Property" ? keyName(entry.key, entry.computed) : undefined
        if (tag === undefined || entry.type !== "Property") return []
        const description = reader.doc(module, entry)
        const fields = readFields(reader, module, entry.value, depth)
        return [{ name: tag, ...(description === undefined ? undefined : { description }), fields }]
      })
      return slot({ _tag: "Union", discriminator: "_tag", variants })
    }
    case "sensitive":
      return { ...inner(first), sensitive: true }
  }
  return unsupported(`"${shortTextOf(module, call.callee)}" is no type of a spec; it is taken as json`)
}

/** The field that tells a struct apart. */
export const tagField = (name: string, tag: string): FieldShape => ({
  ...slot({ _tag: "Enum", values: [{ value: tag }] }),
  name
})

const withComments = (
  reader: Reader,
  module: Module,
  list: Ast.Expression,
  values: ReadonlyArray<string>
): ReadonlyArray<EnumValue> => {
  const node = bare(list)
  return values.map((value, index) => {
    const element = node.type === "ArrayExpression" ? node.elements[index] : undefined
    const description = element === null || element === undefined ? undefined : reader.doc(module, element, "keep")
    return description === undefined ? { value } : { value, description }
  })
}

/** The fields of an object literal, or of one that is named. */
export const readFields = (
  reader: Reader,
  module: Module,
  expression: Ast.Expression | undefined,
  depth: number
): ReadonlyArray<FieldShape> => {
  if (expression === undefined) return []
  const node = bare(expression)
  if (node.type === "Identifier") {
    const meaning = meaningOf(reader.project, module, node)
    if (meaning?._tag === "Value" && meaning.declaration.init !== undefined && depth < maxDepth) {
      return readFields(reader, meaning.module, meaning.declaration.init, depth + 1)
    }
  }
  if (node.type === "MemberExpression" && node.property.type === "Identifier" && node.property.name === "fields") {
    const owner = reader.resolve(reader.schema(module, node.object, depth + 1))
    if (owner._tag === "Struct") return owner.fields
  }
  if (node.type !== "ObjectExpression") {
    reader.warn(module, node, "computed", "the fields are computed; they are left out")
    return []
  }
  return node.properties.flatMap((entry): ReadonlyArray<FieldShape> => {
    if (entry.type === "SpreadElement") return readFields(reader, module, entry.argument, depth + 1)
    const name = keyName(entry.key, entry.computed) ??
      (entry.computed ? stringOf(reader.project, module, entry.key as Ast.Expression) : undefined)
    if (name === undefined) {
      reader.warn(module, entry, "computed", "the name of this field is computed; it is left out")
      return []
    }
    const read = reader.schema(module, entry.value, depth + 1)
    const description = read.described === true ? read.description : reader.doc(module, entry) ?? read.description
    return [{ ...read, ...(description === undefined ? undefined : { description }), name }]
  })
}
