import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as fs from "node:fs"
import * as path from "node:path"
import type { ModelPoolLoadParams } from "opbus/native/modules/modelPool/ModelPoolLoad"
import { ModelPoolLoad } from "opbus/native/modules/modelPool/ModelPoolLoad"
import { ModelPoolService } from "opbus/native/modules/modelPool/ModelPoolService"
import { levels } from "opbus/native/PressureLevel"
import { isServiceUnavailable } from "opbus/native/ServiceUnavailable"
import { healthLine, kinds, start, temporaryFolder, writeFiles } from "../support.ts"

const MB = 1 << 20

const adapter = (id: string, sizeMb = 1, more?: Partial<ModelPoolLoadParams>): ModelPoolLoadParams => ({
  id,
  source: { _tag: "Seeded", seed: 1, sizeMb },
  kind: "adapter",
  makeRoom: false,
  ...more
})

const base = (id: string, sizeMb = 1) => adapter(id, sizeMb, { kind: "base" })

const file = (id: string, file: string) => adapter(id, 1, { source: { _tag: "File", file } })

type Pool = Effect.Success<ReturnType<typeof make>>
const make = (kind: (typeof kinds)[number], config: Schema.Json = {}) => start(ModelPoolService, kind, config)

const names = (pool: Pool) => Effect.map(pool.commands.list({}), ({ models }) => models.map(({ id }) => id))

const usedMb = (pool: Pool) => Effect.map(pool.commands.stats({}), ({ usedBytes }) => usedBytes / MB)

/** The tag of a failure, or "ok". */
const outcome = <A, E extends { readonly _tag: string }>(effect: Effect.Effect<A, E>) =>
  Effect.match(effect, { onFailure: ({ _tag }) => _tag, onSuccess: () => "ok" })

