import * as JsonSchema from "effect/JsonSchema"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"
import * as SchemaRepresentation from "effect/SchemaRepresentation"
import { hasSensitive, isSensitive, partsOf } from "./sensitive.ts"

/**
 * A JSON Schema (draft 2020-12) that stands by itself: what it refers to is in its `$defs`.
 *
 * @internal
 */
export type Document = { readonly [keyword: string]: Schema.Json }

/** The keyword that marks sensitive values in a document. */
const mark = "x-sensitive"

// ---------------------------------------------------------------------------
// schema to document
// ---------------------------------------------------------------------------

/** The documents that schemas were read from: an import is no exact inverse of an export, so nothing is derived twice. */
const originals = new WeakMap<SchemaAST.AST, Document>()

/**
 * The document of a schema's JSON side.
 *
 * @internal
 */
export const toDocument = (schema: Schema.Constraint): Document => {
  const original = originals.get(schema.ast)
  if (original !== undefined) return original
  const json = Schema.toCodecJson(schema).ast
  const marked = hasSensitive(json) ? Schema.make(markSensitive(json, SchemaAST.toEncoded(json), new Map())) : schema
  const encoded = SchemaAST.toEncoded(json)
  const described = isEndless(encoded) ? Schema.make(fold(SchemaAST.toEncoded(marked.ast), new Map())) : marked
  const document = Schema.toJsonSchemaDocument(described, {
    onExcessProperty: "error",
    includeAnnotationKey: (key) => key === mark
  })
  const standing = Object.keys(document.definitions).length === 0
    ? document.schema
    : { ...document.schema, $defs: document.definitions }
  return standing as Document
}

/** How many nodes of an encoded side are looked at for two with the same name. */
const endlessLimit = 10_000

/** Tells whether a recursive reference leads to a copy of the node that it came from. */
const isEndless = (ast: SchemaAST.AST): boolean => {
  const named = new Map<object, SchemaAST.AST>()
  const nodes = new Set([ast])
  // A set is walked in the order of insertion, what is added on the way included.
  for (const node of nodes) {
    const name = node.annotations
    if (name?.["identifier"] !== undefined) {
      const known = named.get(name)
      if (known !== undefined && known._tag === node._tag && known !== node) return true
      named.set(name, node)
    }
    for (const part of partsOf(node)) nodes.add(part)
    // What has no names is told apart by nothing: that it does not end is found when the document is made.
    if (nodes.size > endlessLimit) return false
  }
  return false
}

/**
 * An encoded side on which a recursive reference leads back to the node that it came from. Where a field inside of the
 * recursion has a default, it leads to another copy of it at every turn; they share the annotations that name them.
 */
const fold = (ast: SchemaAST.AST, made: Map<object, SchemaAST.AST>): SchemaAST.AST => {
  const known = made.get(ast)
  if (known !== undefined) return known
  const folded = foldParts(ast, made)
  made.set(ast, folded)
  const name = ast.annotations
  if (name?.["identifier"] !== undefined && !made.has(name)) made.set(name, folded)
  return folded
}

const foldParts = (ast: SchemaAST.AST, made: Map<object, SchemaAST.AST>): SchemaAST.AST => {
  const { annotations, checks, context } = ast
  switch (ast._tag) {
    case "Objects":
      return new SchemaAST.Objects(
        ast.propertySignatures.map(({ name, type }) => new SchemaAST.PropertySignature(name, fold(type, made))),
        ast.indexSignatures.map(({ parameter, type }) => new SchemaAST.IndexSignature(parameter, fold(type, made))),
        annotations,
        checks,
        undefined,
        context
      )
    case "Arrays": {
      const part = (type: SchemaAST.AST) => fold(type, made)
      const elements = ast.elements.map(part)
      return new SchemaAST.Arrays(ast.isMutable, elements, ast.rest.map(part), annotations, checks, undefined, context)
    }
    case "Union": {
      const types = ast.types.map((type) => fold(type, made))
      return new SchemaAST.Union(types, ast.options, annotations, checks, undefined, context)
    }
    case "Suspend":
      return new SchemaAST.Suspend(
        () => {
          const target = ast.thunk()
          return (target.annotations && made.get(target.annotations)) ?? fold(target, made)
        },
        annotations,
        undefined,
        undefined,
        context
      )
    default:
      return ast
  }
}

