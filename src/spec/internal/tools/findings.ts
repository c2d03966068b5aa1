import { type AnyNode, argumentsOf, type Ast, walk } from "./ast.ts"
import { stringOf } from "./constants.ts"
import type { Module } from "./module.ts"
import { foreignOf } from "./names.ts"
import type { Project } from "./project.ts"
import { boundIn } from "./scopes.ts"

/** A place in a file that breaks a rule. */
export interface Finding {
  readonly node: AnyNode
  readonly message: string
}

/** Every `any`: the type, and the schema that stands for it. */
export const anyPlaces = (project: Project, module: Module): ReadonlyArray<Finding> => {
  const found: Array<Finding> = []
  walk(module.program, (node) => {
    if (node.type === "TSAnyKeyword") found.push({ node, message: "any says nothing about the value" })
    if (node.type !== "MemberExpression") return
    const name = foreignOf(project, module, node as Ast.MemberExpression)
    if (name === "effect:Schema.Any") found.push({ node, message: "Schema.Any says nothing about the value" })
  })
  return found
}

/** Every call of an operation by a key that is written out: a class would know its types. */
export const rawCalls = (project: Project, module: Module): ReadonlyArray<Finding & { readonly key: string }> => {
  const found: Array<Finding & { readonly key: string }> = []
  walk(module.program, (node) => {
    if (node.type !== "CallExpression") return
    const call = node as Ast.CallExpression
    const { callee } = call
    if (callee.type === "Super") return
    const name = callee.type === "Identifier" && boundIn(module, callee)
      ? undefined
      : foreignOf(project, module, callee)
    // On the service itself, which has any name: `invoker.invokeKey("…")`.
    const method = callee.type === "MemberExpression" && callee.property.type === "Identifier"
      ? callee.property.name
      : undefined
    const isRaw = name !== undefined
      ? /^opbus:OperationInvoker\.invokeKey(Stream)?$/.test(name)
      : method === "invokeKey" || method === "invokeKeyStream"
    if (!isRaw) return
    const [first] = argumentsOf(call)
    const isBound = first?.type === "Identifier" && boundIn(module, first)
    const key = isBound ? undefined : stringOf(project, module, first)
    if (key !== undefined) {
      found.push({ node, key, message: `"${key}" is invoked by its key: invoke its class, which knows the types` })
    }
  })
  return found
}
