import type * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import * as SchemaParser from "effect/SchemaParser"
import { OperationError } from "../OperationError.ts"

/**
 * What stands in the place of a sensitive value.
 *
 * @internal
 */
export const redacted = "<redacted>"

/**
 * Marks the values of a schema as sensitive.
 *
 * @internal
 */
export const sensitive = <S extends Schema.Top>(schema: S): S["Rebuild"] => schema.annotate({ sensitive: true })

/**
 * Tells whether the values of a node are sensitive as a whole.
 *
 * The annotation counts wherever it stands: before or after a check, on the key, and on any station of a transformation,
 * because what is made of a secret is one too.
 *
 * @internal
 */
export const isSensitive = (ast: SchemaAST.AST): boolean =>
  ast.annotations?.["sensitive"] === true ||
  ast.context?.annotations?.["sensitive"] === true ||
  ast.checks?.some((check) => check.annotations?.["sensitive"] === true) === true ||
  // `Schema.Redacted`: hidden in logs by itself, but not in a store.
  (ast.annotations?.["representation"] as { readonly id?: unknown } | undefined)?.id === "effect/schema/Redacted" ||
  ast.encoding?.some((link) => isSensitive(link.to)) === true

/**
 * How many recursive references are followed on the encoded side. It can be infinite: a recursive field with a default is
 * turned around once more at each turn, and never the same node again. What is sensitive about the values of a type is
 * found on its own side, which is finite; beyond it only schemas count that were written for the encoded side alone.
 */
const encodedTurns = 200

/**
 * Tells whether a sensitive value can stand anywhere in the values of a node.
 *
 * @internal
 */
export const hasSensitive = (ast: SchemaAST.AST): boolean => {
  const seen = new Set([ast])
  const encoded = new Set<SchemaAST.AST>()
  let turns = encodedTurns
  for (const [queue, isEncoded] of [[seen, false], [encoded, true]] as const) {
    // A set is walked in the order of insertion, what is added on the way included: all that is near comes first.
    for (const node of queue) {
      if (isSensitive(node)) return true
      for (const link of node.encoding ?? []) if (!seen.has(link.to)) encoded.add(link.to)
      if (isEncoded && node._tag === "Suspend" && turns-- <= 0) return false
      for (const part of partsOf(node)) if (!seen.has(part)) queue.add(part)
    }
  }
  return false
}

/**
 * The nodes that a node is made of.
 *
 * @internal
 */
export const partsOf = (ast: SchemaAST.AST): ReadonlyArray<SchemaAST.AST> => {
  switch (ast._tag) {
    case "Objects":
      return [...ast.propertySignatures, ...ast.indexSignatures].map((signature) => signature.type)
    case "Arrays":
      return [...ast.elements, ...ast.rest]
    case "Union":
      return ast.types
    case "Suspend":
      return [ast.thunk()]
    case "Declaration":
      return ast.typeParameters
    default:
      return []
  }
}

type Redact = (value: any) => unknown

/**
 * Makes a copy of a value with its sensitive parts replaced; `undefined` when the schema has none.
 *
 * @internal
 */
export const makeRedactor = (schema: Schema.Constraint): Redact | undefined =>
  hasSensitive(schema.ast) ? redactor(schema.ast, new Map()) : undefined

/**
 * The redactor of what an operation fails with. The errors of the bus carry no values; a failure that does not fit the
 * declared schema may hold the secret anywhere.
 *
 * @internal
 */
export const makeErrorRedactor = (schema: Schema.Constraint): Redact | undefined => {
  const redact = makeRedactor(schema)
  if (redact === undefined) return undefined
  const isDeclared = SchemaParser.is(schema)
  return (error) => error instanceof OperationError ? error : isDeclared(error) ? redact(error) : redacted
}

const same: Redact = (value) => value

const redactor = (ast: SchemaAST.AST, suspended: Map<SchemaAST.AST, Redact>): Redact => {
  if (isSensitive(ast)) return () => redacted
  const part = (inner: SchemaAST.AST): Redact => hasSensitive(inner) ? redactor(inner, suspended) : same
  // What a secret was folded into cannot be taken apart again.
  if (!partsOf(ast).some((inner) => hasSensitive(inner))) {
    return ast.encoding?.some((link) => hasSensitive(link.to)) === true ? () => redacted : same
  }
  switch (ast._tag) {
    case "Objects": {
      const fields = ast.propertySignatures.map((property) => [property.name, part(property.type)] as const)
      const names = new Set<PropertyKey>(fields.map(([name]) => name))
      const others = ast.indexSignatures.map((index) => part(index.type))
      return (value) => {
        if (typeof value !== "object" || value === null) return value
        const copy: Record<PropertyKey, unknown> = Object.assign(Object.create(null), value)
        for (const [name, redact] of fields) if (Object.hasOwn(value, name)) copy[name] = redact(value[name])
        for (const key of others.length === 0 ? [] : Object.keys(value)) {
          if (!names.has(key)) copy[key] = others.reduce((current, redact) => redact(current), value[key])
        }
        return { ...copy }
      }
    }
    case "Arrays": {
      const elements = ast.elements.map(part)
      const rest = ast.rest.map(part)
      const tail = Math.max(0, rest.length - 1)
      return (value) =>
        Array.isArray(value)
          ? value.map((item, i) => {
            const fromEnd = value.length - i
            const redact = i < elements.length
              ? elements[i]
              : fromEnd <= tail
              ? rest[rest.length - fromEnd]
              : rest[0]
            return (redact ?? same)(item)
          })
          : value
    }
    case "Union": {
      const members = ast.types.filter((type) => hasSensitive(type)).map((type) => ({
        is: SchemaParser.is({ ast: type } as Schema.Constraint),
        redact: part(type)
      }))
      // A value that fits several members is redacted by all of them: too much hidden is better than too little.
      return (value) => members.reduce((current, { is, redact }) => is(value) ? redact(current) : current, value)
    }
    case "Suspend": {
      const known = suspended.get(ast)
      if (known !== undefined) return known
      let inner: Redact | undefined
      const lazy: Redact = (value) => (inner ??= redactor(ast.thunk(), suspended))(value)
      suspended.set(ast, lazy)
      return lazy
    }
    default:
      // A class has the properties of its struct; into other containers nobody can look.
      return ast.annotations !== undefined && "~constructor" in ast.annotations
        ? part((ast as SchemaAST.Declaration).typeParameters[0]!)
        : () => redacted
  }
}
