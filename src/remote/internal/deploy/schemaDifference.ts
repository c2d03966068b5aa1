import type { JsonSchemaDocument } from "../../../operation/OperationJson.ts"

/**
 * What the caller and the deployment have said about one operation. Schemas are JSON Schema documents; one that is not
 * there is not compared.
 *
 * @internal
 */
export interface Described {
  readonly input: JsonSchemaDocument
  readonly output: JsonSchemaDocument
  readonly error?: JsonSchemaDocument | undefined
  readonly stream?: boolean | undefined
}

/**
 * What keeps a caller from using a deployment, in a few words with the path of the field, or `undefined` when it can: the
 * deployed input has to accept all that the caller may send, and the caller all that the deployment may answer.
 *
 * **Details**
 *
 * Invariant: it only names a difference it can point to. Keywords that it does not know count as equal, because both sides
 * still validate every value.
 *
 * @internal
 */
export const schemaDifference = (caller: Described, deployed: Described): string | undefined => {
  if (caller.stream !== undefined && deployed.stream !== undefined && caller.stream !== deployed.stream) {
    return caller.stream ? "a stream here, one value deployed" : "one value here, a stream deployed"
  }
  const sent = new Comparison(caller.input, deployed.input, "sent").difference("input")
  if (sent !== undefined) return sent
  const answered = new Comparison(deployed.output, caller.output, "answered").difference("output")
  if (answered !== undefined) return answered
  if (caller.error === undefined || deployed.error === undefined) return undefined
  return new Comparison(deployed.error, caller.error, "answered").difference("error")
}

type Node = { readonly [keyword: string]: unknown }

/** How many pairs of nodes are compared before the rest counts as equal: documents come from outside. */
const limit = 20_000

/** How deep is looked. */
const depthLimit = 100

/**
 * Whether all values of the schema `from` also fit the schema `to`. What is sent goes from the caller to the deployment,
 * what is answered the other way: this decides which of the two is "here".
 */
class Comparison {
  private readonly from: Node
  private readonly to: Node
  private readonly direction: "sent" | "answered"
  private readonly open = new Map<Node, Set<Node>>()
  private readonly flattened = new Map<Node, Node>()
  private left = limit
  private depth = 0

  constructor(from: Node, to: Node, direction: "sent" | "answered") {
    this.from = from
    this.to = to
    this.direction = direction
  }

  difference(root: string): string | undefined {
    return this.compare(this.from, this.to, root)
  }

  private compare(fromNode: unknown, toNode: unknown, path: string): string | undefined {
    if (--this.left < 0 || this.depth > depthLimit) return undefined
    const from = this.resolve(fromNode, this.from)
    const to = this.resolve(toNode, this.to)
    if (isNever(from) || isAny(to)) return undefined
    if (isNever(to)) return this.say(path, from, to)
    // A pair that is being compared further up fits as long as nothing else differs.
    const seen = this.open.get(from) ?? new Set()
    this.open.set(from, seen)
    if (seen.has(to)) return undefined
    seen.add(to)
    this.depth++
    const found = this.compareResolved(from, to, path)
    this.depth--
    if (found !== undefined) seen.delete(to)
    return found
  }

  private compareResolved(from: Node, to: Node, path: string): string | undefined {
    const accepted = alternativesOf(to)
    const alternatives = alternativesOf(from) ?? (accepted === undefined ? undefined : splitOf(from))
    if (alternatives !== undefined) {
      for (const alternative of alternatives) {
        const found = this.compare(alternative, to, path)
        if (found !== undefined) return found
      }
      return undefined
    }
    if (accepted !== undefined) return this.someOf(from, accepted, to, path)
    return this.kinds(from, to, path) ?? this.literals(from, to, path) ?? this.bounds(from, to, path) ??
      this.properties(from, to, path) ?? this.elements(from, to, path)
  }

  /** Of several alternatives one has to fit; of those that almost do, the one of the same kind says what is wrong. */
  private someOf(from: Node, accepted: ReadonlyArray<unknown>, to: Node, path: string): string | undefined {
    let closest: string | undefined
    for (const alternative of accepted) {
      const found = this.compare(from, alternative, path)
      if (found === undefined) return undefined
      if (accepted.length === 1 || !found.startsWith(`${path}: `)) closest ??= found
    }
    return closest ?? this.say(path, from, to)
  }

  private kinds(from: Node, to: Node, path: string): string | undefined {
    const kinds = kindsOf(from)
    const accepted = kindsOf(to)
    if (accepted === undefined) return undefined
    if (kinds === undefined) return this.say(path, from, to)
    const fits = kinds.every((kind) => accepted.includes(kind) || (kind === "integer" && accepted.includes("number")))
    return fits ? undefined : this.say(path, from, to)
  }

