import { argumentsOf, type Ast, bare, property } from "./ast.ts"
import { readCheck } from "./checks.ts"
import { constantOf, stringOf } from "./constants.ts"
import type { Module } from "./module.ts"
import { foreignOf } from "./names.ts"
import { nullable, type Reader, type Slot, slot } from "./shapes.ts"
import { shortTextOf } from "./texts.ts"

/** `.check(…)`, `.annotate(…)`, `.pipe(…)` and the other methods of a schema. */
export const readMethod = (
  reader: Reader,
  module: Module,
  call: Ast.CallExpression,
  object: Ast.Expression,
  method: string,
  depth: number
): Slot => {
  const base = reader.schema(module, object, depth + 1)
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

/** Adds what annotations say. */
export const annotated = (reader: Reader, module: Module, node: Ast.Expression, base: Slot): Slot => {
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
