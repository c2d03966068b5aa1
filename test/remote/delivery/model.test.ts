/**
 * Random lives of an outbox against a model that is a few lists: what was accepted, what may be applied, what must be.
 *
 * The other side answers, is away, loses answers, refuses and breaks as the seed says; the process is closed and started
 * again on the same file. Time is virtual. A failure prints its seed.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { TestClock } from "effect/testing"
import type { OperationError, Receipt } from "opbus/operation"
import { Random } from "../../history/campaign/random.ts"
import { Add, databaseFile, OtherSide, process, reason, Taken, unreachable } from "./kit.ts"

interface Expected {
  readonly id: string
  readonly title: string
  readonly lane: string
  /** What its first words say: "fails" is refused for ever, "ok" is not. */
  readonly fate: "ok" | "fails" | "denied" | "breaks"
  removed: boolean
}

const fateOf = (title: string) => title.split(" ")[0] as Expected["fate"]

const life = (seed: number) =>
  Effect.gen(function*() {
    const random = new Random(seed)
    const file = yield* databaseFile
    const other = new OtherSide()
    let away = 0
    let losing = 0
    other.fault = ({ key, title }) => {
      if (random.chance(away)) {
        return random.chance(0.5)
          ? Effect.fail(unreachable(key))
          : Effect.fail(reason(key, { _tag: "Overloaded", limit: 1 }))
      }
      if (fateOf(title) === "denied") return Effect.fail(reason(key, { _tag: "Denied", why: "no" }))
      return random.chance(0.3) ? Effect.sleep(random.int(1, 800)) : Effect.void
    }
    other.lose = ({ key }) => random.chance(losing) ? Effect.fail(unreachable(key)) : Effect.void
    other.handle = ({ title }) =>
      fateOf(title) === "fails"
        ? Effect.fail(new Taken({ title }))
        : fateOf(title) === "breaks"
        ? Effect.die("broken")
        : Effect.void
    const options = { concurrency: random.int(1, 4), poisonAttempts: 2, isAlive: () => true }
    let current = yield* process(file, other, options)
    const accepted: Array<Expected> = []
    const lanes = ["a", "b", "c"]
    const steps = random.int(20, 60)
    for (let step = 0; step < steps; step++) {
      const { outbox } = current
      switch (random.weighted({ accept: 12, several: 3, remove: 3, time: 5, flush: 2, weather: 3, restart: 2 })) {
        case "accept":
        case "several": {
          const calls = Array.from({ length: random.chance(0.3) ? random.int(2, 12) : 1 }, (_, i) => {
            const fate = random.weighted({ ok: 16, fails: 2, denied: 1, breaks: 1 })
            return { title: `${fate} ${seed}.${step}.${i}`, fate, lane: random.pick(lanes) }
          })
          const receipts: ReadonlyArray<Receipt> = yield* Effect.forEach(
            calls,
            ({ lane, title }) => outbox.enqueue(Add, { title }, { lane }),
            { concurrency: "unbounded" }
          )
          receipts.forEach(({ id }, i) => accepted.push({ ...calls[i]!, id, removed: false }))
          break
        }
        case "remove": {
          const waiting = accepted.filter(({ removed }) => !removed)
          if (waiting.length === 0) break
          const call = random.pick(waiting)
          const before = other.deliveries.some(({ title }) => title === call.title)
          const removed = yield* outbox.remove(call.id)
          if (removed) {
            assert.isFalse(other.applied.includes(call.title), `${call.title} was applied and is taken back`)
            call.removed = true
          } else assert.isTrue(before, `${call.title} was never delivered, and cannot be taken back`)
          break
        }
        case "time":
          yield* TestClock.adjust(random.int(1, 5_000))
          break
        case "flush": {
          const flushing = yield* Effect.forkChild(outbox.flush)
          yield* TestClock.adjust("40 seconds")
          assert.isDefined(flushing.pollUnsafe(), "flush does not come back")
          break
        }
        case "weather":
          away = random.pick([0, 0, 0.5, 1])
          losing = random.pick([0, 0, 0.3])
          break
        case "restart":
          yield* current.close
          current = yield* process(file, other, options)
          break
      }
    }
    away = 0
    losing = 0
    yield* TestClock.adjust("10 minutes")
    const { outbox } = current
    assert.deepStrictEqual(yield* outbox.pending, [])

    const live = accepted.filter(({ removed }) => !removed)
    for (const lane of lanes) {
      const wanted = live.filter((call) => call.lane === lane && call.fate === "ok").map(({ title }) => title)
      const applied = other.applied.filter((title) =>
        accepted.some((call) => call.title === title && call.lane === lane)
      )
      assert.deepStrictEqual(applied, wanted, `lane ${lane}`)
    }
    const dead = yield* outbox.deadLetters
    assert.deepStrictEqual(
      dead.map(({ id }) => id).sort(),
      live.filter(({ fate }) => fate !== "ok").map(({ id }) => id).sort()
    )
    for (const { fate, id, removed } of accepted) {
      const exit = yield* Effect.exit(Effect.flatMap(outbox.receipt(Add, id), (receipt) => receipt.await))
      const error = Exit.isFailure(exit) ? yield* Effect.flip(exit) : undefined
      const outcome = error === undefined
        ? "ok"
        : error instanceof Taken
        ? "fails"
        : (error as OperationError).reason._tag
      const wanted = removed ? "RemoteUnavailable" : fate === "ok" || fate === "fails" ? fate : "DeadLettered"
      assert.strictEqual(outcome, wanted, `the outcome of ${fate} ${id}`)
    }
    yield* current.close
  })

describe("Outbox against its model", () => {
  const count = Number(globalThis.process.env["OUTBOX_MODEL_RUNS"] ?? 20)
  const first = Number(globalThis.process.env["OUTBOX_MODEL_SEED"] ?? 1)
  it.effect(
    "R4: whatever happens, what was accepted is applied once and in order, or given up for its own reason",
    () =>
      Effect.forEach(
        Array.from({ length: count }, (_, i) => first + i),
        (seed) =>
          Effect.scoped(life(seed)).pipe(
            Effect.tapCause(() => Effect.sync(() => console.error(`OUTBOX_MODEL_RUNS=1 OUTBOX_MODEL_SEED=${seed}`)))
          ),
        { discard: true }
      ),
    120_000
  )
})
