import type { Json } from "../../SpecIr.ts"
import { type Ast, bare, keyName } from "./ast.ts"
import type { Module } from "./module.ts"
import { meaningOf } from "./names.ts"
import type { Project } from "./project.ts"

const maxDepth = 200

/** The JSON value of an expression that is written out, or names constants that are. */
export const constantOf = (
  project: Project,
  module: Module,
  expression: Ast.Expression,
  depth = 0
): { readonly value: Json } | undefined => {
  if (depth > maxDepth) return undefined
  const node = bare(expression)
  const next = (inner: Ast.Expression) => constantOf(project, module, inner, depth + 1)
  switch (node.type) {
    case "Literal":
      return node.value === null && node.raw !== "null"
        ? undefined
        : isJsonScalar(node.value)
        ? { value: node.value }
        : undefined
    case "TemplateLiteral":
      return node.expressions.length === 0 ? { value: node.quasis[0]!.value.cooked ?? "" } : undefined
    case "UnaryExpression": {
      const inner = node.operator === "-" || node.operator === "+" ? next(node.argument) : undefined
      return typeof inner?.value === "number"
        ? { value: node.operator === "-" ? -inner.value : inner.value }
        : undefined
    }
    case "BinaryExpression": {
      if (node.operator !== "+" || (node.left.type as string) === "PrivateIdentifier") return undefined
      const [left, right] = [next(node.left), next(node.right)]
      return typeof left?.value === "string" && typeof right?.value === "string"
        ? { value: left.value + right.value }
        : undefined
    }
    case "ArrayExpression": {
      const items: Array<Json> = []
      for (const element of node.elements) {
        if (element === null) return undefined
        const item = next(element.type === "SpreadElement" ? element.argument : element)
        if (item === undefined) return undefined
        if (element.type !== "SpreadElement") items.push(item.value)
        else if (Array.isArray(item.value)) items.push(...item.value as ReadonlyArray<Json>)
        else return undefined
      }
      return { value: items }
    }
    case "ObjectExpression": {
      // A map first: `__proto__` is a key as any other.
      const entries = new Map<string, Json>()
      for (const entry of node.properties) {
        if (entry.type === "SpreadElement") {
          const spread = next(entry.argument)
          if (typeof spread?.value !== "object" || spread.value === null) return undefined
          for (const [key, value] of Object.entries(spread.value)) entries.set(key, value)
          continue
        }
        const key = entry.computed
          ? next(entry.key as Ast.Expression)?.value
          : keyName(entry.key, false)
        const item = entry.kind === "init" && !entry.method ? next(entry.value) : undefined
        if (typeof key !== "string" || item === undefined) return undefined
        entries.set(key, item.value)
      }
      return { value: Object.fromEntries(entries) }
    }
    case "Identifier":
    case "MemberExpression": {
      const meaning = meaningOf(project, module, node)
      if (meaning?._tag === "Value" && meaning.declaration.init !== undefined) {
        return constantOf(project, meaning.module, meaning.declaration.init, depth + 1)
      }
      if (node.type === "Identifier" || node.property.type === "PrivateIdentifier") return undefined
      const key = keyName(node.property as Ast.PropertyKey, node.computed)
      const object = next(node.object)
      return key !== undefined && typeof object?.value === "object" && object.value !== null &&
          Object.hasOwn(object.value, key)
        ? { value: (object.value as { readonly [key: string]: Json })[key]! }
        : undefined
    }
    default:
      return undefined
  }
}

const isJsonScalar = (value: unknown): value is string | number | boolean | null =>
  value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean"

/** The string that an expression is known to be. */
export const stringOf = (
  project: Project,
  module: Module,
  expression: Ast.Expression | undefined
): string | undefined => {
  const value = expression === undefined ? undefined : constantOf(project, module, expression)?.value
  return typeof value === "string" ? value : undefined
}