  private literals(from: Node, to: Node, path: string): string | undefined {
    const accepted = literalsOf(to)
    if (accepted === undefined) return undefined
    const values = literalsOf(from)
    return values !== undefined && values.every((value) => accepted.includes(value))
      ? undefined
      : this.say(path, from, to)
  }

  private bounds(from: Node, to: Node, path: string): string | undefined {
    if (literalsOf(from) !== undefined) return undefined
    for (const [keyword, sign] of bounds) {
      const wanted = to[keyword]
      if (typeof wanted !== "number") continue
      const given = from[keyword]
      if (typeof given !== "number" || given * sign > wanted * sign) {
        return this.words(
          path,
          typeof given === "number" ? `${keyword} ${given}` : `no ${keyword}`,
          `${keyword} ${wanted}`
        )
      }
    }
    for (const keyword of ["pattern", "format", "multipleOf"]) {
      const wanted = to[keyword]
      if (wanted !== undefined && from[keyword] !== wanted) {
        return this.words(
          path,
          from[keyword] === undefined ? `no ${keyword}` : `${keyword} ${short(from[keyword])}`,
          `${keyword} ${short(wanted)}`
        )
      }
    }
    return undefined
  }

  private properties(from: Node, to: Node, path: string): string | undefined {
    const given = propertiesOf(from)
    const known = propertiesOf(to)
    const always = namesOf(from["required"])
    for (const name of namesOf(to["required"])) {
      if (always.has(name) || !kindsInclude(from, "object")) continue
      const at = `${path}.${name}`
      return given.has(name)
        ? this.words(at, "optional", "required")
        : this.words(at, "absent", "required")
    }
    for (const [name, node] of given) {
      const at = `${path}.${name}`
      if (known.has(name)) {
        const found = this.compare(node, known.get(name), at)
        if (found !== undefined) return found
      } else if (to["additionalProperties"] === false) {
        // What an answer has too much is left out by who reads it.
        if (this.direction === "sent" && !hasPatterns(to)) return this.words(at, "sent", "unknown")
      } else if (isNode(to["additionalProperties"])) {
        const found = this.compare(node, to["additionalProperties"], at)
        if (found !== undefined) return found
      }
    }
    if (isNode(from["additionalProperties"])) {
      const at = `${path}.*`
      if (to["additionalProperties"] === false && this.direction === "sent") return this.words(at, "sent", "unknown")
      if (isNode(to["additionalProperties"])) {
        return this.compare(from["additionalProperties"], to["additionalProperties"], at)
      }
    }
    return undefined
  }

  private elements(from: Node, to: Node, path: string): string | undefined {
    const given = Array.isArray(from["prefixItems"]) ? from["prefixItems"] : []
    const known = Array.isArray(to["prefixItems"]) ? to["prefixItems"] : []
    for (let i = 0; i < Math.max(given.length, known.length); i++) {
      const ours = given[i] ?? from["items"]
      const theirs = known[i] ?? to["items"]
      if (ours === undefined || ours === false) break
      if (theirs === false) return this.words(`${path}[${i}]`, "sent", "unknown")
      if (theirs === undefined) continue
      const found = this.compare(ours, theirs, `${path}[${i}]`)
      if (found !== undefined) return found
    }
    if (!isNode(from["items"]) || !isNode(to["items"])) return undefined
    return this.compare(from["items"], to["items"], `${path}[]`)
  }

  private resolve(node: unknown, document: Node): Node {
    let current = node
    for (let hops = 0; hops < 100; hops++) {
      if (current === false) return never
      if (!isNode(current)) return {}
      const reference = current["$ref"]
      if (typeof reference !== "string") return this.flat(current)
      const name = /^#\/\$defs\/([^/]+)$/.exec(reference)?.[1]
      const definitions = document["$defs"]
      const key = name === undefined ? undefined : decode(name)
      if (key === undefined || !isNode(definitions) || !Object.hasOwn(definitions, key)) return {}
      current = definitions[key]
    }
    return {}
  }

  /** Checks often stand in `allOf`; those of a node are put beside its type. */
  private flat(node: Node): Node {
    const { allOf, ...rest } = node
    if (!Array.isArray(allOf)) return node
    const known = this.flattened.get(node)
    if (known !== undefined) return known
    const flat: Node = Object.assign({}, ...allOf.filter((part) => isNode(part) && !("$ref" in part)), rest)
    this.flattened.set(node, flat)
    return flat
  }

