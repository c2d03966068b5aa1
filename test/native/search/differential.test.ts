import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { definition } from "opbus/native/modules/search/SearchService"
import { levels } from "opbus/native/PressureLevel"
import type { Random } from "../../spec/support/random.ts"
import { type Action, differential, type Inputs } from "../support/differential.ts"
import { kinds, make, text } from "./support.ts"

const id = (random: Random): string =>
  random.chance(0.05) ? text(random, 2).slice(0, 20).toWellFormed() || "é" : `d${random.int(0, 40)}`

const field = (random: Random): string =>
  random.chance(0.03)
    ? random.pick(["colour", "__proto__", "toString", "", "Text"])
    : random.pick(["title", "text", "tags"])

const fields = (random: Random, most: number): Record<string, string> =>
  Object.fromEntries(Array.from({ length: random.int(0, 3) }, () => [field(random), text(random, most)]))

const several = <A>(random: Random, most: number, make: (random: Random) => A): Array<A> =>
  Array.from({ length: random.int(0, most) }, () => make(random))

const inputs: Inputs<typeof definition.commands> = {
  add: (random) => ({
    documents: several(
      random,
      3,
      (random) => ({ id: id(random), fields: fields(random, random.chance(0.02) ? 400 : 25) })
    )
  }),
  remove: (random) => ({ ids: random.chance(0.3) ? several(random, 2, id) : [] }),
  clear: () => ({}),
  query: (random) => ({
    query: text(random, 4),
    limit: random.pick([0, 1, 3, 10, 10, 100_000]),
    combine: random.pick(["or", "or", "and"] as const),
    prefix: random.chance(0.4),
    fuzzy: random.pick([0, 0, 0, 0.2, 0.2, 0.5, 1, 2, 3.7, 6]),
    ...(random.chance(0.2) ? { fields: several(random, 3, field) } : {}),
    ...(random.chance(0.2)
      ? { boost: Object.fromEntries(several(random, 3, (random) => [field(random), random.next() * 1000 + 1e-9])) }
      : {})
  }),
  stats: () => ({}),
  documents: () => ({})
}

const actions: ReadonlyArray<(random: Random) => Action> = [
  () => ["health", (managed) => managed.health],
  () => ["metrics", (managed) => managed.metrics],
  () => ["shedLoad", (managed) => managed.shedLoad],
  () => ["heal", (managed) => managed.heal],
  () => ["heal", (managed) => managed.heal],
  (random) => {
    const level = random.pick([...levels, "normal", "normal", "normal", "warning"] as const)
    return [`pressure ${level}`, (managed) => managed.pressureResponse(level)]
  },
  (random) => {
    const name = random.pick(["k", "b", "d", "budgetMb", "maxQueued", "cachedQueries", "nothing"])
    const value = random.pick([0, 0.5, 1, 1.2, 5, 0.02, 0.05, -1, 1e9, "x", null])
    return [`set ${name} ${value}`, (managed) => managed.parameters.set(name, value)]
  },
  (random) => {
    const name = random.pick(["k", "budgetMb", "nothing", "toString"])
    return [`get ${name}`, (managed) => managed.parameters.get(name)]
  },
  () => ["list", (managed) => managed.parameters.list]
]

const config = { fields: ["title", "text", "tags"], budgetMb: 0.03, maxQueued: 6, cachedQueries: 5 }

/** Their answers, compared call by call; and how often each came. */
const run = (seed: number, calls: Parameters<typeof differential<typeof definition.commands>>[0]["calls"]) =>
  Effect.gen(function*() {
    const subjects: Record<string, Effect.Success<ReturnType<typeof make>>> = {}
    for (const kind of kinds) subjects[kind] = yield* make(kind, config)
    const between = (random: Random) => random.chance(0.02) ? random.pick(actions)(random) : undefined
    return (yield* differential({ definition, subjects, seed, calls, inputs, between })).outcomes
  })

/** A test that saw only refusals, or no refusals, would show little. */
const seen = (outcomes: Readonly<Record<string, number>> = {}, ...wanted: ReadonlyArray<string>) => {
  for (const outcome of wanted) {
    assert.isAbove(outcomes[outcome] ?? 0, 50, `${outcome} of ${JSON.stringify(outcomes)}`)
  }
}

it.live(
  `${kinds.join(", ")} answer 10,000 random calls of add, remove and query alike, under changing pressure`,
  () =>
    Effect.gen(function*() {
      const { add, query, remove } = yield* run(4711, { add: 10_000, remove: 10_000, query: 10_000 })
      seen(add, "success", "BudgetExceeded", "IndexMissing", "QueueFull", "SearchPaused", "UnknownField")
      seen(query, "success", "IndexMissing", "SearchPaused", "UnknownField")
      seen(remove, "success", "SearchPaused")
      assert.isAbove(query!["success"]!, 3000)
    }),
  600_000
)

// Clearing so often keeps the others from having much to do.
it.live(
  `${kinds.join(", ")} answer 10,000 random calls of clear, stats and documents alike, under changing pressure`,
  () =>
    Effect.gen(function*() {
      const { clear, documents, stats } = yield* run(4712, {
        add: 5000,
        clear: 10_000,
        stats: 10_000,
        documents: 10_000
      })
      seen(clear, "success", "SearchPaused")
      assert.deepStrictEqual([stats, documents], [{ success: 10_000 }, { success: 10_000 }])
    }),
  600_000
)
