import type * as Ast from "oxc-parser"
import type { ParsedSource } from "../../SourceParser.ts"

export type { Ast }

/** A place in a file, counted from 1. */
export interface Position {
  readonly line: number
  readonly column: number
}

/** The syntax tree of a parsed file, typed. */
export const programOf = (source: ParsedSource): Ast.Program => source.program as Ast.Program

/** Turns offsets into lines and columns. */
export const positions = (text: string): (offset: number) => Position => {
  let starts: ReadonlyArray<number> | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    let low = 0
    let high = starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - starts[low]! + 1 }
  }
}

const lineStarts = (text: string): ReadonlyArray<number> => {
  const starts = [0]
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1)
  return starts
}

/** Any node; what a walk meets. */
export interface AnyNode {
  readonly type: string
  readonly start: number
  readonly end: number
}

const isNode = (value: unknown): value is AnyNode =>
  typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"

/** The children of a node, in the order of the text. */
export const children = (node: AnyNode): ReadonlyArray<AnyNode> => {
  const found: Array<AnyNode> = []
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) found.push(item)
    } else if (isNode(value)) found.push(value)
  }
  return found
}

/** Meets a node and all below it, without recursion; `enter` returns `false` to stay out of a node. */
export const walk = (root: AnyNode, enter: (node: AnyNode) => boolean | void): void => {
  const pending = [root]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (enter(node) === false) continue
    const below = children(node)
    for (let index = below.length - 1; index >= 0; index--) pending.push(below[index]!)
  }
}

/** The expression without `as`, `satisfies` and `!`. */
export const bare = (node: Ast.Expression): Ast.Expression => {
  let current = node
  while (
    current.type === "TSAsExpression" || current.type === "TSSatisfiesExpression" ||
    current.type === "TSNonNullExpression" || current.type === "TSTypeAssertion" ||
    current.type === "ParenthesizedExpression"
  ) current = current.expression
  return current
}

/** What a property is called; `undefined` when that is computed. */
export const keyName = (key: Ast.PropertyKey, computed: boolean): string | undefined => {
  if (key.type === "Literal") {
    return typeof key.value === "string" || typeof key.value === "number"
      ? String(key.value)
      : undefined
  }
  return key.type === "Identifier" && !computed ? key.name : undefined
}

/** The value of a property of an object literal. */
export const property = (object: Ast.ObjectExpression, name: string): Ast.Expression | undefined => {
  for (const entry of object.properties) {
    if (entry.type === "Property" && keyName(entry.key, entry.computed) === name) return entry.value
  }
  return undefined
}

/** The arguments of a call, without spread ones. */
export const argumentsOf = (call: Ast.CallExpression | Ast.NewExpression): ReadonlyArray<Ast.Expression> =>
  call.arguments.filter((argument) => argument.type !== "SpreadElement")