/** The encoded side of a JSON codec, with the marks of its type side: annotations do not cross a transformation. */
const markSensitive = (
  ast: SchemaAST.AST,
  encoded: SchemaAST.AST,
  made: Map<SchemaAST.AST, SchemaAST.AST>
): SchemaAST.AST => {
  if (isSensitive(ast)) return withMark(encoded)
  if (!hasSensitive(ast)) return encoded
  const known = made.get(ast)
  if (known !== undefined) return known
  const marked = markParts(ast, encoded, made)
  made.set(ast, marked)
  return marked
}

const markParts = (
  ast: SchemaAST.AST,
  encoded: SchemaAST.AST,
  made: Map<SchemaAST.AST, SchemaAST.AST>
): SchemaAST.AST => {
  if (ast.encoding !== undefined) {
    const last = ast.encoding[ast.encoding.length - 1]!.to
    const marked = markSensitive(last, encoded, made)
    // The secret is somewhere in a value that cannot be told apart, for example in a string of JSON.
    return marked === encoded ? withMark(encoded) : marked
  }
  const part = (from: SchemaAST.AST, to: SchemaAST.AST) => markSensitive(from, to, made)
  const { annotations, checks, context } = encoded
  if (ast._tag === "Objects" && encoded._tag === "Objects") {
    const types = new Map(ast.propertySignatures.map((property) => [property.name, property.type]))
    return new SchemaAST.Objects(
      encoded.propertySignatures.map(({ name, type }) =>
        new SchemaAST.PropertySignature(name, part(types.get(name)!, type))
      ),
      encoded.indexSignatures.map(({ parameter, type }, i) =>
        new SchemaAST.IndexSignature(parameter, part(ast.indexSignatures[i]!.type, type))
      ),
      annotations,
      checks,
      undefined,
      context
    )
  }
  if (ast._tag === "Arrays" && encoded._tag === "Arrays") {
    return new SchemaAST.Arrays(
      encoded.isMutable,
      encoded.elements.map((type, i) => part(ast.elements[i]!, type)),
      encoded.rest.map((type, i) => part(ast.rest[i]!, type)),
      annotations,
      checks,
      undefined,
      context
    )
  }
  if (ast._tag === "Union" && encoded._tag === "Union") {
    return new SchemaAST.Union(
      encoded.types.map((type, i) => part(ast.types[i]!, type)),
      encoded.options,
      annotations,
      checks,
      undefined,
      context
    )
  }
  if (ast._tag === "Suspend" && encoded._tag === "Suspend") {
    return new SchemaAST.Suspend(() => part(ast.thunk(), encoded.thunk()), annotations, checks, undefined, context)
  }
  return withMark(encoded)
}

/** Beside the type, not on its last check, so that the mark stands at the top of what it marks. */
const withMark = (ast: SchemaAST.AST): SchemaAST.AST =>
  Object.assign(Object.create(Object.getPrototypeOf(ast)), ast, {
    annotations: { ...ast.annotations, [mark]: true }
  })

// ---------------------------------------------------------------------------
// document to schema
// ---------------------------------------------------------------------------

/** How many schemas may apply to one place of a value: a document can otherwise make validation endless. */
const placeLimit = 10_000

/** How large a document may be with its references expanded, if intersections in it are to be imported. */
const expansionLimit = 100_000

/**
 * The schema that a document describes, over plain JSON data; or why there is none, in a few words.
 *
 * What `effect/Schema` has no word for is not checked: constraints like `contains` or `if`, and several key patterns
 * beside properties. `toDocument` makes them only of such annotations and schemas.
 *
 * @internal
 */
