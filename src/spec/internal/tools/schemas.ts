import { argumentsOf, type Ast, bare, keyName, property } from "./ast.ts"
import { readCheck } from "./checks.ts"
import { constantOf, stringOf } from "./constants.ts"
import type { Module } from "./module.ts"
import { foreignOf, type Meaning, meaningOf } from "./names.ts"
import {
  builtInTypes,
  type EnumValue,
  type FieldShape,
  primitive,
  type Reader,
  type Shape,
  type Slot,
  slot,
  unknownSlot,
  type Variant
} from "./shapes.ts"

const maxDepth = 200

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

/** `Schema.Struct({ … })` and its like. */
const readConstructor = (
  reader: Reader,
  module: Module,
  call: Ast.CallExpression,
  name: string,
  depth: number
): Slot => {
  const args = argumentsOf(call)
  const [first, second] = args
  const inner = (expression: Ast.Expression | undefined): Slot =>
    expression === undefined ? unknownSlot : readSchema(reader, module, expression, depth + 1)
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
      if (resolved(reader, inner(first))._tag !== "Primitive") {
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

const nullable = (inner: Slot): Slot =>
  slot({ _tag: "Nullable", inner }, {
    constraints: inner.constraints,
    sensitive: inner.sensitive,
    ...(inner.description === undefined ? undefined : { description: inner.description })
  })

const tagField = (name: string, tag: string): FieldShape => ({
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
    const owner = resolved(reader, readSchema(reader, module, node.object, depth + 1))
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
    const read = readSchema(reader, module, entry.value, depth + 1)
    const description = read.described === true ? read.description : reader.doc(module, entry) ?? read.description
    return [{ ...read, ...(description === undefined ? undefined : { description }), name }]
  })
}

const readUnion = (
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
    const read = readSchema(reader, module, element, depth + 1)
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
  const shapes = members.map((member) => resolved(reader, member))
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

/** `.check(…)`, `.annotate(…)`, `.pipe(…)` and the other methods of a schema. */
const readMethod = (
  reader: Reader,
  module: Module,
  call: Ast.CallExpression,
  object: Ast.Expression,
  method: string,
  depth: number
): Slot => {
  const base = readSchema(reader, module, object, depth + 1)
  const args = argumentsOf(call)
  switch (method) {
    case "check":
      return args.reduce((read, check) => readCheck(reader, module, check, read), base)
    case "annotate":
      return args[0] === undefined ? base : annotated(reader, module, bare(args[0]), base)
    case "annotateKey":
      return args[0] === undefined ? base : { ...annotated(reader, module, bare(args[0]), base), described: true }
    case "pipe":
      return args.reduce((read, step) => piped(reader, module, step, read), base)
  }
  reader.warn(module, call, "computed", `".${method}(…)" computes a schema; the result is taken as what it starts from`)
  return base
}

const annotated = (reader: Reader, module: Module, node: Ast.Expression, base: Slot): Slot => {
  if (node.type !== "ObjectExpression") {
    reader.warn(module, node, "computed", "these annotations are computed; they are left out")
    return base
  }
  const text = (name: string) => stringOf(reader.project, module, property(node, name))
  const description = text("description")
  const identifier = text("identifier")
  const sensitive = property(node, "sensitive")
  return {
    ...base,
    ...(description === undefined ? undefined : { description }),
    ...(identifier === undefined ? undefined : { identifier }),
    sensitive: sensitive === undefined
      ? base.sensitive
      : constantOf(reader.project, module, sensitive)?.value === true
  }
}

/** One step of `.pipe(…)`. */
const piped = (reader: Reader, module: Module, step: Ast.Expression, base: Slot): Slot => {
  const node = bare(step)
  const called = node.type === "CallExpression" ? node : undefined
  const name = foreignOf(reader.project, module, called === undefined ? node : called.callee as Ast.Expression)
  switch (name) {
    case "effect:Schema.optionalKey":
      return { ...base, optional: true }
    case "effect:Schema.NullOr":
      return nullable(base)
    case "effect:Schema.Array":
      return slot({ _tag: "Array", item: base })
    case "opbus:Operation.sensitive":
      return { ...base, sensitive: true }
    case "effect:Schema.brand":
      reader.warn(module, node, "dropped", "a brand has no place in a spec")
      return base
    case "effect:Schema.withDecodingDefaultKey":
    case "effect:Schema.withDecodingDefaultTypeKey":
    case "effect:Schema.withDecodingDefault":
    case "effect:Schema.withDecodingDefaultType": {
      const value = called === undefined ? undefined : defaultOf(reader, module, argumentsOf(called)[0])
      if (value !== undefined) return { ...base, default: value.value }
      reader.warn(module, node, "computed", "this default is computed; the key is read as optional")
      return { ...base, optional: true }
    }
    case "effect:Schema.withConstructorDefault":
      reader.warn(module, node, "dropped", "a default of the constructor has no place in a spec")
      return base
    case "effect:Schema.annotate": {
      const argument = called === undefined ? undefined : argumentsOf(called)[0]
      return argument === undefined ? base : annotated(reader, module, bare(argument), base)
    }
    case "effect:Schema.check":
      return called === undefined
        ? base
        : argumentsOf(called).reduce((read, check) => readCheck(reader, module, check, read), base)
  }
  reader.warn(
    module,
    node,
    "computed",
    `"${shortTextOf(module, node)}" transforms the schema; its result is taken as what it starts from`
  )
  return base
}

/** `Effect.succeed(1)`, with whatever makes it fit around the value. */
const defaultOf = (reader: Reader, module: Module, expression: Ast.Expression | undefined) => {
  const node = expression === undefined ? undefined : bare(expression)
  if (node?.type !== "CallExpression") return undefined
  const name = foreignOf(reader.project, module, node.callee as Ast.Expression)
  const [argument] = argumentsOf(node)
  if (argument === undefined || (name !== "effect:Effect.succeed" && name !== "effect:Effect.sync")) return undefined
  const value = name === "effect:Effect.sync" && argument.type === "ArrowFunctionExpression" ? argument.body : argument
  return value.type === "BlockStatement" ? undefined : constantOf(reader.project, module, value)
}

const textOf = (module: Module, node: { readonly start: number; readonly end: number }): string =>
  module.source.text.slice(node.start, node.end)

/** The text of an expression, on one line. */
export const shortTextOf = (module: Module, node: { readonly start: number; readonly end: number }): string => {
  const text = textOf(module, node).replace(/\s+/g, " ")
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
