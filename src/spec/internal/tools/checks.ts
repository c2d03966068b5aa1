import type { Constraints } from "../../SpecIr.ts"
import { argumentsOf, type Ast, bare } from "./ast.ts"
import { constantOf } from "./constants.ts"
import type { Module } from "./module.ts"
import { foreignOf } from "./names.ts"
import type { Reader, Slot } from "./shapes.ts"

type Bound = (value: number) => Constraints

const bounds = new Map<string, Bound>([
  ["isGreaterThan", (value) => ({ exclusiveMinimum: value })],
  ["isGreaterThanOrEqualTo", (value) => ({ minimum: value })],
  ["isLessThan", (value) => ({ exclusiveMaximum: value })],
  ["isLessThanOrEqualTo", (value) => ({ maximum: value })],
  ["isGreaterThanBigInt", (value) => ({ exclusiveMinimum: value })],
  ["isGreaterThanOrEqualToBigInt", (value) => ({ minimum: value })],
  ["isLessThanBigInt", (value) => ({ exclusiveMaximum: value })],
  ["isLessThanOrEqualToBigInt", (value) => ({ maximum: value })]
])

/** Adds what one check of `.check(…)` says. */
export const readCheck = (reader: Reader, module: Module, check: Ast.Expression, base: Slot): Slot => {
  const node = bare(check)
  if (node.type !== "CallExpression") {
    reader.warn(module, node, "computed", "this check is computed; it is left out")
    return base
  }
  const foreign = foreignOf(reader.project, module, node.callee as Ast.Expression)
  const name = foreign === undefined ? undefined : /^(?:effect:Schema|opbus:SpecTypes)\.(\w+)$/.exec(foreign)?.[1]
  const args = argumentsOf(node)
  const number = (index: number) => numberOf(reader, module, args[index])
  const add = (constraints: Constraints): Slot => ({ ...base, constraints: { ...base.constraints, ...constraints } })
  const items = isList(reader, base)
  const bound = name === undefined ? undefined : bounds.get(name)
  const first = number(0)
  if (bound !== undefined && first !== undefined) return add(bound(first))
  switch (name) {
    case "isMinLength":
    case "isMinCodePoints":
      if (first !== undefined) return add(items ? { minItems: first } : { minLength: first })
      break
    case "isMaxLength":
    case "isMaxCodePoints":
      if (first !== undefined) return add(items ? { maxItems: first } : { maxLength: first })
      break
    case "isBetweenLength":
    case "isBetweenCodePoints": {
      const second = number(1)
      if (first === undefined || second === undefined) break
      return add(items ? { minItems: first, maxItems: second } : { minLength: first, maxLength: second })
    }
    case "isNonEmpty":
      return add(items ? { minItems: 1 } : { minLength: 1 })
    case "isBetween":
    case "isBetweenBigInt": {
      const options = args[0] === undefined ? undefined : bare(args[0])
      const between = options?.type === "ObjectExpression" ? betweenOf(reader, module, options) : undefined
      if (between === undefined) break
      return add(between)
    }
    case "isPattern": {
      const pattern = args[0] === undefined ? undefined : patternOf(reader, module, args[0])
      if (pattern === undefined) break
      if (!/^u?$/.test(pattern.flags)) {
        reader.warn(module, node, "unsupported", `a pattern of a spec has no flags; "${pattern.flags}" is left out`)
      }
      return add({ pattern: pattern.source })
    }
    case "isMinProperties":
      if (first !== undefined) return add({ minItems: first })
      break
    case "isMaxProperties":
      if (first !== undefined) return add({ maxItems: first })
      break
    case "isPropertyNames":
      // Part of what a record of a spec is.
      return base
    case "isInt":
      return base.shape._tag === "Primitive" ? { ...base, shape: { _tag: "Primitive", name: "integer" } } : base
    case "isInt32":
      return { ...base, shape: { _tag: "Primitive", name: "int32" } }
    case "isUint32":
      return { ...base, shape: { _tag: "Primitive", name: "uint32" } }
    case "isFinite":
      return base
  }
  const what = module.source.text.slice(node.callee.start, node.callee.end)
  reader.warn(module, node, "unsupported", `a spec cannot say "${what}"; the check is left out`)
  return base
}

/** Whether lengths count items. */
const isList = (reader: Reader, { shape }: Slot, hops = 0): boolean => {
  if (hops > 32) return false
  if (shape._tag === "Nullable") return isList(reader, shape.inner, hops + 1)
  if (shape._tag !== "Ref" || shape.target === undefined) return shape._tag === "Array"
  const read = reader.memo.get(shape.target.declaration)
  return typeof read === "object" && isList(reader, read, hops + 1)
}

const numberOf = (reader: Reader, module: Module, expression: Ast.Expression | undefined): number | undefined => {
  const node = expression === undefined ? undefined : bare(expression)
  if (node === undefined) return undefined
  const negative = node.type === "UnaryExpression" && node.operator === "-"
  const literal = negative ? bare(node.argument) : node
  // Bounds of 64-bit integers are written as bigints.
  if (literal.type === "Literal" && "bigint" in literal) {
    return Number(literal.bigint) * (negative ? -1 : 1)
  }
  const value = constantOf(reader.project, module, node)?.value
  return typeof value === "number" ? value : undefined
}

const betweenOf = (reader: Reader, module: Module, options: Ast.ObjectExpression): Constraints | undefined => {
  const values = new Map<string, number | boolean>()
  for (const entry of options.properties) {
    if (entry.type !== "Property" || entry.key.type !== "Identifier") return undefined
    const value = numberOf(reader, module, entry.value) ?? constantOf(reader.project, module, entry.value)?.value
    if (typeof value !== "number" && typeof value !== "boolean") return undefined
    values.set(entry.key.name, value)
  }
  const minimum = values.get("minimum")
  const maximum = values.get("maximum")
  if (typeof minimum !== "number" || typeof maximum !== "number") return undefined
  return {
    ...(values.get("exclusiveMinimum") === true ? { exclusiveMinimum: minimum } : { minimum }),
    ...(values.get("exclusiveMaximum") === true ? { exclusiveMaximum: maximum } : { maximum })
  }
}

/** `/…/u`, or `new RegExp("…", "u")`. */
const patternOf = (
  reader: Reader,
  module: Module,
  expression: Ast.Expression
): { readonly source: string; readonly flags: string } | undefined => {
  const node = bare(expression)
  if (node.type === "Literal" && "regex" in node) {
    return { source: node.regex.pattern, flags: node.regex.flags }
  }
  if (node.type !== "NewExpression" && node.type !== "CallExpression") return undefined
  if (node.callee.type !== "Identifier" || node.callee.name !== "RegExp") return undefined
  const [source, flags] = argumentsOf(node).map((argument) => constantOf(reader.project, module, argument)?.value)
  return typeof source === "string" ? { source, flags: typeof flags === "string" ? flags : "" } : undefined
}