export const fromDocument = (
  document: Document,
  patterns: "safe" | "apply" | "ignore"
): Schema.Codec<Schema.Json> | string => {
  const endless = findEndless(document)
  if (endless !== undefined) return endless
  const { definitions, dialect, schema } = JsonSchema.fromSchemaDraft2020_12(document)
  let problem = "it is no JSON Schema"
  // To import an intersection is to expand the references on both sides of it.
  const expandable = sizeOf(document) <= expansionLimit
  for (const looser of expandable ? [keep, withoutUnsupported, withoutSiblings] : [withoutSiblings]) {
    try {
      const imported = SchemaRepresentation.fromJsonSchemaDocument({ dialect, schema, definitions }, {
        patterns: "apply",
        includeAnnotationKey: (key) => key === "sensitive",
        onEnter: (node) => looser(standIns(withoutPatterns(node, patterns)))
      })
      // A node of its own: a schema like `Never` is one for everybody.
      const own = imported.annotate({}) as unknown as Schema.Codec<Schema.Json>
      // Its recursive parts are built on demand: a first look at a value shows that they can be.
      Schema.is(own)(null)
      originals.set(own.ast, document)
      return own
    } catch (error) {
      problem = error instanceof RangeError
        ? "it is nested too deeply"
        : String((error as Error).message).split("\n")[0]!
    }
  }
  return problem
}

type Node = JsonSchema.JsonSchema

const keep = (node: Node): Node => node

/** What our documents say in words that the importer does not have. */
const standIns = (node: Node): Node => {
  const { [mark]: sensitive, ...rest } = node
  const known = sensitive === true ? { ...rest, sensitive } : rest
  if (!isNotNull(known["not"])) return known
  const { not: _, ...open } = known
  return { ...open, type: ["string", "number", "boolean", "array", "object"] }
}

/** The empty struct accepts everything but `null` (and `undefined`). */
const isNotNull = (not: unknown): boolean => isNode(not) && Object.keys(not).length === 1 && not["type"] === "null"

const withoutPatterns = (node: Node, patterns: "safe" | "apply" | "ignore"): Node => {
  const usable = (pattern: string) =>
    patterns !== "ignore" && isUnicodePattern(pattern) && (patterns === "apply" || isSafePattern(pattern))
  const { pattern, patternProperties } = node
  let out = node
  if (typeof pattern === "string" && !usable(pattern)) out = omit(out, "pattern")
  if (isNode(patternProperties) && !Object.keys(patternProperties).every(usable)) {
    // Which keys are additional depends on the patterns.
    out = omit(out, "patternProperties", "additionalProperties")
  }
  return out
}

const unsupported = [
  "not",
  "if",
  "then",
  "else",
  "contains",
  "dependentRequired",
  "dependentSchemas",
  "unevaluatedItems",
  "unevaluatedProperties",
  "$dynamicRef"
]

const withoutUnsupported = (node: Node): Node => {
  const never = isNode(node["not"]) && Object.keys(node["not"]).length === 0
  const out = never ? node : omit(node, ...unsupported)
  return "patternProperties" in out ? omit(out, "patternProperties", "additionalProperties") : out
}

const withoutSiblings = (node: Node): Node => {
  const out = withoutUnsupported(node)
  if (typeof out["$ref"] === "string") return { $ref: out["$ref"] }
  return omit(out, "allOf", ...("anyOf" in out || "oneOf" in out ? ["type", "enum", "properties"] : []))
}

const omit = (node: Node, ...keywords: ReadonlyArray<string>): Node =>
  Object.fromEntries(Object.entries(node).filter(([keyword]) => !keywords.includes(keyword)))

const isNode = (u: unknown): u is Node => typeof u === "object" && u !== null && !Array.isArray(u)

