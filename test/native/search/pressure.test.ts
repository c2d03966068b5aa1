import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { HealthMonitor } from "opbus/native/HealthMonitor"
import type { SearchCommands } from "opbus/native/modules/search/SearchService"
import { PressureDispatcher } from "opbus/native/PressureDispatcher"
import type { PressureLevel } from "opbus/native/PressureLevel"
import { SelfHeal } from "opbus/native/SelfHeal"
import type { Instance } from "opbus/native/ServiceDefinition"
import { recordSystem, system } from "../managed/support.ts"
import { kinds, make } from "./support.ts"

/** A service under a memory that the test sets; what looks at it looks only when the test says so. */
const under = <A, E, R>(test: (memory: ReturnType<typeof system>["memory"]) => Effect.Effect<A, E, R>) => {
  const never = { interval: "1 hour" } as const
  const { layer, memory } = system({ pressure: { ...never, settle: 1 }, health: never, heal: { attempts: 2, backoff } })
  return Effect.scoped(Effect.provide(test(memory), layer)) as Effect.Effect<A, E>
}
const backoff = Schedule.spaced("1 millis")

const usages: Readonly<Record<PressureLevel, number>> = { normal: 0.1, warning: 0.8, high: 0.9, critical: 0.97 }

const document = (id: string, text: string) => ({ documents: [{ id, fields: { text } }] })
const question = (query: string) => ({ query, limit: 10, combine: "or", prefix: false, fuzzy: 0 } as const)

/** What comes of a call: a short text. */
const outcome = (call: Effect.Effect<unknown, unknown>): Effect.Effect<string> =>
  Effect.match(call, {
    onSuccess: (value) => JSON.stringify(value),
    onFailure: (error) => {
      const { _tag, level, reason } = error as Record<string, unknown>
      return [_tag, level, reason].filter((part) => part !== undefined).join(" ")
    }
  })

const ids = (commands: SearchCommands, query: string) =>
  Effect.map(commands.query(question(query)), ({ hits }) => hits.map(({ id }) => id))

const figures = (commands: SearchCommands) => Effect.orDie(commands.stats({}))

/** Waits until something is so. */
const eventually = (check: Effect.Effect<boolean>): Effect.Effect<void> =>
  Effect.suspend(() => Effect.flatMap(check, (is) => is ? Effect.void : Effect.delay(eventually(check), 2)))

