import { type Ast, bare } from "./ast.ts"
import type { Module } from "./module.ts"
import { foreignOf } from "./names.ts"
import {
  type EnumValue,
  type FieldShape,
  nullable,
  type Reader,
  type Slot,
  slot,
  unknownSlot,
  type Variant
} from "./shapes.ts"

/** `Schema.Union([ … ])` */
export const readUnion = (
  reader: Reader,
  module: Module,
  call: Ast.CallExpression,
  first: Ast.Expression | undefined,
  depth: number
): Slot => {
  const list = first === undefined ? undefined : bare(first)
  if (list?.type !== "ArrayExpression") {
    reader.warn(module, call, "computed", "the members of this union are computed; it is taken as json")
    return unknownSlot
  }
  const members = list.elements.flatMap((element) => {
    if (element === null || element.type === "SpreadElement") return []
    if (foreignOf(reader.project, module, element) === "effect:Schema.Null") return []
    const read = reader.schema(module, element, depth + 1)
    const description = reader.doc(module, element)
    return [description === undefined || read.description !== undefined ? read : { ...read, description }]
  })
  const isNullable = members.length < list.elements.length
  const union = joinedUnion(reader, members)
  if (union === undefined) {
    reader.warn(
      module,
      call,
      "unsupported",
      "a union of a spec is of literals, or of structs that one field tells apart; this is taken as json"
    )
    return unknownSlot
  }
  return isNullable ? nullable(union) : union
}

/** A union of literals, or of structs with a field that tells them apart. */
export const joinedUnion = (reader: Reader, members: ReadonlyArray<Slot>): Slot | undefined => {
  const shapes = members.map((member) => reader.resolve(member))
  if (shapes.every((shape) => shape._tag === "Enum")) {
    const values = shapes.flatMap((shape, index): ReadonlyArray<EnumValue> => {
      const description = members[index]!.description
      return shape.values.length === 1 && description !== undefined
        ? [{ value: shape.values[0]!.value, description }]
        : shape.values
    })
    return slot({ _tag: "Enum", values })
  }
  if (members.length === 0 || !shapes.every((shape) => shape._tag === "Struct")) {
    return members.length === 1 ? members[0] : undefined
  }
  const tagOf = (fields: ReadonlyArray<FieldShape>, name: string): string | undefined => {
    const shape = fields.find((field) => field.name === name)?.shape
    return shape?._tag === "Enum" && shape.values.length === 1 ? shape.values[0]!.value : undefined
  }
  const discriminator = shapes[0]!.fields.map(({ name }) => name).find((name) =>
    new Set(shapes.map(({ fields }) => tagOf(fields, name)).filter((tag) => tag !== undefined)).size === shapes.length
  )
  if (discriminator === undefined) return members.length === 1 ? members[0] : undefined
  const variants = shapes.map(({ fields }, index): Variant => {
    const description = members[index]!.description
    return {
      name: tagOf(fields, discriminator)!,
      ...(description === undefined ? undefined : { description }),
      fields: fields.filter(({ name }) => name !== discriminator)
    }
  })
  return slot({ _tag: "Union", discriminator, variants })
}
