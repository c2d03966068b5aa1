import type { AnyNode } from "./ast.ts"
import type { Module } from "./module.ts"

/** The text of a node, as it is written. */
export const textOf = (module: Module, node: AnyNode): string => module.source.text.slice(node.start, node.end)

/** The text of an expression, on one line. */
export const shortTextOf = (module: Module, node: AnyNode): string => {
  const text = textOf(module, node).replace(/\s+/g, " ")
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