describe.each(kinds)("search, %s", (kind) => {
  const at = (level: PressureLevel, test: (instance: Instance<SearchCommands>) => Effect.Effect<void, unknown, any>) =>
    under((memory) =>
      Effect.gen(function*() {
        const instance = yield* make(kind)
        yield* instance.commands.add(document("old", "apples pears"))
        yield* instance.commands.query(question("apples"))
        memory.usage = usages[level]
        assert.strictEqual(yield* (yield* PressureDispatcher).check, level)
        yield* test(instance)
      })
    )

  it.live("works fully at Normal", () =>
    at("normal", ({ commands }) =>
      Effect.gen(function*() {
        assert.deepStrictEqual(yield* commands.add(document("new", "apples")), { indexed: 1, replaced: 0, queued: 0 })
        assert.deepStrictEqual(yield* ids(commands, "apples"), ["new", "old"])
        assert.deepStrictEqual(yield* commands.remove({ ids: ["new", "nothing", "new"] }), { removed: 1 })
        assert.deepStrictEqual(yield* ids(commands, "apples"), ["old"])
      })))

  it.live("indexes nothing at Warning: what is added waits, and is found when there is memory again", () =>
    under((memory) =>
      Effect.gen(function*() {
        const { check } = yield* PressureDispatcher
        const { commands } = yield* make(kind, { maxQueued: 3 })
        yield* commands.add(document("old", "apples"))
        memory.usage = usages.warning
        yield* check
        assert.deepStrictEqual(yield* commands.add(document("new", "apples")), { indexed: 0, replaced: 0, queued: 1 })
        yield* commands.add(document("old", "pears"))
        assert.deepStrictEqual(yield* ids(commands, "apples pears"), ["old"])
        assert.strictEqual((yield* commands.query(question("pears"))).total, 0)
        assert.include(yield* figures(commands), { documents: 1, queued: 2, level: "warning", terms: 1 })
        assert.deepStrictEqual(
          (yield* Stream.runCollect(commands.documents({}))).map(({ id, queued }) => [id, queued]),
          [["old", false], ["new", true], ["old", true]]
        )
        assert.strictEqual(
          yield* outcome(commands.add({ documents: ["a", "b"].map((id) => ({ id, fields: {} })) })),
          "QueueFull"
        )
        memory.usage = usages.normal
        yield* check
        assert.deepStrictEqual(yield* ids(commands, "apples pears"), ["new", "old"])
        assert.include(yield* figures(commands), { documents: 2, queued: 0, level: "normal", terms: 2 })
      })
    ))

  it.live("answers from what it remembers at High, and refuses the rest", () =>
    at("high", ({ commands }) =>
      Effect.gen(function*() {
        const { cached, hits } = yield* commands.query(question("apples"))
        assert.deepStrictEqual([cached, hits.map(({ id }) => id)], [true, ["old"]])
        assert.strictEqual(yield* outcome(commands.query(question("pears"))), "SearchPaused high")
        assert.strictEqual(yield* outcome(commands.add(document("new", "x"))), "SearchPaused high")
        assert.strictEqual(yield* outcome(commands.remove({ ids: ["old"] })), "SearchPaused high")
        assert.strictEqual(yield* outcome(commands.clear({})), "SearchPaused high")
        assert.include(yield* figures(commands), { documents: 1, ready: true, level: "high" })
      })))

  it.live("takes no calls at Critical, drops its index when that is not enough, and is back when memory is", () =>
    under((memory) =>
      Effect.gen(function*() {
        const { check } = yield* PressureDispatcher
        const { poll } = yield* HealthMonitor
        const recorded = yield* recordSystem
        const { commands, managed } = yield* make(kind)
        yield* commands.add(document("old", "apples pears"))
        yield* commands.query(question("apples"))
        memory.usage = usages.critical
        yield* check
        const calls = [
          commands.add(document("new", "x")),
          commands.query(question("apples")),
          commands.remove({ ids: ["old"] }),
          commands.clear({}),
          commands.stats({}),
          Stream.runCollect(commands.documents({}))
        ]
        for (const call of calls) assert.strictEqual(yield* outcome(call), "ServiceUnavailable Pressure")
        yield* eventually(Effect.sync(() => recorded.of("system.load.shed").length === 1))
        assert.deepStrictEqual(recorded.of("system.load.shed")[0]?.services, ["search"])
        assert.strictEqual((yield* managed.health)._tag, "Degraded")
        memory.usage = usages.high
        yield* check
        // It has dropped what it remembered too.
        assert.strictEqual(yield* outcome(commands.query(question("apples"))), "SearchPaused high")
        assert.include(yield* figures(commands), { documents: 1, terms: 0, ready: false })
        assert.strictEqual(yield* managed.heal, false)
        memory.usage = usages.normal
        yield* check
        assert.strictEqual(yield* outcome(commands.query(question("apples"))), "IndexMissing")
        assert.strictEqual(yield* outcome(commands.add(document("new", "x"))), "IndexMissing")
        assert.strictEqual((yield* managed.health)._tag, "Unhealthy")
        yield* poll
        yield* eventually(Effect.sync(() => recorded.of("system.service.healed").length === 1))
        assert.deepStrictEqual(yield* ids(commands, "apples"), ["old"])
        assert.strictEqual((yield* managed.health)._tag, "Healthy")
        assert.deepStrictEqual(
          recorded.of("system.pressure.changed").map(({ to }) => to),
          ["critical", "high", "normal"]
        )
      })
    ))

  it.live("keeps its documents when it sheds load: healed, it answers as before", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* make(kind)
      for (let i = 0; i < 50; i++) yield* commands.add(document(`d${i}`, `common word${i % 7} word${i % 3}`))
      yield* commands.remove({ ids: ["d3", "d7"] })
      const before = yield* commands.query(question("word1 common"))
      const { cacheHits: _hits, cacheMisses: _misses, cachedQueries: _cached, ...stats } = yield* commands.stats({})
      yield* managed.shedLoad
      assert.isBelow((yield* commands.stats({})).usedBytes, stats.usedBytes)
      assert.strictEqual((yield* managed.health)._tag, "Unhealthy")
      assert.strictEqual(yield* managed.heal, true)
      assert.deepStrictEqual(yield* commands.query(question("word1 common")), before)
      assert.deepInclude(yield* commands.stats({}), stats)
    }))

  it.live("escalates when memory does not let it heal", () =>
    under((memory) =>
      Effect.gen(function*() {
        const { poll } = yield* HealthMonitor
        const recorded = yield* recordSystem
        const { managed } = yield* make(kind)
        // The index is lost at Normal, and before it can be built again memory is scarce for the service alone.
        yield* managed.shedLoad
        yield* managed.pressureResponse("warning")
        memory.usage = usages.normal
        assert.strictEqual((yield* managed.health)._tag, "Unhealthy")
        const heal = managed.heal
        Object.defineProperty(managed, "heal", {
          value: Effect.andThen(managed.pressureResponse("high"), heal).pipe(
            Effect.tap(() => managed.pressureResponse("warning"))
          )
        })
        yield* poll
        yield* eventually(Effect.sync(() => recorded.of("system.service.escalated").length === 1))
        assert.deepStrictEqual((yield* (yield* SelfHeal).escalated).map(({ name }) => name), ["search"])
        assert.isTrue(managed.admission.has("Escalated"))
      })
    ))

  it.live("says what it measures, under its own prefix", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* make(kind)
      yield* commands.add(document("a", "b c c"))
      yield* commands.query(question("c"))
      yield* commands.query(question("c"))
      const { level: _level, ready: _ready, ...stats } = yield* commands.stats({})
      assert.deepStrictEqual(yield* managed.metrics, stats)
      assert.deepInclude(stats, { documents: 1, terms: 2, postings: 2, cacheHits: 1, cacheMisses: 1, cachedQueries: 1 })
      assert.strictEqual(managed.metricPrefix, "search")
    }))

  it.live("is adjusted while it runs: what is not allowed changes nothing", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* make(kind)
      yield* commands.add({
        documents: [{ id: "short", fields: { text: "tea" } }, { id: "long", fields: { text: "tea a b c d e" } }]
      })
      const scores = Effect.map(commands.query(question("tea")), ({ hits }) => hits.map(({ score }) => score))
      const [first = 0, second = 0] = yield* scores
      assert.isAbove(first, second)
      yield* managed.parameters.set("b", 0)
      const [one, other] = yield* scores
      assert.strictEqual(one, other)
      assert.strictEqual(yield* managed.parameters.get("b"), 0)
      for (const value of [-1, 2, "x", null]) {
        const refused = yield* Effect.flip(managed.parameters.set("b", value))
        assert.include(refused.message, "\"b\" takes a number from 0 to 1.")
      }
      assert.strictEqual(yield* managed.parameters.get("b"), 0)
      assert.strictEqual(yield* managed.parameters.get("nothing"), undefined)
      assert.deepStrictEqual(
        (yield* managed.parameters.list).map(({ name }) => name),
        ["k", "b", "d", "budgetMb", "maxQueued", "cachedQueries"]
      )
    }))

  it.live("refuses what does not fit into its budget, all of it, and says by how much", () =>
    Effect.gen(function*() {
      const { commands } = yield* make(kind, { budgetMb: 0.01 })
      yield* commands.add(document("small", "word"))
      const before = yield* commands.stats({})
      const refused = yield* Effect.flip(commands.add({
        documents: [{ id: "fits", fields: { text: "fits" } }, { id: "large", fields: { text: "x ".repeat(6000) } }]
      }))
      assert.deepInclude(refused, { _tag: "BudgetExceeded", budgetBytes: 10_485, usedBytes: before.usedBytes })
      assert.deepStrictEqual(yield* commands.stats({}), before)
      // What replaces something counts only by what it takes more.
      yield* commands.add(document("small", "y ".repeat(4000)))
      assert.deepInclude(yield* commands.add(document("small", "z ".repeat(4000))), { replaced: 1 })
    }))

  it.live("gives everything back when it is shut down, and takes no calls after that", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* make(kind)
      yield* commands.add(document("a", "b"))
      yield* managed.shutdown
      for (
        const call of [commands.query(question("b")), commands.stats({}), managed.health, managed.heal, managed.metrics]
      ) {
        assert.strictEqual(yield* outcome(call), "ServiceUnavailable Shutdown")
      }
    }))

  it.live("says in one line what is wrong with its configuration", () =>
    Effect.gen(function*() {
      const configs = [
        [{ b: 2 }, "\"b\" takes a number from 0 to 1."],
        [{ fields: [] }, "\"fields\" takes from 1 to 16 different names."],
        [{ fields: ["a", "a"] }, "\"fields\" takes from 1 to 16 different names."],
        [{ size: 1 }, "search has no parameter \"size\", but k, b, d, budgetMb, maxQueued, cachedQueries."],
        [[1], "The configuration of search is an object."]
      ] as const
      for (const [config, message] of configs) {
        const failure = yield* Effect.flip(Effect.sandbox(make(kind, config)))
        assert.include(String(failure), message)
      }
    }))
})
