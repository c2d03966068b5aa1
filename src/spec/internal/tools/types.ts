import { type AnyNode, type Ast, bare, keyName } from "./ast.ts"
import { stringOf } from "./constants.ts"
import type { Module, TypeDeclaration } from "./module.ts"
import { lookup, type Meaning, memberOf } from "./names.ts"
import { readMeaning, readSchema } from "./schemas.ts"
import {
  builtInTypes,
  type FieldShape,
  maxDepth,
  primitive,
  type Reader,
  type Shape,
  type Slot,
  slot,
  unknownSlot
} from "./shapes.ts"
import { shortTextOf } from "./texts.ts"
import { joinedUnion } from "./unions.ts"

const keywords = new Map<string, Slot>([
  ["TSStringKeyword", primitive("string")],
  ["TSNumberKeyword", primitive("number")],
  ["TSBooleanKeyword", primitive("boolean")],
  ["TSBigIntKeyword", primitive("int64")],
  ["TSVoidKeyword", slot({ _tag: "Void" })],
  ["TSUndefinedKeyword", slot({ _tag: "Void" })]
])

const globals = new Map<string, Slot>([
  ["String", primitive("string")],
  ["Number", primitive("number")],
  ["Boolean", primitive("boolean")],
  ["Date", primitive("timestamp")],
  ["Uint8Array", primitive("bytes")],
  ["ArrayBuffer", primitive("bytes")],
  ["Buffer", primitive("bytes")]
])

/** Reads a TypeScript type: for code that has interfaces where schemas should be. */
const readType = (reader: Reader, module: Module, node: Ast.TSType, depth = 0): Slot => {
  const next = (inner: Ast.TSType): Slot => readType(reader, module, inner, depth + 1)
  const json = (code: "any" | "missing-type" | "computed" | "unsupported", message: string): Slot => {
    reader.warn(module, node, code, message)
    return unknownSlot
  }
  if (depth > maxDepth) return json("unsupported", `types are nested deeper than ${maxDepth} levels`)
  const known = keywords.get(node.type)
  if (known !== undefined) {
    if (node.type === "TSBigIntKeyword") {
      reader.warn(module, node, "unsupported", "a bigint without a size is read as int64")
    }
    return known
  }
  switch (node.type) {
    case "TSAnyKeyword":
    case "TSUnknownKeyword":
    case "TSObjectKeyword":
      return json("any", `${shortTextOf(module, node)} says nothing about the value; it is taken as json`)
    case "TSParenthesizedType":
      return next(node.typeAnnotation)
    case "TSTypeOperator":
      return node.operator === "readonly"
        ? next(node.typeAnnotation)
        : json("computed", `"${node.operator}" computes a type; it is taken as json`)
    case "TSArrayType":
      return slot({ _tag: "Array", item: next(node.elementType) })
    case "TSLiteralType":
      return node.literal.type === "Literal" && typeof node.literal.value === "string"
        ? slot({ _tag: "Enum", values: [{ value: node.literal.value }] })
        : json("unsupported", "only strings are literals of a spec; this is taken as json")
    case "TSTypeLiteral":
      return members(reader, module, node.members, depth)
    case "TSUnionType":
      return union(reader, module, node, depth)
    case "TSIntersectionType": {
      const shapes = node.types.map((member) => structOf(reader, next(member)))
      return shapes.every((fields) => fields !== undefined)
        ? slot({ _tag: "Struct", fields: merged(shapes.flat()) })
        : json("unsupported", "an intersection is read when all its parts are objects; this is taken as json")
    }
    case "TSTypeQuery":
      return readSchemaOf(reader, module, node, depth)
    case "TSTypeReference":
      return reference(reader, module, node, depth)
  }
  return json("unsupported", `"${shortTextOf(module, node)}" is no type of a spec; it is taken as json`)
}

