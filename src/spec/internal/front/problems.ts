import type * as CommandSpec from "../../CommandSpec.ts"
import type { SpecProblem } from "../../SpecError.ts"
import { lineOf, parseJson, placeOf } from "./jsonText.ts"
import { maxProblems } from "./limits.ts"
import { byName } from "./names.ts"
import type { Report } from "./scope.ts"

/** The texts that specs were read from: a problem that shows later still knows its line. */
const texts = new WeakMap<CommandSpec.CommandSpec, string>()

/** @internal */
export const remember = (spec: CommandSpec.CommandSpec, text: string): void => void texts.set(spec, text)

/**
 * Collects problems, and finds their lines when all is said.
 *
 * @internal
 */
export class Problems {
  readonly #found: Array<SpecProblem> = []
  readonly #said = new Set<string>()
  readonly #places = new Map<CommandSpec.CommandSpec, (path: ReadonlyArray<string | number>) => Place>()

  get isEmpty(): boolean {
    return this.#found.length === 0
  }

  reporter(file: { readonly source: string; readonly spec: CommandSpec.CommandSpec }): Report {
    return (path, message, suggestions = [], column) => {
      const said = JSON.stringify([file.source, path, message])
      if (this.#said.has(said)) return
      this.#said.add(said)
      this.#found.push({
        source: file.source,
        path,
        ...this.#place(file.spec, path, column),
        message: message.endsWith(".") ? message : `${message}.`,
        suggestions
      })
    }
  }

  sorted(): ReadonlyArray<SpecProblem> {
    return sortProblems(this.#found)
  }

  #place(spec: CommandSpec.CommandSpec, path: ReadonlyArray<string | number>, column: number | undefined): Place {
    let places = this.#places.get(spec)
    if (places === undefined) {
      places = placesIn(texts.get(spec))
      this.#places.set(spec, places)
    }
    const place = places(path)
    // The quote comes before the first column.
    return place.column === undefined || column === undefined ? place : { ...place, column: place.column + column }
  }
}

type Place = { readonly line?: number; readonly column?: number }

const placesIn = (text: string | undefined): (path: ReadonlyArray<string | number>) => Place => {
  const parsed = text === undefined ? undefined : parseJson(text)
  if (parsed?._tag !== "Value") return () => ({})
  return (path) => lineOf(text!, placeOf(parsed.places, path))
}

/** By file, then by line, then by path; not more than anybody would read. @internal */
export const sortProblems = (problems: ReadonlyArray<SpecProblem>): ReadonlyArray<SpecProblem> =>
  [...problems].sort((a, b) =>
    byName(a.source, b.source) || (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0) ||
    byName(a.path.join("\n"), b.path.join("\n")) || byName(a.message, b.message)
  ).slice(0, maxProblems)
