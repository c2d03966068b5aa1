import { suggest } from "../../../operation/internal/suggest.ts"
import type { Primitive } from "../../SpecIr.ts"
import type { TypeProblem, TypeSyntax } from "../../TypeGrammar.ts"
import { maxTypeDepth, maxTypeLength } from "./limits.ts"

/** @internal */
export const primitives: ReadonlyArray<Primitive> = [
  "string",
  "boolean",
  "number",
  "integer",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bytes",
  "timestamp",
  "json"
]

const primitiveNames = new Map<string, TypeSyntax>(
  primitives.map((name) => [name, { _tag: "Primitive", name }])
)

/** Names of TypeScript and Rust that people write out of habit, and what a spec says instead. */
const waysOut = new Map<string, string>([
  ["any", "write json"],
  ["unknown", "write json"],
  ["object", "write json, or declare a struct in \"types\""],
  ["Object", "write json, or declare a struct in \"types\""],
  ["bigint", "write int64 or uint64"],
  ["BigInt", "write int64 or uint64"],
  ["Date", "write timestamp"],
  ["DateTime", "write timestamp"],
  ["undefined", "write \"optional\": true beside the type"],
  ["void", "leave the field out"],
  ["never", "leave the field out"],
  ["symbol", "write string"],
  ["String", "write string"],
  ["Boolean", "write boolean"],
  ["bool", "write boolean"],
  ["true", "write boolean"],
  ["false", "write boolean"],
  ["Number", "write number"],
  ["float", "write number"],
  ["double", "write number"],
  ["f32", "write number"],
  ["f64", "write number"],
  ["int", "write int32, or integer for up to 53 bits"],
  ["i32", "write int32"],
  ["u32", "write uint32"],
  ["i64", "write int64"],
  ["u64", "write uint64"],
  ["Uint8Array", "write bytes"],
  ["ArrayBuffer", "write bytes"],
  ["Buffer", "write bytes"],
  ["Blob", "write bytes"],
  ["Function", "a function cannot cross to another language"],
  ["Error", "declare it in \"errors\""]
])

/** Generic types, and what a spec says instead. */
const genericWaysOut = new Map<string, string>([
  ["ReadonlyArray", "write T[]"],
  ["Vec", "write T[]"],
  ["Set", "write T[]"],
  ["ReadonlySet", "write T[]"],
  ["Map", "write Record<string, T>"],
  ["ReadonlyMap", "write Record<string, T>"],
  ["HashMap", "write Record<string, T>"],
  ["Option", "write T | null"],
  ["Promise", "write T: commands are asynchronous by \"mode\""],
  ["Partial", "declare a struct with optional fields in \"types\""]
])

type Parsed = { readonly type: TypeSyntax } | { readonly problem: TypeProblem }

type Token =
  | { readonly kind: "word" | "literal" | "symbol"; readonly text: string; readonly at: number }
  | { readonly kind: "end"; readonly text: ""; readonly at: number }

/** Carries a problem up through the parser; never leaves this module. */
class Stop {
  readonly problem: TypeProblem
  constructor(at: number, message: string, suggestions: ReadonlyArray<string> = []) {
    this.problem = { column: at + 1, message, suggestions }
  }
}

/** The same few hundred types come again and again, and reading them is what resolving spends its time on. */
const known = new Map<string, Parsed>()
const maxKnown = 10_000
const maxKnownLength = 200

/** @internal */
export const parse = (text: string): Parsed => {
  const primitive = primitiveNames.get(text)
  if (primitive !== undefined) return { type: primitive }
  const before = known.get(text)
  if (before !== undefined) return before
  const parsed = read(text)
  if (text.length <= maxKnownLength) {
    if (known.size >= maxKnown) known.clear()
    known.set(text, parsed)
  }
  return parsed
}

const read = (text: string): Parsed => {
  if (text.length > maxTypeLength) {
    return new Stop(maxTypeLength, `the type is longer than ${maxTypeLength} characters: declare its parts in "types"`)
  }
  const tokens = tokenize(text)
  if (tokens instanceof Stop) return tokens
  const state: State = { tokens, position: 0 }
  const type = union(state, 0)
  if (type instanceof Stop) return type
  const rest = peek(state)
  return rest.kind === "end" ? finish(type, rest.at) : unexpected(rest, "the end of the type")
}

// ---------------------------------------------------------------------------
// tokens
// ---------------------------------------------------------------------------

