/** The notebook's text: the Markdown files that it imports from node_modules, and queries that are made of their words. */
import { globSync, readFileSync, statSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { termsOf } from "../../../../src/native/modules/search/engine/terms.ts"

export interface Note {
  readonly id: string
  readonly title: string
  readonly text: string
}

const root = fileURLToPath(new URL("../../../../node_modules/", import.meta.url))
const largest = 1024 * 1024

/** The first heading, or the name of the file. */
const titleOf = (text: string, file: string): string =>
  (/^#{1,2}[ \t]+(.+)$/m.exec(text.slice(0, 5000))?.[1] ?? file).slice(0, 200)

/** The notes, in the order of their names. */
export const notes = (): ReadonlyArray<Note> =>
  globSync("**/*.{md,MD,markdown}", { cwd: root }).sort().flatMap((file) => {
    const path = root + file
    const info = statSync(path, { throwIfNoEntry: false })
    if (info === undefined || !info.isFile() || info.size > largest) return []
    const text = readFileSync(path, "utf8").toWellFormed()
    return [{ id: file, title: titleOf(text, file), text }]
  })

/** The same numbers every time. */
export const randomOf = (seed: number) => () => {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
  return seed / 2 ** 32
}

export interface Question {
  readonly query: string
  readonly combine: "or" | "and"
  readonly prefix: boolean
  readonly fuzzy: number
  readonly limit: number
}

export const kinds = {
  "one word": { words: 1, combine: "or", prefix: false, fuzzy: 0 },
  "three words": { words: 3, combine: "or", prefix: false, fuzzy: 0 },
  "three words, all of them": { words: 3, combine: "and", prefix: false, fuzzy: 0 },
  "two words, prefixes": { words: 2, combine: "or", prefix: true, fuzzy: 0 },
  "two words, fuzzy": { words: 2, combine: "or", prefix: false, fuzzy: 0.2 },
  "two words, prefixes and fuzzy": { words: 2, combine: "or", prefix: true, fuzzy: 0.2 }
} as const

/** Queries of one kind; words come as often as they do in the texts, and those of fuzzy ones have a wrong letter. */
export const questions = (
  all: ReadonlyArray<Note>,
  kind: keyof typeof kinds,
  count: number,
  limit: number
): ReadonlyArray<Question> => {
  const { combine, fuzzy, prefix, words } = kinds[kind]
  const random = randomOf(kind.length * 7919 + words)
  const pick = <A>(from: ReadonlyArray<A>): A => from[Math.floor(random() * from.length)]!
  const terms = all.map(({ text }) => termsOf(text.slice(0, 20_000)).filter((term) => term.length > 2))
    .filter((one) => one.length > 0)
  const spoiled = (word: string): string => {
    const at = Math.floor(random() * word.length)
    return `${word.slice(0, at)}${pick([..."etaoin"])}${word.slice(at + 1)}`
  }
  return Array.from({ length: count }, () => {
    const from = pick(terms)
    const chosen = Array.from({ length: words }, () => {
      const word = pick(from)
      return fuzzy > 0 ? spoiled(word) : prefix ? word.slice(0, 3 + Math.floor(random() * 3)) : word
    })
    return { query: chosen.join(" "), combine, prefix, fuzzy, limit }
  })
}
