import * as Effect from "effect/Effect"
import { type CliFailure, usage } from "./failure.ts"

/**
 * Parses JSON that a user wrote, and says where it is not JSON.
 *
 * @internal
 */
export const parse = (text: string, source: string): Effect.Effect<unknown, CliFailure> =>
  Effect.suspend(() => {
    try {
      return Effect.succeed(JSON.parse(text) as unknown)
    } catch (cause) {
      const fault = locate(text)
      const before = text.slice(0, fault.offset).split("\n")
      const place = `line ${before.length}, column ${before[before.length - 1]!.length + 1}`
      return Effect.fail(usage("InvalidJson", `${source} is not JSON at ${place}: ${fault.problem}`, cause))
    }
  })

interface Fault {
  readonly offset: number
  readonly problem: string
}

type Want = "value" | "element or end" | "name" | "name or end" | "colon" | "comma or end" | "end"

const names: { readonly [want in Want]: string } = {
  value: "a value",
  "element or end": "a value or \"]\"",
  name: "a property name in double quotes",
  "name or end": "a property name in double quotes, or \"}\"",
  colon: "\":\"",
  "comma or end": "\",\"",
  end: "the end of the text"
}

/**
 * Finds the first place where a text stops being JSON. The engine's own message often has no position, and repeats the
 * text, which may be a secret.
 */
const locate = (text: string): Fault => {
  const open: Array<"{" | "["> = []
  let want = "value" as Want
  let at = 0
  const expected = (): Fault => {
    const closing = open[open.length - 1] === "{" ? "\"}\"" : "\"]\""
    const what = want === "comma or end" ? `${names[want]} or ${closing}` : names[want]
    return {
      offset: at,
      problem: at >= text.length
        ? `expected ${what}, but it ends here`
        : `expected ${what}, found ${JSON.stringify(text[at])}`
    }
  }
  const afterValue = () => {
    want = open.length === 0 ? "end" : "comma or end"
  }
  while (true) {
    while (at < text.length && " \t\n\r".includes(text[at]!)) at++
    if (at >= text.length) return expected()
    const character = text[at]!
    if (want === "colon") {
      if (character !== ":") return expected()
      want = "value"
      at++
    } else if (want === "comma or end") {
      if (character === ",") want = open[open.length - 1] === "{" ? "name" : "value"
      else if (character === (open[open.length - 1] === "{" ? "}" : "]")) {
        open.pop()
        afterValue()
      } else return expected()
      at++
    } else if (want === "end") {
      return expected()
    } else if (want === "name or end" && character === "}" || want === "element or end" && character === "]") {
      open.pop()
      afterValue()
      at++
    } else if (character === "\"") {
      const end = endOfString(text, at)
      if (typeof end !== "number") return end
      at = end
      if (want === "name" || want === "name or end") want = "colon"
      else afterValue()
    } else if (want === "name" || want === "name or end") {
      return expected()
    } else if (character === "{" || character === "[") {
      open.push(character)
      want = character === "{" ? "name or end" : "element or end"
      at++
    } else {
      literal.lastIndex = at
      const found = literal.exec(text)
      if (found === null) return expected()
      at += found[0].length
      afterValue()
    }
  }
}

const literal = /true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

const endOfString = (text: string, start: number): number | Fault => {
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!
    if (character === "\"") return at + 1
    if (character < " ") return { offset: at, problem: "a control character in a string has to be escaped, as in \\n" }
    if (character === "\\") {
      escape.lastIndex = at
      const found = escape.exec(text)
      if (found === null) return { offset: at, problem: "this is not an escape sequence of JSON" }
      at += found[0].length - 1
    }
  }
  return { offset: start, problem: "this string has no end" }
}

const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y