/** Says why validation against a document might not end: it refers to itself in place, or branches too often. */
const findEndless = (document: Document): string | undefined => {
  const definitions = isNode(document["$defs"]) ? document["$defs"] : {}
  const known = new Map<string, number>()
  const open = new Set<string>()
  const places = (node: unknown): number => {
    if (!isNode(node)) return 1
    let count = 1
    for (const keyword of ["allOf", "anyOf", "oneOf"]) {
      const members = node[keyword]
      if (Array.isArray(members)) { for (const member of members) count += places(member) }
    }
    const name = definitionOf(node["$ref"])
    return name !== undefined && Object.hasOwn(definitions, name) ? count + definition(name) : count
  }
  const definition = (name: string): number => {
    const count = known.get(name)
    if (count !== undefined) return count
    if (open.has(name)) return Infinity
    open.add(name)
    const found = places(definitions[name])
    open.delete(name)
    known.set(name, found)
    return found
  }
  const counts = [places(document), ...Object.keys(definitions).map(definition)]
  if (counts.includes(Infinity)) return "a definition refers to itself without an end"
  return counts.some((count) => count > placeLimit) ? "its alternatives are too many" : undefined
}

/** How many nodes a document has when every reference is replaced by what it refers to, once where it is recursive. */
const sizeOf = (document: Document): number => {
  const definitions = isNode(document["$defs"]) ? document["$defs"] : {}
  const known = new Map<string, number>()
  const size = (value: unknown): number => {
    if (typeof value !== "object" || value === null) return 1
    let count = 1
    for (const [keyword, part] of Object.entries(value)) if (keyword !== "$defs") count += size(part)
    const name = Array.isArray(value) ? undefined : definitionOf((value as Node)["$ref"])
    return name !== undefined && Object.hasOwn(definitions, name) ? count + definition(name) : count
  }
  const definition = (name: string): number => {
    const count = known.get(name)
    if (count !== undefined) return count
    known.set(name, 1)
    const found = size(definitions[name])
    known.set(name, found)
    return found
  }
  return size(document)
}

/** The definition that a reference leads to, or into. */
const definitionOf = (reference: unknown): string | undefined => {
  const token = typeof reference === "string" ? /^#\/\$defs\/([^/]+)/.exec(reference)?.[1] : undefined
  try {
    return token === undefined ? undefined : decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~")
  } catch {
    return undefined
  }
}

// ---------------------------------------------------------------------------
// patterns
// ---------------------------------------------------------------------------

const isUnicodePattern = (pattern: string): boolean => {
  try {
    return RegExp(pattern, "u").unicode
  } catch {
    return false
  }
}

/** In how many ways a pattern may match before it is refused, as a power of two. */
const patternLimit = 20

/**
 * Tells whether matching a pattern cannot take exponential time: nothing refers back, nothing that repeats without bound
 * contains a choice or another repetition, and choices in a row or in a bounded repetition are few.
 *
 * @internal
 */
export const isSafePattern = (pattern: string): boolean => {
  /** Per open group: how many choices it holds, as a power of two. */
  const groups = [0]
  for (let i = 0; i < pattern.length; i++) {
    let choices = 0
    switch (pattern[i]) {
      case "\\":
        i++
        if (/[1-9k]/.test(pattern[i] ?? "")) return false
        break
      case "[":
        while (++i < pattern.length && pattern[i] !== "]") if (pattern[i] === "\\") i++
        break
      case "(":
        groups.push(0)
        continue
      case "|":
        groups[groups.length - 1]! += 1
        continue
      case ")":
        choices = groups.pop() ?? 0
        break
    }
    const repeats = /^(?:([*+])|(\?)|\{(\d+)(,?)(\d*)\})\??/.exec(pattern.slice(i + 1))
    if (repeats !== null) {
      const [all, many, maybe, from, comma, to] = repeats
      const unbounded = many !== undefined || (comma === "," && to === "")
      if (unbounded && choices > 0) return false
      const least = maybe === undefined ? Number(from) : 0
      const most = maybe === undefined ? Number(to === "" ? from : to) : 1
      choices = unbounded ? 3 : choices * most + Math.log2(most - least + 1)
      i += all.length
    }
    groups[groups.length - 1]! += choices
  }
  return groups.reduce((sum, choices) => sum + choices, 0) <= patternLimit
}
