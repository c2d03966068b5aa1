import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync } from "node:fs"
import { termsOf } from "../../../src/native/modules/search/engine/terms.ts"
import { corpus, type GoldenCase, type Question } from "./goldenCorpus.ts"
import { kinds, make } from "./support.ts"

const documents = corpus()
const cases = JSON.parse(readFileSync(new URL("minisearch.json", import.meta.url), "utf8")) as ReadonlyArray<GoldenCase>

/** The service that minisearch was when it was asked: all documents, but the first twenty removed again. */
const filled = (kind: Parameters<typeof make>[0], config = {}) =>
  Effect.gen(function*() {
    const { commands } = yield* make(kind, config)
    yield* commands.add({ documents: documents.map(({ id, text, title }) => ({ id, fields: { title, text } })) })
    yield* commands.remove({ ids: documents.slice(0, 20).map(({ id }) => id) })
    return commands
  })

/** How many edits lead from one text to another, by the definition. */
const distance = (a: string, b: string): number => {
  const table = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => i + j))
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      table[i]![j] = Math.min(
        table[i - 1]![j]! + 1,
        table[i]![j - 1]! + 1,
        table[i - 1]![j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)
      )
    }
  }
  return table[a.length]![b.length]!
}

/** The score of each document by the formula, term by term, without an index. */
const byDefinition = ({ boost = {}, combine, fields = ["title", "text"], fuzzy, prefix, query }: Question) => {
  const kept = documents.slice(20).map((one) => ({
    id: one.id,
    fields: { title: termsOf(one.title), text: termsOf(one.text) }
  }))
  const vocabulary = new Set(kept.flatMap((one) => [...one.fields.title, ...one.fields.text]))
  const weightOf = (term: string, other: string): number => {
    if (other === term) return 1
    const longer = other.length - term.length
    if (prefix && other.startsWith(term)) return 0.375 * other.length / (other.length + 0.3 * longer)
    const most = fuzzy < 1 ? Math.min(6, Math.round(term.length * fuzzy)) : fuzzy
    const edits = most > 0 && Math.abs(longer) <= most ? distance(term, other) : Infinity
    return edits <= most ? 0.45 * other.length / (other.length + edits) : 0
  }
  const terms = termsOf(query)
  const scores = new Map<string, number>()
  const matched = new Map<string, Array<string>>()
  for (const term of terms) {
    for (const other of vocabulary) {
      const weight = weightOf(term, other)
      if (weight === 0) continue
      for (const field of fields as ReadonlyArray<"title" | "text">) {
        const having = kept.filter((one) => one.fields[field].includes(other))
        const average = kept.reduce((sum, one) => sum + new Set(one.fields[field]).size, 0) / kept.length
        const rarity = Math.log(1 + (kept.length - having.length + 0.5) / (having.length + 0.5))
        for (const one of having) {
          const count = one.fields[field].filter((word) => word === other).length
          const long = 1.2 * (1 - 0.7 + 0.7 * new Set(one.fields[field]).size / average)
          const score = weight * (boost[field] ?? 1) * rarity * (0.5 + count * 2.2 / (count + long))
          scores.set(one.id, (scores.get(one.id) ?? 0) + score)
          matched.set(one.id, [...(matched.get(one.id) ?? []), term])
        }
      }
    }
  }
  return new Map(
    [...scores].filter(([id]) => combine === "or" || terms.every((term) => matched.get(id)!.includes(term))).map((
      [id, score]
    ) => [id, score * new Set(matched.get(id)).size])
  )
}

/** The same for all implementations, and slow. */
const expectations = new Map<Question, ReadonlyMap<string, number>>()
const expectedOf = (question: Question): ReadonlyMap<string, number> => {
  const known = expectations.get(question) ?? byDefinition(question)
  expectations.set(question, known)
  return known
}

const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(a, b)

describe.each(kinds)("ranking, %s", (kind) => {
  it.live("finds what minisearch found with the same terms, in the same order, for the same scores", () =>
    Effect.gen(function*() {
      const commands = yield* filled(kind)
      assert.isAbove(cases.filter(({ total }) => total > 3).length, 150)
      for (const { hits, question, total } of cases) {
        const found = yield* commands.query(question)
        const about = JSON.stringify(question)
        assert.strictEqual(found.total, total, about)
        assert.deepStrictEqual(found.hits.map(({ id }) => id), hits.map(([id]) => id), about)
        for (const [i, { score }] of found.hits.entries()) assert.isTrue(near(score, hits[i]![1]), about)
      }
    }))

  it.live("scores by the formula", () =>
    Effect.gen(function*() {
      const commands = yield* filled(kind)
      for (const { question } of cases.slice(0, 40)) {
        const expected = expectedOf(question)
        const found = yield* commands.query({ ...question, limit: 1000 })
        const about = JSON.stringify(question)
        assert.strictEqual(found.hits.length, expected.size, about)
        for (const { id, score } of found.hits) assert.isTrue(near(score, expected.get(id) ?? 0), `${about}: ${id}`)
        const order = found.hits.map(({ score }) => score)
        assert.deepStrictEqual(order, order.toSorted((a, b) => b - a))
      }
    }))

  it.live("puts the one first that was added first when two are equal, also after one was replaced", () =>
    Effect.gen(function*() {
      const { commands } = yield* make(kind)
      for (const id of ["c", "a", "b"]) yield* commands.add({ documents: [{ id, fields: { text: "same words" } }] })
      const question = { query: "same", combine: "or", prefix: false, fuzzy: 0 } as const
      const ids = (limit: number) =>
        Effect.map(commands.query({ ...question, limit }), ({ hits }) => hits.map(({ id }) => id))
      assert.deepStrictEqual(yield* ids(10), ["c", "a", "b"])
      assert.deepStrictEqual(yield* ids(2), ["c", "a"])
      yield* commands.add({ documents: [{ id: "c", fields: { text: "same words" } }] })
      assert.deepStrictEqual(yield* ids(10), ["a", "b", "c"])
      assert.deepStrictEqual(yield* ids(0), [])
    }))

  it.live("remembers a query until something changes", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* make(kind, { cachedQueries: 2 })
      const ask = (query: string) =>
        Effect.map(commands.query({ query, limit: 5, combine: "or", prefix: false, fuzzy: 0 }), ({ cached }) => cached)
      yield* commands.add({ documents: [{ id: "a", fields: { text: "x y z" } }] })
      const asked: Array<boolean> = []
      // The third pushes out the one that was asked for least recently.
      for (const query of ["x", "y", "x", "z", "x", "y"]) asked.push(yield* ask(query))
      assert.deepStrictEqual(asked, [false, false, true, false, true, false])
      yield* commands.add({ documents: [{ id: "b", fields: { text: "x" } }] })
      assert.isFalse(yield* ask("x"))
      yield* managed.parameters.set("cachedQueries", 0)
      assert.isFalse(yield* ask("x"))
      assert.isFalse(yield* ask("x"))
    }))
})