  private say(path: string, from: Node, to: Node): string {
    return this.words(path, describe(from), describe(to))
  }

  private words(path: string, from: string, to: string): string {
    return this.direction === "sent"
      ? `${path}: ${from} here, ${to} deployed`
      : `${path}: ${to} here, ${from} deployed`
  }
}

const never: Node = { not: {} }

/** What a value must be at least (1) or at most (-1). */
const bounds: ReadonlyArray<readonly [keyword: string, sign: 1 | -1]> = [
  ["minimum", -1],
  ["exclusiveMinimum", -1],
  ["minLength", -1],
  ["minItems", -1],
  ["minProperties", -1],
  ["maximum", 1],
  ["exclusiveMaximum", 1],
  ["maxLength", 1],
  ["maxItems", 1],
  ["maxProperties", 1]
]

const isNode = (u: unknown): u is Node => typeof u === "object" && u !== null && !Array.isArray(u)

const isNever = (node: Node): boolean => isNode(node["not"]) && Object.keys(node["not"]).length === 0

const isAny = (node: Node): boolean => Object.keys(node).every((keyword) => annotations.has(keyword))

const annotations = new Set(["title", "description", "default", "examples", "$comment", "$defs", "x-sensitive"])

const alternativesOf = (node: Node): ReadonlyArray<unknown> | undefined => {
  const alternatives = node["anyOf"] ?? node["oneOf"]
  return Array.isArray(alternatives) ? alternatives : undefined
}

/** A schema of several kinds or values as one schema for each. */
const splitOf = (node: Node): ReadonlyArray<Node> | undefined => {
  const { enum: values, type } = node
  if (Array.isArray(values) && values.length > 1) return values.map((value) => ({ const: value }))
  if (Array.isArray(type) && type.length > 1) return type.map((kind) => ({ ...node, type: kind }))
  return undefined
}

const kindsOf = (node: Node): ReadonlyArray<string> | undefined => {
  const { type } = node
  if (typeof type === "string") return [type]
  if (Array.isArray(type)) return type.filter((kind): kind is string => typeof kind === "string")
  const literals = literalsOf(node)
  return literals?.map((text) => kindOf(JSON.parse(text)))
}

const kindOf = (value: unknown): string =>
  value === null
    ? "null"
    : Array.isArray(value)
    ? "array"
    : typeof value === "number" && Number.isInteger(value)
    ? "integer"
    : typeof value

const kindsInclude = (node: Node, kind: string): boolean => kindsOf(node)?.includes(kind) ?? true

/** The values that a schema consists of, as JSON text. */
const literalsOf = (node: Node): ReadonlyArray<string> | undefined =>
  "const" in node
    ? [JSON.stringify(node["const"])]
    : Array.isArray(node["enum"])
    ? node["enum"].map((value) => JSON.stringify(value))
    : undefined

const propertiesOf = (node: Node): ReadonlyMap<string, unknown> =>
  new Map(isNode(node["properties"]) ? Object.entries(node["properties"]) : [])

const namesOf = (required: unknown): ReadonlySet<string> =>
  new Set(Array.isArray(required) ? required.filter((name): name is string => typeof name === "string") : [])

/** Patterns come from outside and are never run: a property that one may cover is taken to be covered. */
const hasPatterns = (node: Node): boolean => isNode(node["patternProperties"])

const describe = (node: Node): string => {
  if (isNever(node)) return "nothing"
  const alternatives = alternativesOf(node)
  if (alternatives !== undefined) {
    const words = alternatives.map((one) => isNode(one) ? describe(one) : "anything")
    // A number as JSON is a number or one of these texts.
    return shortList(words.includes("number") ? words.filter((word) => !notFinite.test(word)) : words)
  }
  const literals = literalsOf(node)
  if (literals !== undefined) return shortList(literals)
  const kinds = kindsOf(node)
  return kinds === undefined ? typeof node["$ref"] === "string" ? "a definition" : "anything" : kinds.join(" or ")
}

const notFinite = /^(?:"(?:-?Infinity|NaN)"(?: or )?)+$/

const shortList = (words: ReadonlyArray<string>): string => {
  const unique = [...new Set(words)]
  return (unique.length > 5 ? [...unique.slice(0, 5), "…"] : unique).map((word) => word.slice(0, 60)).join(" or ")
}

const short = (value: unknown): string => String(value).slice(0, 60)

const decode = (token: string): string | undefined => {
  try {
    return decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~")
  } catch {
    return undefined
  }
}
