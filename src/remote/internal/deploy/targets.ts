import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import { jsonCodec } from "../../../operation/internal/json.ts"
import type * as Operation from "../../../operation/Operation.ts"

/**
 * A schema that is compiled ahead of time, and for what.
 *
 * @internal
 */
export interface Target {
  readonly ast: SchemaAST.AST
  readonly operations: ReadonlyArray<"decode" | "is">
}

/**
 * What the bus asks of an operation's schemas when it is called from outside: whether input and output fit, and how input
 * is decoded, output and failures are encoded.
 *
 * Invariant: the build and the worker get the same list from the same definition, because generated code is attached to
 * schemas by their position in it.
 *
 * @internal
 */
export const targetsOf = (operation: Operation.Any): ReadonlyArray<Target> => {
  const targets: Array<Target> = []
  const is = (schema: Schema.Constraint) => {
    targets.push({ ast: SchemaAST.toType(schema.ast), operations: ["is"] })
  }
  is(operation.input)
  is(operation.output)
  if (!isPlain(operation.input.ast)) targets.push({ ast: jsonCodec(operation.input).ast, operations: ["decode"] })
  for (const side of [operation.output, operation.error]) {
    if (!isPlain(side.ast)) {
      targets.push({ ast: SchemaAST.flip(jsonCodec(side).ast), operations: ["decode"] })
    }
  }
  return targets
}

/** Whether JSON data of this schema is only checked: texts, numbers, truth values, and lists and records of those. */
const isPlain = (ast: SchemaAST.AST): boolean => {
  if (ast.encoding !== undefined) return false
  switch (ast._tag) {
    case "String":
    case "Boolean":
    case "Null":
    case "Number":
    case "Never":
      return true
    case "Literal":
      return typeof ast.literal !== "bigint"
    case "Arrays":
      return ast.elements.every((item) => !SchemaAST.isOptional(item) && isPlain(item)) && ast.rest.every(isPlain)
    case "Objects":
      return ast.propertySignatures.every(({ name, type }) => typeof name === "string" && isPlain(type)) &&
        ast.indexSignatures.every(({ parameter, type }) => parameter._tag === "String" && isPlain(type))
    case "Union":
      return ast.types.every(isPlain)
    default:
      return false
  }
}

/**
 * The shape of schemas as a number. Code that was generated for one shape must not be attached to another: it would check
 * the wrong fields.
 *
 * @internal
 */
export const shapeOf = (targets: ReadonlyArray<Target>): number => {
  let hash = 0x811c9dc5
  const add = (text: string) => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
    hash = Math.imul(hash ^ 0x1f, 0x01000193) >>> 0
  }
  const visit = (ast: SchemaAST.AST): void => {
    add(ast._tag)
    add(`${ast.checks?.length ?? 0} ${ast.encoding?.length ?? 0} ${SchemaAST.isOptional(ast)}`)
    switch (ast._tag) {
      case "Literal":
        add(String(ast.literal))
        break
      case "Objects":
        for (const { name, type } of ast.propertySignatures) {
          add(String(name))
          visit(type)
        }
        for (const { parameter, type } of ast.indexSignatures) {
          visit(parameter)
          visit(type)
        }
        break
      case "Arrays":
        add(String(ast.elements.length))
        ast.elements.forEach(visit)
        ast.rest.forEach(visit)
        break
      case "Union":
        add(String(ast.types.length))
        ast.types.forEach(visit)
        break
      case "Declaration":
        ast.typeParameters.forEach(visit)
        break
    }
    ast.encoding?.forEach(({ to }) => visit(to))
  }
  for (const { ast } of targets) visit(ast)
  return hash
}
