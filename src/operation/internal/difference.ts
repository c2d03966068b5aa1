import * as SchemaAST from "effect/SchemaAST"
import type * as Operation from "../Operation.ts"

/**
 * What keeps a caller's definition from fitting the registered one, in a few words, or `undefined` when it fits.
 *
 * Two definitions fit when mode, stream and the structure of all four schemas agree; checks and transformations are
 * compared by what they are annotated with, because two copies of a module have two copies of every function.
 *
 * @internal
 */
export const difference = (registered: Operation.Any, used: Operation.Any): string | undefined => {
  if (registered.executionMode !== used.executionMode) {
    return `it is ${used.executionMode}, the registered one is ${registered.executionMode}`
  }
  if (registered.stream !== used.stream) {
    return used.stream ? "it is a stream, the registered one is not" : "it is not a stream, the registered one is"
  }
  for (const side of ["input", "output", "error", "progress"] as const) {
    if (registered[side] !== used[side] && !same(registered[side].ast, used[side].ast, [])) {
      return `the ${side} schemas differ`
    }
  }
}

type Pair = readonly [SchemaAST.AST, SchemaAST.AST]

const same = (a: SchemaAST.AST, b: SchemaAST.AST, open: ReadonlyArray<Pair>): boolean => {
  if (a === b) return true
  if (a._tag !== b._tag || SchemaAST.isOptional(a) !== SchemaAST.isOptional(b)) return false
  const all = (xs: ReadonlyArray<SchemaAST.AST>, ys: ReadonlyArray<SchemaAST.AST>) =>
    xs.length === ys.length && xs.every((x, i) => same(x, ys[i]!, open))
  if (a.checks?.length !== b.checks?.length) return false
  if (a.checks?.some((check, i) => describe(check) !== describe(b.checks![i]!))) return false
  if (a.encoding?.length !== b.encoding?.length) return false
  if (a.encoding?.some((link, i) => !same(link.to, b.encoding![i]!.to, open))) return false
  switch (a._tag) {
    case "Objects": {
      const other = b as SchemaAST.Objects
      const others = new Map(other.propertySignatures.map((property) => [property.name, property.type]))
      return a.propertySignatures.length === others.size &&
        a.propertySignatures.every((property) => {
          const type = others.get(property.name)
          return type !== undefined && same(property.type, type, open)
        }) &&
        all(a.indexSignatures.map((index) => index.type), other.indexSignatures.map((index) => index.type))
    }
    case "Arrays":
      return all(a.elements, (b as SchemaAST.Arrays).elements) && all(a.rest, (b as SchemaAST.Arrays).rest)
    case "Union":
      return all(a.types, (b as SchemaAST.Union).types)
    case "Suspend": {
      if (open.some(([x, y]) => x === a && y === b)) return true
      return same(a.thunk(), (b as SchemaAST.Suspend).thunk(), [...open, [a, b]])
    }
    case "Declaration":
      return all(a.typeParameters, (b as SchemaAST.Declaration).typeParameters) &&
        SchemaAST.resolveIdentifier(a) === SchemaAST.resolveIdentifier(b)
    case "Literal":
      return a.literal === (b as SchemaAST.Literal).literal
    case "Enum":
      return JSON.stringify(a.enums) === JSON.stringify((b as SchemaAST.Enum).enums)
    case "UniqueSymbol":
      return a.symbol === (b as SchemaAST.UniqueSymbol).symbol
    case "TemplateLiteral":
      return all(a.parts, (b as SchemaAST.TemplateLiteral).parts)
    default:
      return true
  }
}

const describe = (check: SchemaAST.Check<any>): string =>
  JSON.stringify(
    [check._tag, check.annotations?.["expected"], check.annotations?.["meta"]],
    (_key, value) => typeof value === "bigint" || value instanceof RegExp ? String(value) : value
  )