const word = /[A-Za-z_$][\w$]*(?:-[\w$]+)*/y
const foreign = /[A-Za-z_$][\w$-]*(?:\/[A-Za-z_$][\w$-]*)+(?:\.[A-Za-z_$][\w$]*)?/y

const tokenize = (text: string): ReadonlyArray<Token> | Stop => {
  const tokens: Array<Token> = []
  let at = 0
  while (at < text.length) {
    const character = text[at]!
    if (character === " " || character === "\t" || character === "\n" || character === "\r") {
      at++
      continue
    }
    if (character === "'" || character === "\"") {
      const end = literalEnd(text, at)
      if (end instanceof Stop) return end
      tokens.push({ kind: "literal", text: text.slice(at + 1, end - 1).replace(/\\(.)/gsu, "$1"), at })
      at = end
      continue
    }
    const name = matchAt(foreign, text, at) ?? matchAt(word, text, at)
    if (name !== undefined) {
      tokens.push({ kind: "word", text: name, at })
      at += name.length
      continue
    }
    if (text.startsWith("=>", at)) return new Stop(at, "a function cannot cross to another language: declare a command")
    if (!"|[]<>(),".includes(character)) return strange(character, at)
    tokens.push({ kind: "symbol", text: character, at })
    at++
  }
  tokens.push({ kind: "end", text: "", at: text.length })
  return tokens
}

const matchAt = (pattern: RegExp, text: string, at: number): string | undefined => {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

const literalEnd = (text: string, start: number): number | Stop => {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === "\\") at++
    else if (text[at] === text[start]) return at + 1
  }
  return new Stop(start, "the string that starts here is not closed")
}

const strange = (character: string, at: number): Stop => {
  switch (character) {
    case "{":
      return new Stop(at, "objects have no place in a type: declare a struct in \"types\" and write its name")
    case "`":
      return new Stop(at, "template literals are not known: write string, with a \"pattern\" beside the type")
    case "&":
      return new Stop(at, "intersections are not known: declare a struct with all fields in \"types\"")
    case "?":
      return new Stop(at, "\"?\" has no meaning here: write \"optional\": true beside the type")
    case ":":
      return new Stop(at, "\":\" has no meaning here: the description and the name stand beside the type")
  }
  return /[0-9-]/.test(character)
    ? new Stop(at, "numbers are no types: write number or int32, with \"minimum\" and \"maximum\" beside the type")
    : new Stop(at, `${JSON.stringify(character)} has no meaning in a type`)
}

// ---------------------------------------------------------------------------
// grammar
// ---------------------------------------------------------------------------

interface State {
  readonly tokens: ReadonlyArray<Token>
  position: number
}

/** `null` by itself is no type; it only makes another one nullable. */
type Part = TypeSyntax | { readonly _tag: "Null" }

const peek = (state: State): Token => state.tokens[state.position]!

const take = (state: State): Token => state.tokens[state.position++]!

const unexpected = (token: Token, wanted: string): Stop =>
  new Stop(
    token.at,
    `expected ${wanted}, found ${token.kind === "end" ? "the end of the type" : JSON.stringify(token.text)}`
  )

const expect = (state: State, symbol: string): Stop | undefined => {
  const token = peek(state)
  if (token.kind !== "symbol" || token.text !== symbol) return unexpected(token, JSON.stringify(symbol))
  state.position++
}

const finish = (part: Part, at: number): Parsed =>
  part._tag === "Null"
    ? new Stop(at, "null alone is no type: write T | null, or leave the field out")
    : { type: part }

const union = (state: State, depth: number): Part | Stop => {
  if (depth > maxTypeDepth) {
    return new Stop(
      peek(state).at,
      `the type is nested deeper than ${maxTypeDepth} levels: declare its parts in "types"`
    )
  }
  if (peek(state).text === "|" && peek(state).kind === "symbol") state.position++
  const literals: Array<string> = []
  let other: TypeSyntax | undefined
  let nullable = false
  while (true) {
    const at = peek(state).at
    const part = postfix(state, depth)
    if (part instanceof Stop) return part
    // `T | null` in parentheses may be one part of a larger union.
    const member = part._tag === "Nullable" ? part.inner : part
    if (part._tag === "Null" || part._tag === "Nullable") nullable = true
    if (member._tag === "Literals" && other === undefined) {
      const twice = member.values.find((value) => literals.includes(value))
      if (twice !== undefined) return new Stop(at, `${JSON.stringify(twice)} stands twice in this choice`)
      literals.push(...member.values)
    } else if (member._tag !== "Null") {
      if (other !== undefined || literals.length > 0) {
        return new Stop(
          at,
          "a choice between types needs a name and a field that tells them apart: declare a union in \"types\""
        )
      }
      other = member
    }
    const next = peek(state)
    if (next.kind !== "symbol" || next.text !== "|") break
    state.position++
  }
  const type: TypeSyntax | undefined = literals.length > 0 ? { _tag: "Literals", values: literals } : other
  return type === undefined ? { _tag: "Null" } : nullable ? { _tag: "Nullable", inner: type } : type
}

