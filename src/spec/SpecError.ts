/**
 * What is wrong with specs.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * One thing that is wrong, and where.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpecProblem {
  /** The file of the spec. */
  readonly source: string
  /** Where in the spec, for example `["params", 0, "type"]`. */
  readonly path: ReadonlyArray<string | number>
  /** Where in the file, from 1; absent when the spec was not read from a text. */
  readonly line?: number
  readonly column?: number
  /** What is wrong and what to do about it: one or more sentences in one line. */
  readonly message: string
  /** What may have been meant. */
  readonly suggestions: ReadonlyArray<string>
}

/**
 * Everything that is wrong with a set of specs, in the order of files and lines.
 *
 * @category errors
 * @since 0.1.0
 */
export class SpecError extends Data.TaggedError("SpecError")<{
  readonly problems: ReadonlyArray<SpecProblem>
}> {
  override get message(): string {
    return this.problems.map(format).join("\n")
  }
}

/**
 * Writes a problem in one line: `specs/gpu/stats.json:12:5: params[0].type: …`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const format = (problem: SpecProblem): string => {
  const place = problem.line === undefined ? "" : `:${problem.line}:${problem.column ?? 1}`
  const path = problem.path.length === 0 ? "" : ` ${formatPath(problem.path)}:`
  return oneLine(`${problem.source}${place}:${path} ${problem.message}${guess(problem.suggestions)}`)
}

/** A name out of a spec may hold anything, such as what moves the cursor of a terminal. */
const oneLine = (text: string): string =>
  text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0)!.toString(16)
    return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, "0")}`
  })

/**
 * Writes a path as one would in a program: `types.SubsystemInfo.fields.budgetMb` or `params[0].type`.
 *
 * @category formatting
 * @since 0.1.0
 */
export const formatPath = (path: ReadonlyArray<string | number>): string =>
  path.map((part, i) =>
    typeof part === "number"
      ? `[${part}]`
      : /^[A-Za-z_$][\w$]*$/.test(part)
      ? i === 0 ? part : `.${part}`
      : `[${JSON.stringify(part)}]`
  ).join("")

const guess = (suggestions: ReadonlyArray<string>): string =>
  suggestions.length === 0 ? "" : ` Did you mean ${suggestions.map((suggestion) => `"${suggestion}"`).join(" or ")}?`
