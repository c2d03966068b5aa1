import * as Result from "effect/Result"
import { maxPatternLength } from "../limits.ts"

/** What some language that specs are compiled to does not know, and what to do about it. */
const foreignParts: ReadonlyArray<readonly [part: RegExp, message: string]> = [
  [/^\(\?<?[=!]/u, "look-around is not known in every language: say the rest in the description"],
  [/^\(\?<\w/u, "named groups are written differently in every language: write (…) or (?:…)"],
  [/^\(\?(?!:)/u, "flags and other special groups are not known in every language: write (?:…)"],
  [/^\\[1-9]/u, "back references are not known in every language"],
  [/^\\k</u, "back references are not known in every language"],
  [/^\\[pP]\{/u, "classes such as \\p{L} are not known in every language: list the characters"],
  [/^\\u\{/u, "write \\uXXXX, or the character itself"],
  [/^\\c/u, "write \\xXX"],
  [/^\\0/u, "write \\x00"]
]

/**
 * Says why a text is no pattern that every language understands.
 *
 * The pattern itself is checked by the engine; this looks for what only some engines know.
 *
 * @internal
 */
export const patternProblem = (pattern: string): string | undefined => {
  if (pattern.length > maxPatternLength) return `the pattern is longer than ${maxPatternLength} characters`
  const engine = compile(pattern)
  if (typeof engine === "string") return engine
  let inClass = false
  for (let at = 0; at < pattern.length; at++) {
    const rest = pattern.slice(at)
    for (const [part, message] of foreignParts) {
      // Inside a class, a bracket is itself.
      if (inClass && part.source.startsWith("^\\(")) continue
      if (part.test(rest)) return `column ${at + 1}: ${message}`
    }
    if (pattern[at] === "\\") at++
    else if (pattern[at] === "[") inClass = true
    else if (pattern[at] === "]") inClass = false
  }
  return undefined
}

/** The pattern as the generated schema uses it, or why it is none. */
const compile = (pattern: string): RegExp | string => {
  const known = compiled.get(pattern)
  if (known !== undefined) return known
  const result = construct(pattern)
  if (compiled.size >= 1000) compiled.clear()
  compiled.set(pattern, result)
  return result
}

const compiled = new Map<string, RegExp | string>()

const construct = (pattern: string): RegExp | string =>
  Result.match(Result.try(() => new RegExp(pattern, "u")), {
    onSuccess: (engine) => engine,
    onFailure: (error) => {
      const reason = error instanceof Error ? error.message.replace(/^.*: /s, "") : String(error)
      return `this is no regular expression: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`
    }
  })

/** Whether a text fits a pattern that has been checked. @internal */
export const matches = (pattern: string, text: string): boolean => {
  const engine = compile(pattern)
  return typeof engine === "string" || engine.test(text)
}
