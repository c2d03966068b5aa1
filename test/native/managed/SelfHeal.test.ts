import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { TestClock } from "effect/testing"
import * as HealthStatus from "opbus/native/HealthStatus"
import { SelfHeal } from "opbus/native/SelfHeal"
import { reasons, recordSystem, refusal, system, tally } from "./support.ts"

const sick = Effect.succeed(HealthStatus.unhealthy("no connection"))
const well = Effect.succeed(HealthStatus.healthy)

describe("the heal loop", () => {
  it.effect("heals a service that says it is unhealthy", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      const { asked, behaviour, commands } = yield* tally({ health: sick })
      behaviour.heal = Effect.sync(() => {
        behaviour.health = well
        return true
      })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(asked, ["heal"])
      assert.deepStrictEqual(
        seen.of("system.service.healed").map(({ attempts, service }) => [service, attempts]),
        [["tally", 1]]
      )
      assert.deepStrictEqual(yield* commands.add({ by: 1 }), { total: 1 })
    }).pipe(Effect.provide(system().layer)))

  it.effect("tries again with growing pauses, and stops when it has worked", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      const { asked, behaviour } = yield* tally({ health: sick, heal: Effect.succeed(false) })
      yield* TestClock.adjust("2900 millis") // 0, 1, 3 s
      assert.deepStrictEqual(asked, ["heal", "heal"])
      behaviour.heal = Effect.sync(() => {
        behaviour.health = well
        return true
      })
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(asked, ["heal", "heal", "heal"])
      assert.deepStrictEqual(seen.tags(), [
        "system.service.heal-failed",
        "system.service.heal-failed",
        "system.service.healed"
      ])
    }).pipe(Effect.provide(system({ health: { interval: "1 hour" } }).layer)))

  it.effect("escalates a service that cannot heal itself, and leaves it alone until it is reopened", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      const heal = yield* SelfHeal
      const { asked, behaviour, commands, managed } = yield* tally({ health: sick, heal: Effect.succeed(false) })
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(asked.length, 2)
      assert.deepStrictEqual(reasons(managed), [])
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual(
        seen.of("system.service.escalated").map(({ attempts, reason, service }) => [service, attempts, reason]),
        [["tally", 3, "it cannot heal itself: no connection"]]
      )
      assert.deepStrictEqual(yield* heal.escalated, [managed])
      assert.strictEqual(
        (yield* Effect.flip(commands.add({ by: 1 }))).message,
        "The service \"tally\" could not heal itself in 3 attempts: it cannot heal itself: no connection. Remove the cause, then reopen it."
      )
      behaviour.health = well
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(asked.length, 3)
      assert.strictEqual(yield* refusal(commands.add({ by: 1 })), "Escalated")
      assert.isTrue(yield* heal.reopen("tally"))
      assert.deepStrictEqual(yield* commands.add({ by: 1 }), { total: 1 })
      assert.isFalse(yield* heal.reopen("tally"))
      // It is looked after again.
      behaviour.health = sick
      yield* TestClock.adjust("30 seconds")
      assert.strictEqual(seen.of("system.service.escalated").length, 2)
    }).pipe(Effect.provide(system({ heal: { attempts: 3 } }).layer)))

  it.effect("goes on with its pauses whatever the health monitor finds meanwhile", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      yield* tally({ health: sick, heal: Effect.succeed(false) })
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(seen.of("system.service.heal-failed").map(({ at }) => at), [0, 1000, 3000, 7000, 15000])
      assert.deepStrictEqual(seen.of("system.service.escalated").map(({ at }) => at), [15000])
    }).pipe(Effect.provide(system().layer)))

  it.effect("does not believe a service that says it has healed but is still unhealthy", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      yield* tally({ health: sick, heal: Effect.succeed(true) })
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(seen.of("system.service.escalated").map(({ reason }) => reason), [
        "it is still unhealthy: no connection"
      ])
    }).pipe(Effect.provide(system({ heal: { attempts: 2 } }).layer)))

  it.effect("counts a healing that hangs, or dies, as an attempt", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      yield* tally({ health: sick, heal: Effect.uninterruptible(Effect.never) }, "hangs")
      yield* tally({ health: sick, heal: Effect.die(new Error("cannot open the file")) }, "dies")
      yield* TestClock.adjust("2 minutes")
      assert.deepStrictEqual(
        Object.fromEntries(seen.of("system.service.escalated").map(({ reason, service }) => [service, reason])),
        { hangs: "healing took too long", dies: "cannot open the file" }
      )
    }).pipe(Effect.provide(system({ heal: { attempts: 2 } }).layer)))

  it.effect("stops asking when the service has recovered meanwhile", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      const { asked, behaviour } = yield* tally({ health: sick, heal: Effect.succeed(false) })
      yield* TestClock.adjust("500 millis")
      behaviour.health = well
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(asked, ["heal"])
      assert.deepStrictEqual(seen.of("system.service.healed").map(({ attempts }) => attempts), [1])
    }).pipe(Effect.provide(system().layer)))

  it.effect("heals a service that was quarantined, and it takes calls again", () =>
    Effect.gen(function*() {
      const { behaviour, commands } = yield* tally({ health: Effect.never })
      behaviour.heal = Effect.sync(() => {
        behaviour.health = well
        return true
      })
      yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* commands.add({ by: 1 }), { total: 1 })
    }).pipe(Effect.provide(system().layer)))

  it.effect("leaves a service that was shut down, or is gone, alone", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      const { asked, managed } = yield* tally({ health: sick, heal: Effect.succeed(false) }, "down")
      const gone = yield* Effect.scoped(Effect.gen(function*() {
        const { asked } = yield* tally({ health: sick, heal: Effect.succeed(false) }, "gone")
        yield* TestClock.adjust("500 millis")
        yield* managed.shutdown
        return asked
      }))
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(asked, ["heal", "shutdown"])
      assert.deepStrictEqual(gone, ["heal", "shutdown"])
      assert.deepStrictEqual(seen.of("system.service.escalated"), [])
    }).pipe(Effect.provide(system().layer)))

  it.effect("ends with a schedule that ends before the attempts do", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      yield* tally({ health: sick, heal: Effect.succeed(false) })
      yield* TestClock.adjust("60 seconds")
      assert.deepStrictEqual(seen.of("system.service.escalated").map(({ attempts }) => attempts), [3])
    }).pipe(
      Effect.provide(
        system({
          health: { interval: "1 hour" },
          heal: { attempts: 9, backoff: Schedule.spaced("1 second").pipe(Schedule.upTo({ times: 2 })) }
        }).layer
      )
    ))
})