/** Reads what an interface, a type alias or an enum declares, once. */
export const readTypeDeclaration = (reader: Reader, module: Module, declaration: TypeDeclaration, depth = 0): Slot => {
  const known = reader.memo.get(declaration)
  if (known !== undefined && known !== "reading") return known
  reader.memo.set(declaration, "reading")
  const { node } = declaration
  let read: Slot
  if (node.type === "TSInterfaceDeclaration") {
    const own = members(reader, module, node.body.body, depth)
    const inherited = node.extends.flatMap((parent) => {
      const meaning = parent.expression.type === "Identifier"
        ? lookup(reader.project, module, parent.expression.name, "type")
        : undefined
      const fields = meaning === undefined ? undefined : structOf(reader, named(reader, module, parent, meaning, depth))
      if (fields === undefined) {
        reader.warn(module, parent, "computed", `what "${shortTextOf(module, parent)}" adds is left out`)
      }
      return fields ?? []
    })
    read = own.shape._tag === "Struct" && inherited.length > 0
      ? slot({ _tag: "Struct", fields: merged([...inherited, ...own.shape.fields]) })
      : own
  } else if (node.type === "TSTypeAliasDeclaration") {
    read = readType(reader, module, node.typeAnnotation, depth)
  } else {
    read = enumeration(reader, module, node)
  }
  const description = reader.doc(module, declaration.statement)
  const result = description === undefined ? read : { ...read, description }
  reader.memo.set(declaration, result)
  return result
}

const enumeration = (reader: Reader, module: Module, node: Ast.TSEnumDeclaration): Slot => {
  const values = node.body.members.flatMap((member) => {
    const value = member.initializer === null ? undefined : stringOf(reader.project, module, member.initializer)
    const description = reader.doc(module, member)
    return value === undefined ? [] : [description === undefined ? { value } : { value, description }]
  })
  if (values.length === node.body.members.length && values.length > 0) return slot({ _tag: "Enum", values })
  reader.warn(module, node, "unsupported", "an enum of a spec has strings as values; this is taken as json")
  return unknownSlot
}

const members = (
  reader: Reader,
  module: Module,
  list: ReadonlyArray<Ast.TSSignature>,
  depth: number
): Slot => {
  const index = list.find((member) => member.type === "TSIndexSignature")
  if (index !== undefined && list.length === 1) {
    return slot({ _tag: "Record", value: readType(reader, module, index.typeAnnotation.typeAnnotation, depth + 1) })
  }
  const fields = list.flatMap((member): ReadonlyArray<FieldShape> => {
    if (member.type !== "TSPropertySignature") {
      reader.warn(module, member, "unsupported", "only named properties have a place in a spec; this is left out")
      return []
    }
    const name = keyName(member.key, member.computed)
    if (name === undefined) {
      reader.warn(module, member, "computed", "the name of this property is computed; it is left out")
      return []
    }
    const description = reader.doc(module, member)
    if (member.typeAnnotation === null) {
      reader.warn(module, member, "missing-type", `"${name}" has no type; it is taken as json`)
    }
    const read = member.typeAnnotation === null
      ? unknownSlot
      : readType(reader, module, member.typeAnnotation.typeAnnotation, depth + 1)
    return [{
      ...read,
      ...(description === undefined ? undefined : { description }),
      optional: read.optional || member.optional,
      name
    }]
  })
  return slot({ _tag: "Struct", fields })
}

const union = (reader: Reader, module: Module, node: Ast.TSUnionType, depth: number): Slot => {
  const isNull = (type: Ast.TSType) => type.type === "TSNullKeyword"
  const isUndefined = (type: Ast.TSType) => type.type === "TSUndefinedKeyword"
  const rest = node.types.filter((type) => !isNull(type) && !isUndefined(type))
  const read = rest.map((type) => readType(reader, module, type, depth + 1))
  const made = read.length === 1 ? read[0] : joinedUnion(reader, read)
  if (made === undefined) {
    reader.warn(
      module,
      node,
      "unsupported",
      "a union of a spec is of literals, or of objects that one field tells apart; this is taken as json"
    )
    return unknownSlot
  }
  const inner = node.types.some(isNull) ? slot({ _tag: "Nullable", inner: made }) : made
  return node.types.some(isUndefined) ? { ...inner, optional: true } : inner
}

