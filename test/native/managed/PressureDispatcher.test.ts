import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { TestClock } from "effect/testing"
import * as PressureDispatcher from "opbus/native/PressureDispatcher"
import { PressureSource } from "opbus/native/PressureSource"
import { ServiceRegistry } from "opbus/native/ServiceRegistry"
import { SystemEvents } from "opbus/native/SystemEvents"
import { reasons, recordSystem, refusal, system, tally } from "./support.ts"

/** Runs a test over services and a memory that it sets. */
const under = <A, E>(
  test: (memory: ReturnType<typeof system>["memory"]) => Effect.Effect<A, E, any>,
  options?: PressureDispatcher.Options
) => {
  const { layer, memory } = system({ pressure: options, health: { interval: "1 hour" } })
  return Effect.provide(test(memory), layer) as Effect.Effect<A, E>
}

describe("the pressure dispatcher", () => {
  it.effect("tells a service each level in order, once per change", () =>
    under((memory) =>
      Effect.gen(function*() {
        const { asked } = yield* tally()
        for (const usage of [0.5, 0.74, 0.76, 0.77, 0.8, 0.86, 0.9, 0.96, 0.99, 0.97, 0.86, 0.5, 0.4]) {
          memory.usage = usage
          yield* TestClock.adjust("1 second")
          yield* TestClock.adjust("1 second")
        }
        assert.deepStrictEqual(asked, ["warning", "high", "critical", "shed", "high", "normal"])
      })
    ))

  it.effect("changes nothing while the value trembles around a threshold", () =>
    under((memory) =>
      Effect.gen(function*() {
        const { asked } = yield* tally()
        const { level } = yield* PressureDispatcher.PressureDispatcher
        for (const usage of [0.76, 0.74, 0.76, 0.72, 0.751, 0.713]) {
          memory.usage = usage
          yield* TestClock.adjust("1 second")
          assert.strictEqual(yield* level, "warning")
        }
        assert.deepStrictEqual(asked, ["warning"])
        memory.usage = 0.712
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* level, "normal")
        assert.deepStrictEqual(asked, ["warning", "normal"])
      })
    ))

  it.effect("closes a service at critical before it tells it, and opens it when it has heard that there is room", () =>
    under((memory) =>
      Effect.gen(function*() {
        const during: Array<ReadonlyArray<string>> = []
        const { asked, behaviour, commands, managed } = yield* tally()
        behaviour.pressureResponse = () => Effect.sync(() => void during.push(reasons(managed)))
        memory.usage = 0.97
        yield* TestClock.adjust("2 seconds")
        assert.strictEqual(yield* refusal(commands.add({ by: 1 })), "Pressure")
        assert.notInclude(asked, "add")
        memory.usage = 0.91
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* refusal(commands.add({ by: 1 })), "Pressure", "0.91 is within the hysteresis")
        memory.usage = 0.88
        yield* TestClock.adjust("1 second")
        assert.deepStrictEqual(yield* commands.add({ by: 1 }), { total: 1 })
        assert.deepStrictEqual(asked, ["critical", "shed", "high", "add"])
        assert.deepStrictEqual(during, [["Pressure"], ["Pressure"]])
      })
    ))

  it.effect("asks to shed load only when a second reading, after all have answered, is still critical", () =>
    under((memory) =>
      Effect.gen(function*() {
        const seen = yield* recordSystem
        const obedient = yield* tally({
          // It gives the memory back that it holds.
          pressureResponse: (level) =>
            Effect.sync(() => void (memory.usage = level === "critical" ? 0.5 : memory.usage))
        })
        memory.usage = 0.97
        yield* TestClock.adjust("1 second")
        yield* TestClock.adjust("250 millis")
        assert.deepStrictEqual(obedient.asked, ["critical", "normal"])
        assert.deepStrictEqual(seen.tags(), ["system.pressure.changed", "system.pressure.changed"])
        assert.deepStrictEqual(reasons(obedient.managed), [])
      })
    ))

  it.effect("sheds once per time that memory is critical", () =>
    under((memory) =>
      Effect.gen(function*() {
        const seen = yield* recordSystem
        const { asked } = yield* tally()
        memory.usage = 0.97
        yield* TestClock.adjust("10 seconds")
        memory.usage = 0.2
        yield* TestClock.adjust("1 second")
        memory.usage = 0.97
        yield* TestClock.adjust("10 seconds")
        assert.deepStrictEqual(asked, ["critical", "shed", "normal", "critical", "shed"])
        assert.deepStrictEqual(seen.of("system.load.shed").map(({ services }) => services), [["tally"], ["tally"]])
      })
    ))

  it.effect("tells a service that comes while memory is scarce at once, and takes no calls for it", () =>
    under((memory) =>
      Effect.gen(function*() {
        memory.usage = 0.97
        yield* TestClock.adjust("2 seconds")
        const { asked, commands } = yield* tally()
        yield* Effect.yieldNow
        yield* TestClock.adjust(0)
        assert.strictEqual(yield* refusal(commands.add({ by: 1 })), "Pressure")
        assert.deepStrictEqual(asked, ["critical"])
      })
    ))

  it.effect("closes a service that comes while others still answer", () =>
    under((memory) =>
      Effect.gen(function*() {
        yield* tally({ pressureResponse: () => Effect.never }, "slow")
        memory.usage = 0.97
        yield* TestClock.adjust("1 second")
        const { commands } = yield* tally({}, "new")
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* refusal(commands.add({ by: 1 })), "Pressure")
      })
    ))

  it.effect("waits for a service no longer than its deadline, and says which one did not answer", () =>
    under((memory) =>
      Effect.gen(function*() {
        const seen = yield* recordSystem
        const { check } = yield* PressureDispatcher.PressureDispatcher
        yield* tally({ pressureResponse: () => Effect.uninterruptible(Effect.never) }, "deaf")
        yield* tally({ pressureResponse: () => Effect.die("cannot") }, "broken")
        const good = yield* tally({}, "good")
        memory.usage = 0.8
        const checking = yield* Effect.forkChild(check)
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(yield* Fiber.join(checking), "warning")
        assert.deepStrictEqual(good.asked, ["warning"])
        assert.deepStrictEqual(
          seen.of("system.pressure.unanswered").map(({ reason, request, service }) => [service, request, reason]),
          [["broken", "warning", "cannot"], ["deaf", "warning", "it did not answer in time"]]
        )
        // What hangs is not asked a second thing on top.
        memory.usage = 0.97
        const again = yield* Effect.forkChild(check)
        yield* TestClock.adjust("6 seconds")
        yield* Fiber.join(again)
        assert.deepStrictEqual(good.asked, ["warning", "critical", "shed"])
        assert.deepStrictEqual(
          seen.of("system.pressure.unanswered").filter(({ service }) => service === "deaf").map(({ request }) =>
            request
          ),
          ["warning", "critical", "shed"]
        )
      })
    ))

  it.effect("counts waiting for memory as pressure too", () =>
    under((memory) =>
      Effect.gen(function*() {
        const { asked } = yield* tally()
        for (const stall of [9, 10, 9.6, 31, 12, 0]) {
          memory.stall = stall
          yield* TestClock.adjust("1 second")
        }
        assert.deepStrictEqual(asked, ["warning", "high", "warning", "normal"])
      })
    ))

  it.effect("keeps the level when memory cannot be read, and goes on", () =>
    under((memory) =>
      Effect.gen(function*() {
        const { level } = yield* PressureDispatcher.PressureDispatcher
        const { asked } = yield* tally()
        memory.usage = 0.8
        yield* TestClock.adjust("1 second")
        memory.broken = true
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual(yield* level, "warning")
        memory.broken = false
        memory.usage = 0.1
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* level, "normal")
        assert.deepStrictEqual(asked, ["warning", "normal"])
      })
    ))

  it.effect("takes the thresholds that it is given", () =>
    under(
      (memory) =>
        Effect.gen(function*() {
          const { asked } = yield* tally()
          for (const usage of [0.29, 0.45, 0.55, 0.65, 0.59, 0.3, 0.29]) {
            memory.usage = usage
            yield* TestClock.adjust("1 second")
          }
          assert.deepStrictEqual(asked, ["high", "critical", "shed", "high", "warning", "normal"])
        }),
      { usage: { warning: 0.3, high: 0.4, critical: 0.6 }, hysteresis: 0, settle: 0 }
    ))

  it.effect("refuses thresholds that do not rise", () =>
    Effect.gen(function*() {
      const layer = PressureDispatcher.PressureDispatcher.layer({ usage: { high: 0.5 } }).pipe(
        Layer.provide([
          ServiceRegistry.layer,
          SystemEvents.layer,
          Layer.succeed(PressureSource, { read: Effect.never })
        ])
      )
      const defect = yield* Effect.catchDefect(Effect.as(Layer.build(layer), undefined), (defect) =>
        Effect.succeed(defect))
      assert.match(String(defect), /the thresholds of usage have to rise, but are 0.75, 0.5 and 0.95/)
    }))
})
