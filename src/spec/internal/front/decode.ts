import type * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import { suggest } from "../../../operation/internal/suggest.ts"
import * as CommandSpec from "../../CommandSpec.ts"
import type { SpecProblem } from "../../SpecError.ts"

/** A problem whose place is known as a path only. @internal */
export type Finding = Pick<SpecProblem, "path" | "message" | "suggestions">

type Path = ReadonlyArray<string | number>

const strict: SchemaAST.ParseOptions = { errors: "all", onExcessProperty: "error" }

type Decoder = (input: unknown) => { readonly value: unknown } | { readonly findings: ReadonlyArray<Finding> }

/**
 * Makes a decoder that says what is wrong in words of the format, all at once.
 *
 * @internal
 */
export const makeDecoder = (schema: Schema.Constraint): Decoder => {
  const decode = SchemaParser.decodeUnknownResult(schema as Schema.Codec<unknown>, strict)
  return (input) => {
    const result = decode(input)
    return result._tag === "Success" ? { value: result.success } : { findings: findingsOf(result.failure, input, []) }
  }
}

const findingsOf = (issue: SchemaIssue.Issue, input: unknown, path: Path): ReadonlyArray<Finding> => {
  switch (issue._tag) {
    case "Pointer": {
      const inner = issue.path.reduce(partOf, input)
      return findingsOf(issue.issue, inner, [...path, ...issue.path as Path])
    }
    case "Composite":
      return issue.issues.flatMap((inner) => findingsOf(inner, input, path))
    case "Encoding":
      return findingsOf(issue.issue, input, path)
    case "Filter":
      return [finding(path, `expected ${expectedBy(issue.filter)}, found ${describe(input)}`)]
    case "MissingKey":
      return [finding(path.slice(0, -1), `the key ${JSON.stringify(path.at(-1))} is missing`)]
    case "UnexpectedKey":
      return [unknownKey(issue.ast, path)]
    case "AnyOf":
      return choice(issue.ast, input, path)
    default: {
      const ast = "ast" in issue ? issue.ast as SchemaAST.AST : undefined
      return [
        finding(path, `expected ${ast === undefined ? "another value" : expected(ast)}, found ${describe(input)}`)
      ]
    }
  }
}

const partOf = (value: unknown, key: PropertyKey): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, key) ? (value as any)[key] : undefined

const finding = (path: Path, message: string, suggestions: ReadonlyArray<string> = []): Finding => ({
  path,
  message: `${message}.`,
  suggestions
})

const unknownKey = (ast: SchemaAST.AST, path: Path): Finding => {
  const known = ast._tag === "Objects" ? ast.propertySignatures.map((property) => String(property.name)) : []
  const key = String(path.at(-1))
  const suggestions = suggest(key, known)
  const others = suggestions.length > 0 || known.length === 0 ? "" : `; the keys are ${known.join(", ")}`
  return finding(path, `the key ${JSON.stringify(key)} is not known here${others}`, suggestions)
}

// ---------------------------------------------------------------------------
// unions
// ---------------------------------------------------------------------------

/** The key of a declaration that says which kind it is. */
const kinds: ReadonlyArray<readonly [key: string, schema: Schema.Constraint]> = [
  ["fields", CommandSpec.StructSpec],
  ["enum", CommandSpec.EnumSpec],
  ["union", CommandSpec.UnionSpec],
  ["type", CommandSpec.AliasSpec]
]

const choice = (ast: SchemaAST.Union, input: unknown, path: Path): ReadonlyArray<Finding> => {
  if (ast === CommandSpec.TypeSpec.ast) return declaration(input, path)
  const literals = ast.types.map((type) => type._tag === "Literal" ? type.literal : undefined)
  if (literals.every((literal) => literal !== undefined)) {
    const names = literals.map(String)
    return [
      finding(
        path,
        `expected ${or(names.map((name) => JSON.stringify(name)))}, found ${describe(input)}`,
        typeof input === "string" ? suggest(input, names) : []
      )
    ]
  }
  const wanted = Array.isArray(input) ? "Arrays" : typeof input === "object" && input !== null ? "Objects" : undefined
  const member = ast.types.find((type) => type._tag === wanted)
  if (member === undefined) return [finding(path, `expected ${or(ast.types.map(expected))}, found ${describe(input)}`)]
  return within({ ast: member } as Schema.Constraint, input, path)
}

const declaration = (input: unknown, path: Path): ReadonlyArray<Finding> => {
  const kind = kinds.find(([key]) => partOf(input, key) !== undefined)
  if (kind !== undefined) return within(kind[1], input, path)
  const keys = typeof input === "object" && input !== null ? Object.keys(input) : []
  const near = keys.flatMap((key) => suggest(key, kinds.map(([kind]) => kind)))
  return [
    finding(
      path,
      "a declaration of a type has one of the keys \"fields\", \"enum\", \"union\" and \"type\"",
      near.slice(0, 1)
    )
  ]
}

const within = (schema: Schema.Constraint, input: unknown, path: Path): ReadonlyArray<Finding> => {
  const decoded = makeDecoder(schema)(input)
  if ("findings" in decoded) return decoded.findings.map((found) => ({ ...found, path: [...path, ...found.path] }))
  return [finding(path, `this value does not fit: ${describe(input)}`)]
}

// ---------------------------------------------------------------------------
// words
// ---------------------------------------------------------------------------

const expectedBy = (filter: { readonly annotations?: unknown }): string => {
  const { expected } = (filter.annotations ?? {}) as { readonly expected?: unknown }
  return typeof expected === "string" ? expected : "another value"
}

const expected = (ast: SchemaAST.AST): string => {
  switch (ast._tag) {
    case "String":
      return "a string"
    case "Number":
      return "a number"
    case "Boolean":
      return "true or false"
    case "Arrays":
      return "an array"
    case "Objects":
      return "an object"
    case "Literal":
      return JSON.stringify(ast.literal)
    default:
      return typeof ast.annotations?.["expected"] === "string" ? ast.annotations["expected"] : "a JSON value"
  }
}

/** Short, and never an object's contents. */
const describe = (input: unknown): string => {
  if (input === undefined) return "nothing"
  if (Array.isArray(input)) return "an array"
  if (typeof input === "object" && input !== null) return "an object"
  const text = JSON.stringify(input)
  return text.length <= 60 ? text : `${text.slice(0, 57)}…`
}

const or = (words: ReadonlyArray<string>): string =>
  words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