const reference = (reader: Reader, module: Module, node: Ast.TSTypeReference, depth: number): Slot => {
  const args = node.typeArguments?.params ?? []
  const meaning = meaningOfType(reader, module, node.typeName)
  if (node.typeName.type === "Identifier" && meaning === undefined) {
    const { name } = node.typeName
    const item = () => args[0] === undefined ? unknownSlot : readType(reader, module, args[0], depth + 1)
    switch (name) {
      case "Array":
      case "ReadonlyArray":
        return slot({ _tag: "Array", item: item() })
      case "Readonly":
      case "Promise":
        return item()
      case "Record": {
        const value = args[1] === undefined ? unknownSlot : readType(reader, module, args[1], depth + 1)
        if (args[0]?.type !== "TSStringKeyword") {
          reader.warn(module, node, "unsupported", "a record of a spec has strings of any kind as keys")
        }
        return slot({ _tag: "Record", value })
      }
      case "Partial": {
        const fields = structOf(reader, item())
        if (fields !== undefined) {
          return slot({ _tag: "Struct", fields: fields.map((field) => ({ ...field, optional: true })) })
        }
      }
    }
    const known = globals.get(name)
    if (known !== undefined) {
      if (name === "Date") {
        reader.warn(module, node, "unsupported", "a Date is read as timestamp, which is a DateTime.Utc")
      }
      return known
    }
  }
  if (meaning === undefined) {
    const isGlobal = node.typeName.type === "Identifier" &&
      /^(Partial|Pick|Omit|Map|Set|Function|Extract|Exclude|ReturnType)$/.test(node.typeName.name)
    reader.warn(
      module,
      node,
      isGlobal ? "computed" : "missing-type",
      isGlobal
        ? `"${shortTextOf(module, node)}" is no type of a spec; it is taken as json`
        : `there is no type "${shortTextOf(module, node.typeName)}"; it is taken as json`
    )
    return unknownSlot
  }
  if (args.length > 0) {
    reader.warn(module, node, "computed", `"${shortTextOf(module, node)}" computes a type; its arguments are left out`)
  }
  return named(reader, module, node, meaning, depth)
}

const meaningOfType = (reader: Reader, module: Module, name: Ast.TSTypeName): Meaning | undefined => {
  if (name.type === "Identifier") return lookup(reader.project, module, name.name, "type")
  if (name.type !== "TSQualifiedName") return undefined
  return memberOf(reader.project, meaningOfType(reader, module, name.left), name.right.name, "type")
}

const named = (reader: Reader, module: Module, node: AnyNode, meaning: Meaning, depth: number): Slot => {
  if (meaning._tag === "Type") {
    const { declaration } = meaning
    const external = reader.externals.get(`${meaning.module.path}#${declaration.name}`)
    if (external !== undefined) return slot({ _tag: "Ref", name: external, target: undefined })
    // `export type Note = typeof Note.Type` beside a schema means the schema.
    const value = meaning.module.values.get(declaration.name)
    if (value?.init !== undefined) {
      return readMeaning(reader, meaning.module, value.init, {
        _tag: "Value",
        module: meaning.module,
        declaration: value
      }, depth + 1)
    }
    const known = reader.memo.get(declaration)
    if (known === "reading") return slot({ _tag: "Ref", name: declaration.name, target: meaning })
    const read = known ?? readTypeDeclaration(reader, meaning.module, declaration, depth + 1)
    return isNamed(read.shape) ? slot({ _tag: "Ref", name: declaration.name, target: meaning }) : read
  }
  if (meaning._tag === "Foreign") {
    const last = meaning.name.slice(Math.max(meaning.name.lastIndexOf("."), meaning.name.lastIndexOf(":")) + 1)
    if (meaning.name.startsWith("opbus:") && builtInTypes.has(last)) {
      return slot({ _tag: "Ref", name: last, target: undefined })
    }
  }
  reader.warn(
    module,
    node,
    "missing-type",
    `what "${shortTextOf(module, node)}" is cannot be read; it is taken as json`
  )
  return unknownSlot
}

const isNamed = (shape: Shape): boolean => shape._tag === "Struct" || shape._tag === "Union" || shape._tag === "Enum"

const readSchemaOf = (reader: Reader, module: Module, node: Ast.TSTypeQuery, depth: number): Slot => {
  const { exprName } = node
  if (exprName.type === "TSQualifiedName" && exprName.left.type === "Identifier" && exprName.right.name === "Type") {
    return readSchema(reader, module, bare(exprName.left as unknown as Ast.Expression), depth + 1)
  }
  reader.warn(module, node, "computed", `"${shortTextOf(module, node)}" computes a type; it is taken as json`)
  return unknownSlot
}

/** The fields of an object type, whatever it is called. */
const structOf = (reader: Reader, read: Slot): ReadonlyArray<FieldShape> | undefined => {
  const { shape } = read
  if (shape._tag === "Struct") return shape.fields
  if (shape._tag !== "Ref" || shape.target === undefined) return undefined
  const known = reader.memo.get(shape.target.declaration)
  return typeof known === "object" && known.shape._tag === "Struct" ? known.shape.fields : undefined
}

/** A later field of the same name wins, in the place of the first. */
const merged = (
  fields: ReadonlyArray<FieldShape>
): ReadonlyArray<FieldShape> => [...new Map(fields.map((field) => [field.name, field])).values()]
