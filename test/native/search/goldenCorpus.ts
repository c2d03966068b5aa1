import { makeRandom } from "../../spec/support/random.ts"
import { text } from "./support.ts"

/** What minisearch was asked, and what it found; `scripts/bench/native/search/golden.ts` writes them down. */
export interface GoldenCase {
  readonly question: Question
  readonly total: number
  /** The best ten: name and score. */
  readonly hits: ReadonlyArray<readonly [id: string, score: number]>
}

export interface Question {
  readonly query: string
  readonly limit: number
  readonly combine: "or" | "and"
  readonly prefix: boolean
  readonly fuzzy: number
  readonly fields?: ReadonlyArray<string>
  readonly boost?: Readonly<Record<string, number>>
}

/** Halves of characters count in minisearch; here, characters do. So there are none beyond the first 65536. */
const plain = (text: string): string => text.replaceAll(/[\u{10000}-\u{10ffff}]/gu, "")

export const corpus = () => {
  const random = makeRandom(2026)
  return Array.from({ length: 150 }, (_, i) => ({
    id: `d${i}`,
    title: plain(text(random, 4)),
    text: plain(text(random, random.chance(0.1) ? 400 : 40))
  }))
}

/**
 * What both are asked.
 *
 * @public The script that writes the golden file is no part of the project that knip looks at.
 */
export const questionsOf = (documents: ReturnType<typeof corpus>): ReadonlyArray<Question> => {
  const random = makeRandom(2027)
  return Array.from({ length: 250 }, (): Question => ({
    query: random.chance(0.3) ? random.pick(documents).text.slice(0, 15).toWellFormed() : plain(text(random, 4)),
    limit: 10,
    combine: random.pick(["or", "and"]),
    prefix: random.chance(0.4),
    fuzzy: random.pick([0, 0, 0.2, 0.34, 1, 2, 4]),
    ...(random.chance(0.2) ? { fields: [random.pick(["title", "text"])] } : {}),
    ...(random.chance(0.3) ? { boost: { title: random.int(1, 50) / 10 } } : {})
  }))
}