const postfix = (state: State, depth: number): Part | Stop => {
  let part = atom(state, depth)
  let levels = depth
  while (!(part instanceof Stop) && peek(state).kind === "symbol" && peek(state).text === "[") {
    const open = take(state)
    const closed = expect(state, "]")
    if (closed !== undefined) return closed
    if (part._tag === "Null") {
      return new Stop(open.at, "an array of null holds nothing: write integer, how many there are")
    }
    if (++levels > maxTypeDepth) {
      return new Stop(open.at, `the type is nested deeper than ${maxTypeDepth} levels: declare its parts in "types"`)
    }
    part = { _tag: "Array", item: part }
  }
  return part
}

const atom = (state: State, depth: number): Part | Stop => {
  const token = take(state)
  switch (token.kind) {
    case "literal":
      return { _tag: "Literals", values: [token.text] }
    case "word":
      return named(state, token, depth)
    case "symbol": {
      if (token.text === "[") {
        return new Stop(token.at, "tuples are not known: declare a struct in \"types\" and write its name")
      }
      if (token.text !== "(") return unexpected(token, "a type")
      if (peek(state).text === ")" && peek(state).kind === "symbol") {
        return new Stop(token.at, "a function cannot cross to another language: declare a command")
      }
      const inner = union(state, depth + 1)
      return inner instanceof Stop ? inner : expect(state, ")") ?? inner
    }
    case "end": {
      state.position--
      return unexpected(token, "a type")
    }
  }
}

const named = (state: State, token: Token, depth: number): Part | Stop => {
  const generic = peek(state).kind === "symbol" && peek(state).text === "<"
  if (generic) return generics(state, token, depth)
  if (token.text === "null") return { _tag: "Null" }
  const primitive = primitiveNames.get(token.text)
  if (primitive !== undefined) return primitive
  const wayOut = waysOut.get(token.text)
  if (wayOut !== undefined) return new Stop(token.at, `${token.text} is not known here: ${wayOut}`)
  if (token.text === "Array" || token.text === "Record") {
    return new Stop(token.at, token.text === "Array" ? "write T[]" : "write Record<string, T>")
  }
  const slash = token.text.lastIndexOf("/")
  const dot = token.text.indexOf(".", slash)
  if (slash >= 0 && dot < 0) {
    return new Stop(token.at, `${token.text} names a spec: write ${token.text}.Name for one of its types`)
  }
  if (slash < 0 && token.text.includes("-")) {
    return new Stop(token.at, `${JSON.stringify(token.text)} is no name of a type: write it like SearchResult`)
  }
  return slash < 0
    ? { _tag: "Name", name: token.text, column: token.at + 1 }
    : { _tag: "Name", name: token.text.slice(dot + 1), spec: token.text.slice(0, dot), column: token.at + 1 }
}

const generics = (state: State, token: Token, depth: number): Part | Stop => {
  if (token.text !== "Array" && token.text !== "Record") {
    const wayOut = genericWaysOut.get(token.text) ?? "declare a type in \"types\""
    return new Stop(token.at, `${token.text}<…> is not known here: ${wayOut}`, suggest(token.text, ["Array", "Record"]))
  }
  state.position++
  if (token.text === "Record") {
    const key = peek(state)
    if (key.kind !== "word" || key.text !== "string") {
      return new Stop(key.at, "the keys of a record are strings: write Record<string, T>")
    }
    state.position++
    const comma = expect(state, ",")
    if (comma !== undefined) return comma
  }
  const at = peek(state).at
  const inner = union(state, depth + 1)
  if (inner instanceof Stop) return inner
  if (inner._tag === "Null") return new Stop(at, "null alone is no type: write T | null")
  const closed = expect(state, ">")
  if (closed !== undefined) return closed
  return token.text === "Array" ? { _tag: "Array", item: inner } : { _tag: "Record", value: inner }
}