for (const kind of kinds) {
  describe(`model-pool in ${kind}`, () => {
    describe("the budget", () => {
      it.effect("of 64 MB takes three models of 20 MB, and refuses the fourth to the fourteenth", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind, { budgetMb: 64 })
          const outcomes: Array<string> = []
          for (let number = 1; number <= 14; number++) {
            outcomes.push(yield* outcome(pool.commands.load(adapter(`m${number}`, 20))))
            assert.isAtMost(yield* usedMb(pool), 64)
          }
          assert.deepStrictEqual(outcomes, [
            ...Array.from({ length: 3 }, () => "ok"),
            ...Array.from({ length: 11 }, () => "BudgetExceeded")
          ])
          const stats = yield* pool.commands.stats({})
          assert.deepInclude(stats, { models: 3, loads: 3, refusals: 11, usedBytes: 60 * MB, budgetBytes: 64 * MB })
          const refusal = yield* Effect.flip(pool.commands.load(adapter("m15", 20)))
          assert.deepStrictEqual(yield* Schema.encodeUnknownEffect(ModelPoolLoad.error)(refusal), {
            _tag: "BudgetExceeded",
            id: "m15",
            requestedBytes: 20 * MB,
            availableBytes: 4 * MB,
            budgetBytes: 64 * MB
          })
        }))

      it.effect("has room made by the adapters that were used longest ago, if that suffices", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind, { budgetMb: 6 })
          yield* pool.commands.load(base("base", 2))
          yield* pool.commands.load(adapter("a", 2))
          yield* pool.commands.load(adapter("b", 2))
          yield* pool.commands.infer({ id: "a", prompt: "x", tokens: 1 })
          const loaded = yield* pool.commands.load(adapter("c", 2, { makeRoom: true }))
          assert.deepStrictEqual(loaded.unloaded, ["b"])
          assert.strictEqual(
            yield* outcome(pool.commands.load(adapter("huge", 5, { makeRoom: true }))),
            "BudgetExceeded"
          )
          assert.deepStrictEqual(yield* names(pool), ["a", "base", "c"], "nothing goes in vain")
          yield* pool.commands.activate({ id: "a", active: true })
          const again = yield* pool.commands.load(adapter("d", 2, { makeRoom: true }))
          assert.deepStrictEqual(again.unloaded, ["c"], "what is active stays")
        }))

      it.effect("counts a load that was interrupted no longer, and another can begin", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind, { budgetMb: 160 })
          const fiber = yield* Effect.forkChild(pool.commands.load(adapter("big", 150)), { startImmediately: true })
          yield* Effect.yieldNow
          yield* Fiber.interrupt(fiber)
          // A process of its own hears of the interruption a moment later.
          while ((yield* usedMb(pool)) > 0) yield* Effect.yieldNow
          assert.deepStrictEqual(yield* names(pool), [])
          assert.strictEqual(yield* outcome(pool.commands.load(adapter("big", 150))), "ok")
        }))

      it.effect("is kept when many models are loaded at once", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind, { budgetMb: 16 })
          const outcomes = yield* Effect.forEach(
            Array.from({ length: 12 }, (_, number) => adapter(`m${number}`, 4)),
            (params) => outcome(pool.commands.load(params)),
            { concurrency: "unbounded" }
          )
          assert.strictEqual(outcomes.filter((one) => one === "ok").length, 4)
          assert.strictEqual(yield* usedMb(pool), 16)
        }))
    })

    describe("pressure", () => {
      it.effect("each level takes what the table says, and normal gives it back", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind)
          yield* pool.commands.load(base("base"))
          yield* pool.commands.load(adapter("idle"))
          yield* pool.commands.load(adapter("busy"))
          yield* pool.commands.activate({ id: "busy", active: true })
          const table: Array<unknown> = []
          for (const level of [...levels, "normal"] as const) {
            yield* pool.managed.pressureResponse(level)
            table.push([
              level,
              yield* outcome(pool.commands.load(adapter(`new-${level}`))),
              yield* outcome(pool.commands.infer({ id: "busy", prompt: "x", tokens: 1 })),
              yield* names(pool)
            ])
            yield* Effect.ignore(pool.commands.unload({ id: `new-${level}`, force: true }))
          }
          assert.deepStrictEqual(table, [
            ["normal", "ok", "ok", ["base", "busy", "idle", "new-normal"]],
            ["warning", "RefusedByPressure", "ok", ["base", "busy", "idle"]],
            ["high", "RefusedByPressure", "ok", ["base", "busy"]],
            ["critical", "RefusedByPressure", "RefusedByPressure", ["base", "busy"]],
            ["normal", "ok", "ok", ["base", "busy", "new-normal"]]
          ])
        }))

      it.effect("shedding load unloads all that is not active, and gives its memory back", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind)
          yield* pool.commands.load(base("base", 3))
          yield* pool.commands.load(adapter("busy", 2))
          yield* pool.commands.activate({ id: "busy", active: true })
          yield* pool.managed.shedLoad
          assert.deepStrictEqual(yield* names(pool), ["busy"])
          assert.strictEqual(yield* usedMb(pool), 2)
        }))
    })

    describe("health", () => {
      it.effect("damage is noticed by sampling, and healed from the source", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind)
          yield* pool.commands.load(adapter("a", 3))
          yield* pool.commands.load(adapter("b", 3))
          assert.strictEqual(yield* healthLine(pool.managed), "Healthy")
          const answer = yield* pool.commands.infer({ id: "b", prompt: "question", tokens: 64 })
          const { written } = yield* pool.commands.overwrite({
            id: "b",
            offset: 2 * MB + 5,
            data: new Uint8Array([1, 2, 3])
          })
          assert.strictEqual(written, 3)
          const blocks = yield* Stream.runCollect(pool.commands.verify({ id: "b" }))
          assert.deepStrictEqual(blocks.map(({ intact }) => intact), [true, true, false])
          // Six blocks, four at a time: the second look reaches the last one.
          const seen = [yield* healthLine(pool.managed), yield* healthLine(pool.managed)]
          assert.include(seen, "Unhealthy: damaged: b")
          assert.isTrue(yield* pool.managed.heal)
          assert.strictEqual(yield* healthLine(pool.managed), "Healthy")
          assert.deepStrictEqual(yield* pool.commands.infer({ id: "b", prompt: "question", tokens: 64 }), answer)
          assert.strictEqual((yield* pool.commands.stats({})).restored, 1)
        }))

      it.effect("what cannot be restored stays unhealthy until its source is back", () =>
        Effect.gen(function*() {
          const folder = yield* temporaryFolder
          const bytes = new Uint8Array(MB + 3).fill(7)
          writeFiles(folder, { model: bytes })
          const pool = yield* make(kind, { folder })
          yield* pool.commands.load(file("m", "model"))
          yield* pool.commands.overwrite({ id: "m", offset: MB + 2, data: new Uint8Array([8]) })
          assert.strictEqual(yield* healthLine(pool.managed), "Unhealthy: damaged: m")
          writeFiles(folder, { model: new Uint8Array(MB + 3).fill(9) })
          assert.isFalse(yield* pool.managed.heal, "other bytes are not the model that was loaded")
          fs.rmSync(path.join(folder, "model"))
          assert.isFalse(yield* pool.managed.heal)
          assert.strictEqual(yield* healthLine(pool.managed), "Unhealthy: damaged: m")
          writeFiles(folder, { model: bytes })
          assert.isTrue(yield* pool.managed.heal)
          assert.strictEqual(yield* healthLine(pool.managed), "Healthy")
        }))

      it.effect("a pool that is nearly full is degraded", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind, { budgetMb: 20 })
          yield* pool.commands.load(adapter("a", 19))
          assert.strictEqual(yield* healthLine(pool.managed), "Degraded: 95 % of the budget is used")
        }))
    })

    describe("its life", () => {
      // A module that is initialised in several steps is asked again after some time.
      it.live("begins when the models that it needs are in memory", () =>
        Effect.gen(function*() {
          const preload = ["one", "two", "three"].map((id) => ({ id, source: { _tag: "Seeded", seed: 5, sizeMb: 1 } }))
          const pool = yield* make(kind, { preload })
          assert.deepStrictEqual(yield* names(pool), ["one", "three", "two"])
          yield* pool.managed.pressureResponse("critical")
          yield* pool.managed.shedLoad
          assert.match(yield* healthLine(pool.managed), /^Degraded: the base model "one" is not in memory/)
          yield* pool.managed.pressureResponse("normal")
          assert.strictEqual(yield* healthLine(pool.managed), "Unhealthy: the base model \"one\" is not in memory")
          assert.isTrue(yield* pool.managed.heal)
          assert.deepStrictEqual(yield* names(pool), ["one", "three", "two"])
        }))

      it.effect("does not begin when a model that it needs cannot be loaded, or its config is wrong", () =>
        Effect.gen(function*() {
          const refusal = (config: Schema.Json) => Effect.map(Effect.result(make(kind, config)), Result.getFailure)
          const message = (config: Schema.Json) =>
            Effect.map(
              refusal(config),
              (failure) => failure._tag === "Some" ? `${failure.value.reason}: ${failure.value.message}` : "it is there"
            )
          const preload = [{ id: "one", source: { _tag: "Seeded", seed: 5, sizeMb: 9 } }]
          assert.match(
            yield* message({ preload, budgetMb: 4 }),
            /^Refused: .*the base model "one" cannot be loaded: it does not fit into the budget/
          )
          assert.match(yield* message({ budgetMB: 4 }), /^Refused: .*budgetMB/)
          assert.match(yield* message({ budgetMb: 0.5 }), /^Refused: .*(budgetMb)/)
          assert.match(yield* message({ preload: [{ id: "" }] }), /^Refused: .*(preload)/)
        }))

      it.effect("ends with its shutdown: every call from then on is a typed failure", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind)
          yield* pool.commands.load(adapter("a"))
          yield* pool.managed.shutdown
          const { commands, managed } = pool
          const calls: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
            commands.load(adapter("b")),
            commands.unload({ id: "a", force: false }),
            commands.activate({ id: "a", active: true }),
            commands.infer({ id: "a", prompt: "x", tokens: 1 }),
            commands.list({}),
            commands.read({ id: "a", offset: 0, length: 1 }),
            commands.overwrite({ id: "a", offset: 0, data: new Uint8Array(1) }),
            Stream.runCollect(commands.verify({ id: "a" })),
            commands.stats({}),
            managed.health,
            managed.heal,
            managed.shedLoad,
            managed.pressureResponse("high"),
            managed.metrics,
            managed.parameters.list,
            managed.parameters.get("budgetMb"),
            managed.parameters.set("budgetMb", 3)
          ]
          for (const [index, call] of calls.entries()) {
            const failure = yield* Effect.flip(call)
            assert.isTrue(
              isServiceUnavailable(failure) && failure.reason === "Shutdown",
              `call ${index}: ${failure._tag}`
            )
          }
        }))
    })

    describe("what it shows", () => {
      it.effect("metrics have its figures, and those that gpu/stats shows", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind, { budgetMb: 64 })
          assert.strictEqual(pool.managed.metricPrefix, "model_pool")
          assert.strictEqual(pool.managed.name, "model-pool")
          yield* pool.commands.load(adapter("a", 2))
          yield* pool.commands.load(adapter("b", 1))
          yield* pool.commands.activate({ id: "b", active: true })
          assert.deepStrictEqual(yield* pool.managed.metrics, {
            budgetBytes: 64 * MB,
            usedBytes: 3 * MB,
            models: 2,
            active: 1,
            loads: 2,
            refusals: 0,
            unloads: 0,
            restored: 0,
            subsystems: { inference: { budgetMb: 64, usedMb: 3, consumers: 1 } }
          })
        }))

      it.effect("parameters are listed, read and set; what makes no sense is refused", () =>
        Effect.gen(function*() {
          const pool = yield* make(kind, { budgetMb: 8 })
          const { parameters } = pool.managed
          assert.deepStrictEqual((yield* parameters.list).map(({ name }) => name), ["budgetMb", "verifyBlocks"])
          for (const id of ["a", "b", "c", "d"]) yield* pool.commands.load(adapter(id, 2))
          yield* pool.commands.activate({ id: "a", active: true })
          assert.strictEqual(yield* parameters.get("budgetMb"), 8)
          yield* parameters.set("budgetMb", 3)
          assert.strictEqual(yield* parameters.get("budgetMb"), 3)
          assert.deepStrictEqual(yield* names(pool), ["a"], "idle adapters go for a smaller budget")
          assert.isUndefined(yield* parameters.get("nothing"))
          const refused = (name: string, value: Schema.Json) =>
            Effect.map(Effect.flip(parameters.set(name, value)), (error) => [error._tag, error.message])
          const wrong = ["ParameterRefused", "budgetMb is a whole number of MB from 1 to 1048576"]
          assert.deepStrictEqual(yield* refused("budgetMb", 0), wrong)
          assert.deepStrictEqual(yield* refused("budgetMb", "8"), wrong)
          assert.deepStrictEqual(yield* refused("nothing", 1), [
            "ParameterRefused",
            "model-pool has no parameter \"nothing\""
          ])
        }))

      it.effect("bytes are those of the source, and a stream ends when its model goes", () =>
        Effect.gen(function*() {
          const folder = yield* temporaryFolder
          const bytes = Uint8Array.from({ length: 3 * MB + 5 }, (_, index) => index % 251)
          writeFiles(folder, { model: bytes })
          const pool = yield* make(kind, { folder })
          yield* pool.commands.load(file("m", "model"))
          const end = yield* pool.commands.read({ id: "m", offset: 3 * MB, length: 100 })
          assert.deepStrictEqual(Array.from(end.data), Array.from(bytes.subarray(3 * MB)))
          assert.isTrue(end.end)
          const middle = yield* pool.commands.read({ id: "m", offset: MB - 2, length: 4 })
          assert.deepStrictEqual([Array.from(middle.data), middle.end], [
            Array.from(bytes.subarray(MB - 2, MB + 2)),
            false
          ])
          const blocks = yield* Stream.runCollect(pool.commands.verify({ id: "m" }))
          assert.deepStrictEqual(blocks.map(({ block, intact }) => [block, intact]), [
            [0, true],
            [1, true],
            [2, true],
            [3, true]
          ])
          const cut = pool.commands.verify({ id: "m" }).pipe(
            Stream.tap(() => Effect.ignore(pool.commands.unload({ id: "m", force: false }))),
            Stream.runCollect
          )
          assert.strictEqual(yield* outcome(cut), "ModelNotFound")
          const outside = yield* temporaryFolder
          writeFiles(outside, { secret: "no" })
          fs.symlinkSync(path.join(outside, "secret"), path.join(folder, "link"))
          const refused = [
            ["../model", "not-allowed"],
            ["none", "missing"],
            [".", "not-allowed"],
            ["link", "not-allowed"]
          ] as const
          for (const [name, tag] of refused) {
            const failure = yield* Effect.flip(pool.commands.load(file("x", name)))
            assert.strictEqual(failure._tag === "SourceUnreadable" ? failure.reason : failure._tag, tag)
          }
        }))
    })
  })
}
