import type * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"

/**
 * Where a value does not fit a schema, and why, in one line that never repeats the value.
 *
 * @internal
 */
export interface Misfit {
  readonly issue: string
  readonly path: ReadonlyArray<PropertyKey>
}

const strict: SchemaAST.ParseOptions = { onExcessProperty: "error" }

// ---------------------------------------------------------------------------
// type side: checked in place, without a copy
// ---------------------------------------------------------------------------

/**
 * Tells whether a value is on the type side of a schema and has no excess property.
 *
 * The compiled guards of `effect/Schema` ignore excess properties (asking for them costs ten times as much), so those are
 * looked for separately, by counting.
 *
 * @internal
 */
export const makeGuard = (schema: Schema.Constraint): (value: unknown) => boolean => {
  const is = SchemaParser.is(schema)
  const excess = findExcess(SchemaAST.toType(schema.ast), new Map())
  return excess === undefined ? is : (value) => is(value) && excess(value) === undefined
}

/**
 * Says why a value does not fit the type side of a schema.
 *
 * @internal
 */
export const explain = (schema: Schema.Constraint, value: unknown): Misfit => {
  const ast = SchemaAST.toType(schema.ast)
  const exit = SchemaParser.decodeUnknownExit({ ast } as Schema.ConstraintDecoder<unknown>, strict)(value)
  if (exit._tag === "Failure") {
    const reason = exit.cause.reasons[0]
    if (reason?._tag === "Fail") return misfit(reason.error, value)
  }
  const path = findExcess(ast, new Map())?.(value)
  return path === undefined
    ? { issue: "it does not fit its schema", path: [] }
    : { issue: "this property is not expected", path }
}

type FindExcess = (value: any) => ReadonlyArray<PropertyKey> | undefined

const findExcess = (ast: SchemaAST.AST, seen: Map<SchemaAST.AST, FindExcess>): FindExcess | undefined => {
  const known = seen.get(ast)
  if (known !== undefined) return known
  switch (ast._tag) {
    case "Objects":
      return objectExcess(ast, seen)
    case "Arrays": {
      const elements = ast.elements.map((item) => findExcess(item, seen))
      const rest = ast.rest.map((item) => findExcess(item, seen))
      if (elements.concat(rest).every((item) => item === undefined)) return undefined
      const tail = Math.max(0, rest.length - 1)
      return (value) => {
        for (let i = 0; i < value.length; i++) {
          const fromEnd = value.length - i
          const excess = i < elements.length ? elements[i] : fromEnd <= tail ? rest[rest.length - fromEnd] : rest[0]
          const path = excess?.(value[i])
          if (path !== undefined) return [i, ...path]
        }
      }
    }
    case "Union": {
      const members = ast.types.map((type) => ({
        is: SchemaParser.is({ ast: type } as Schema.Constraint),
        excess: findExcess(type, seen)
      }))
      if (members.every((member) => member.excess === undefined)) return undefined
      return (value) => {
        let first: ReadonlyArray<PropertyKey> | undefined
        for (const member of members) {
          if (!member.is(value)) continue
          const path = member.excess?.(value)
          if (path === undefined) return undefined
          first ??= path
        }
        return first
      }
    }
    case "Suspend": {
      let inner: FindExcess | undefined
      const self: FindExcess = (value) => (inner ??= findExcess(ast.thunk(), seen) ?? (() => undefined))(value)
      seen.set(ast, self)
      return self
    }
    default:
      return undefined
  }
}

