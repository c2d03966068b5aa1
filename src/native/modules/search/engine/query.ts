/**
 * Finding and ranking: the same as minisearch does, with the same parameters.
 */
import { ln } from "./logarithm.ts"
import { countOf, fieldOf } from "./Pool.ts"
import type { SearchIndex } from "./SearchIndex.ts"
import { termsOf } from "./terms.ts"
import { characters } from "./text.ts"

const prefixWeight = 0.375
const fuzzyWeight = 0.45
const mostEdits = 6

/** What BM25+ is adjusted by. */
export interface Ranking {
  /** How soon more of the same term stops counting. */
  readonly k: number
  /** How much the length of a field counts. */
  readonly b: number
  /** What a match counts at least. */
  readonly d: number
}

/** A question to an index. */
export interface Query {
  readonly text: string
  readonly limit: number
  /** Documents have to have all terms. */
  readonly all: boolean
  readonly prefix: boolean
  readonly fuzzy: number
  /** What each field counts; zero leaves it out. */
  readonly boosts: ReadonlyArray<number>
}

/** What was found: the best first, and how many there are. */
export interface Found {
  /** Numbers of documents. */
  readonly documents: ReadonlyArray<number>
  readonly scores: ReadonlyArray<number>
  readonly total: number
}

/** What is known about each document while a query runs; it is kept for the next one. */
export class Scores {
  /** Of the terms that are done. */
  total = new Float64Array(0)
  /** Of the term at hand. */
  part = new Float64Array(0)
  /** How many terms have matched, and how many different ones. */
  matched = new Uint32Array(0)
  different = new Uint32Array(0)
  /** Those that the term at hand matches. */
  inPart = new Uint8Array(0)
  partial: Array<number> = []
  found: Array<number> = []

  /** Makes room for so many documents. */
  grow(size: number): void {
    if (size <= this.total.length && this.total.length <= 1024 + 2 * size) return
    const room = size + (size >> 2) + 16
    this.total = new Float64Array(room)
    this.part = new Float64Array(room)
    this.matched = new Uint32Array(room)
    this.different = new Uint32Array(room)
    this.inPart = new Uint8Array(room)
  }
}

export const run = (index: SearchIndex, ranking: Ranking, query: Query, scores: Scores): Found => {
  const terms = termsOf(query.text)
  scores.grow(index.numbers)
  if (query.prefix) index.dictionary.sort()
  const seen = new Set<string>()
  for (const [position, term] of terms.entries()) {
    scoreTerm(index, ranking, query, term, scores)
    combine(scores, query.all, position, !seen.has(term))
    seen.add(term)
  }
  const needed = query.all ? terms.length : 1
  const { different, matched, total } = scores
  const found = scores.found.filter((document) => matched[document]! >= needed)
  for (const document of found) total[document]! *= different[document]!
  found.sort((a, b) => total[b]! - total[a]! || a - b)
  const documents = found.slice(0, query.limit)
  const result = { documents, scores: documents.map((document) => total[document]!), total: found.length }
  for (const document of scores.found) matched[document] = different[document] = 0
  scores.found = []
  return result
}

/** Scores one term of a query, and those that are like it. */
const scoreTerm = (index: SearchIndex, ranking: Ranking, query: Query, term: string, scores: Scores): void => {
  const { dictionary } = index
  const number = dictionary.find(term)
  if (number !== undefined) scorePostings(index, ranking, query, number, 1, scores)
  const length = characters(term)
  if (query.prefix) {
    for (const number of dictionary.beginningWith(term)) {
      const other = dictionary.lengthOf(number)
      if (other <= length) continue
      const weight = prefixWeight * other / (other + 0.3 * (other - length))
      scorePostings(index, ranking, query, number, weight, scores)
    }
  }
  const most = editsAllowed(query.fuzzy, length)
  if (most === 0) return
  for (const [number, edits] of dictionary.like(term, most)) {
    // What begins like the term has counted already.
    if (edits === 0 || (query.prefix && dictionary.term(number).startsWith(term))) continue
    const other = dictionary.lengthOf(number)
    const weight = fuzzyWeight * other / (other + edits)
    scorePostings(index, ranking, query, number, weight, scores)
  }
}

const editsAllowed = (fuzzy: number, length: number): number => {
  const most = fuzzy < 1 ? Math.floor(length * fuzzy + 0.5) : Math.floor(fuzzy)
  return most > 0 ? Math.min(most, mostEdits) : 0
}

const scorePostings = (
  index: SearchIndex,
  { b, d, k }: Ranking,
  { boosts }: Query,
  term: number,
  weight: number,
  scores: Scores
): void => {
  const { fields, words } = index
  const { inPart, part, partial } = scores
  const all = index.size
  const weights = boosts.map((boost) => weight * boost)
  const rarities: Array<number> = []
  const averages: Array<number> = []
  for (let field = 0; field < fields; field++) {
    const matching = index.occurrences(term, field)
    rarities.push(ln(1 + (all - matching + 0.5) / (matching + 0.5)))
    averages.push(index.averageLength(field))
  }
  const list = index.listOf(term)
  const end = 2 * (list.start + list.length)
  for (let at = 2 * list.start; at < end; at += 2) {
    const document = words[at]!
    const fieldAndCount = words[at + 1]!
    const field = fieldOf(fieldAndCount)
    if (weights[field] === 0) continue
    const count = countOf(fieldAndCount)
    const long = k * (1 - b + b * index.lengthOf(document, field) / averages[field]!)
    const score = weights[field]! * (rarities[field]! * (d + count * (k + 1) / (count + long)))
    if (inPart[document] === 1) part[document]! += score
    else {
      inPart[document] = 1
      part[document] = score
      partial.push(document)
    }
  }
}

/** Adds what one term has found to what those before it have. */
const combine = (scores: Scores, all: boolean, position: number, isNew: boolean): void => {
  const { different, found, inPart, matched, part, partial, total } = scores
  for (const document of partial) {
    inPart[document] = 0
    if (all && matched[document] !== position) continue
    if (matched[document] === 0) {
      found.push(document)
      total[document] = part[document]!
    } else total[document]! += part[document]!
    matched[document]! += 1
    if (isNew) different[document]! += 1
  }
  scores.partial = []
}
