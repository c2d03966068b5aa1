import { type AnyNode, type Ast, children } from "./ast.ts"
import type { Module } from "./module.ts"

const known = new WeakMap<Module, ReadonlySet<AnyNode>>()

/** Whether a name at this place means something that a function, a block or a parameter around it declares. */
export const boundIn = (module: Module, identifier: Ast.IdentifierReference): boolean => {
  let bound = known.get(module)
  if (bound === undefined) {
    bound = collect(module)
    known.set(module, bound)
  }
  return bound.has(identifier)
}

/** All identifiers that mean something below the top level. */
const collect = (module: Module): ReadonlySet<AnyNode> => {
  const bound = new Set<AnyNode>()
  const pending: Array<readonly [AnyNode, ReadonlySet<string>]> = [[module.program, new Set()]]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const [node, outer] = next
    if (node.type === "Identifier" && outer.has((node as Ast.IdentifierReference).name)) bound.add(node)
    const own = node.type === "Program" ? [] : declaredBy(node)
    const inner = own.length === 0 ? outer : new Set([...outer, ...own])
    for (const child of children(node)) pending.push([child, inner])
  }
  return bound
}

const declaredBy = (node: AnyNode): ReadonlyArray<string> => {
  switch (node.type) {
    case "FunctionDeclaration":
    case "FunctionExpression":
    case "ArrowFunctionExpression": {
      const { params } = node as Ast.Function | Ast.ArrowFunctionExpression
      return params.flatMap((param) => namesIn(param))
    }
    case "BlockStatement":
    case "StaticBlock":
      return (node as Ast.BlockStatement).body.flatMap(statement)
    case "ForStatement":
    case "ForOfStatement":
    case "ForInStatement": {
      const left = node.type === "ForStatement" ? (node as Ast.ForStatement).init : (node as Ast.ForOfStatement).left
      return left !== null && left.type === "VariableDeclaration" ? statement(left) : []
    }
    case "CatchClause": {
      const { param } = node as Ast.CatchClause
      return param === null ? [] : namesIn(param)
    }
  }
  return []
}

const statement = (node: Ast.Statement | Ast.VariableDeclaration): ReadonlyArray<string> =>
  node.type === "VariableDeclaration"
    ? node.declarations.flatMap(({ id }) => namesIn(id))
    : (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") && node.id !== null
    ? [node.id.name]
    : []

/** The names that a pattern binds. */
const namesIn = (pattern: AnyNode): ReadonlyArray<string> => {
  switch (pattern.type) {
    case "Identifier":
      return [(pattern as Ast.BindingIdentifier).name]
    case "ObjectPattern":
      return (pattern as Ast.ObjectPattern).properties.flatMap((entry) =>
        namesIn(entry.type === "RestElement" ? entry.argument : entry.value)
      )
    case "ArrayPattern":
      return (pattern as Ast.ArrayPattern).elements.flatMap((element) => element === null ? [] : namesIn(element))
    case "AssignmentPattern":
      return namesIn((pattern as Ast.AssignmentPattern).left)
    case "RestElement":
      return namesIn((pattern as Ast.FormalParameterRest).argument)
    case "TSParameterProperty":
      return namesIn((pattern as Ast.TSParameterProperty).parameter)
  }
  return []
}