const objectExcess = (ast: SchemaAST.Objects, seen: Map<SchemaAST.AST, FindExcess>): FindExcess | undefined => {
  const nested: Array<readonly [PropertyKey, FindExcess]> = []
  for (const property of ast.propertySignatures) {
    const excess = findExcess(property.type, seen)
    if (excess !== undefined) nested.push([property.name, excess])
  }
  if (ast.indexSignatures.some(({ parameter }) => parameter._tag !== "String" || parameter.checks !== undefined)) {
    return strictExcess(ast)
  }
  const values = ast.indexSignatures.flatMap((index) => findExcess(index.type, seen) ?? [])
  const open = ast.indexSignatures.length > 0 || ast.propertySignatures.length === 0
  if (open && nested.length === 0 && values.length === 0) return undefined
  const names = new Set<PropertyKey>(ast.propertySignatures.map((property) => property.name))
  const optional = ast.propertySignatures.filter((property) => SchemaAST.isOptional(property.type)).map((property) =>
    property.name
  )
  const required = names.size - optional.length
  return (value) => {
    if (!open) {
      let expected = required
      for (let i = 0; i < optional.length; i++) if ((optional[i] as PropertyKey) in value) expected++
      let found = 0
      for (const _ in value) found++
      // Inherited properties and symbols blur the count: only then is the exact search worth its price.
      if (found !== expected) {
        for (const key of Object.keys(value)) if (!names.has(key)) return [key]
      }
    }
    for (let i = 0; i < nested.length; i++) {
      const [name, excess] = nested[i]!
      const inner = value[name]
      if (inner === undefined) continue
      const path = excess(inner)
      if (path !== undefined) return [name, ...path]
    }
    for (const key of values.length === 0 ? [] : Object.keys(value)) {
      for (let i = 0; i < values.length && !names.has(key); i++) {
        const path = values[i]!(value[key])
        if (path !== undefined) return [key, ...path]
      }
    }
  }
}

/** Which keys a pattern covers, only the parser knows. */
const strictExcess = (ast: SchemaAST.AST): FindExcess => {
  const parse = SchemaParser.decodeUnknownExit({ ast } as Schema.ConstraintDecoder<unknown>, strict)
  return (value) => {
    const exit = parse(value)
    const reason = exit._tag === "Failure" ? exit.cause.reasons[0] : undefined
    return reason?._tag === "Fail" ? misfit(reason.error, value).path : undefined
  }
}

// ---------------------------------------------------------------------------
// issues
// ---------------------------------------------------------------------------

/**
 * Reduces an issue to its first leaf.
 *
 * @internal
 */
export const misfit = (issue: SchemaIssue.Issue, root: unknown): Misfit => {
  const path: Array<PropertyKey> = []
  let current = issue
  let value = root
  while (true) {
    // Of a union with one candidate, what is wrong with that one; `Schema.optional` is such a union.
    while (current._tag === "AnyOf" && current.issues.length === 1) current = current.issues[0]!
    switch (current._tag) {
      case "Pointer": {
        for (const part of current.path) {
          path.push(part)
          value = typeof value === "object" && value !== null && Object.hasOwn(value, part)
            ? (value as any)[part]
            : undefined
        }
        current = current.issue
        continue
      }
      case "Composite": {
        current = current.issues[0]
        continue
      }
      case "Encoding": {
        current = current.issue
        continue
      }
      case "MissingKey":
        return { issue: "this property is missing", path }
      case "UnexpectedKey":
        return { issue: "this property is not expected", path }
      default: {
        // The formatter repeats paths and issues on further lines; one line is enough to act on.
        const line = formatter(current).split("\n")[0]!.replace(/^E/, "e").slice(0, 200)
        const where = pathOf(current)
        return { issue: `${line}, got ${describeKind(where.reduce(descend, value))}`, path: path.concat(where) }
      }
    }
  }
}

const formatter = SchemaIssue.makeFormatterDefault()

const descend = (value: unknown, part: PropertyKey): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, part) ? (value as any)[part] : undefined

/** The path to the first leaf of a union's best candidate. */
const pathOf = (issue: SchemaIssue.Issue): ReadonlyArray<PropertyKey> => {
  switch (issue._tag) {
    case "Pointer":
      return [...issue.path, ...pathOf(issue.issue)]
    case "Composite":
      return pathOf(issue.issues[0])
    case "AnyOf":
      return issue.issues.length === 1 ? pathOf(issue.issues[0]!) : []
    default:
      return []
  }
}

const describeKind = (value: unknown): string => {
  if (value === null) return "null"
  if (Array.isArray(value)) return "an array"
  switch (typeof value) {
    case "undefined":
      return "nothing"
    case "object":
      return "an object"
    case "string":
      return value.length > 1_000 ? `a string of ${value.length} characters` : "a string"
    default:
      return `a ${typeof value}`
  }
}

export { makeRedactor } from "./sensitive.ts"
