import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { TestClock } from "effect/testing"
import { HealthMonitor, type Options } from "opbus/native/HealthMonitor"
import * as HealthStatus from "opbus/native/HealthStatus"
import { ServiceRegistry } from "opbus/native/ServiceRegistry"
import { SystemEvents } from "opbus/native/SystemEvents"
import { reasons, recordSystem, refusal, tally } from "./support.ts"

/** The monitor alone: nobody heals. */
const monitored = (options?: Options) =>
  HealthMonitor.layer(options).pipe(Layer.provideMerge([ServiceRegistry.layer, SystemEvents.layer]))

describe("the health monitor", () => {
  it.effect("asks every service in rounds, and says how all are", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      yield* tally({ health: Effect.succeed(HealthStatus.degraded("slow disk")) }, "store")
      yield* tally({}, "index")
      yield* TestClock.adjust("21 seconds")
      const snapshots = seen.of("system.health.snapshot")
      assert.deepStrictEqual(snapshots.map(({ at }) => at), [0, 10_000, 20_000])
      assert.deepStrictEqual(snapshots[2]!.services, [
        { service: "store", kind: "typescript", health: HealthStatus.degraded("slow disk"), late: false, closed: [] },
        { service: "index", kind: "typescript", health: HealthStatus.healthy, late: false, closed: [] }
      ])
      const monitor = yield* HealthMonitor
      assert.deepStrictEqual(yield* monitor.latest, Option.some(snapshots[2]!))
    }).pipe(Effect.provide(monitored())))

  it.effect("quarantines a service that does not answer in time, until it does", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      const { latest, poll } = yield* HealthMonitor
      const late = yield* tally({ health: Effect.never }, "late")
      const punctual = yield* tally({}, "punctual")
      yield* TestClock.adjust("999 millis")
      assert.deepStrictEqual(reasons(late.managed), [])
      yield* TestClock.adjust("1 millis")
      const { services } = Option.getOrThrow(yield* latest)
      assert.deepStrictEqual(services.map(({ closed, health, late }) => [health._tag, late, closed]), [
        ["Unhealthy", true, ["Quarantined"]],
        ["Healthy", false, []]
      ])
      assert.strictEqual(yield* refusal(late.commands.add({ by: 1 })), "Quarantined")
      assert.deepStrictEqual(yield* punctual.commands.add({ by: 1 }), { total: 1 })
      late.behaviour.health = Effect.succeed(HealthStatus.healthy)
      yield* poll
      assert.deepStrictEqual(yield* late.commands.add({ by: 1 }), { total: 1 })
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(seen.tags(), ["system.service.quarantined", "system.service.released"])
    }).pipe(Effect.provide(monitored())))

  it.effect("has one round after the other: what is asked for meanwhile is asked anew", () =>
    Effect.gen(function*() {
      const { poll } = yield* HealthMonitor
      let asked = 0
      const health = Effect.suspend(() => Effect.as(Effect.sleep("100 millis"), HealthStatus.degraded(String(++asked))))
      yield* TestClock.adjust("1 second")
      yield* tally({ health })
      const both = yield* Effect.forkChild(Effect.all([poll, poll], { concurrency: "unbounded" }))
      yield* TestClock.adjust("300 millis")
      assert.deepStrictEqual((yield* Fiber.join(both)).map(({ at, services }) => [at, services[0]!.health]), [
        [1_100, HealthStatus.degraded("1")],
        [1_200, HealthStatus.degraded("2")]
      ])
    }).pipe(Effect.provide(monitored())))

  it.effect("asks all at once: several that hang cost no more than one", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      for (const name of ["a", "b", "c"]) yield* tally({ health: Effect.never }, name)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(seen.of("system.health.snapshot").map(({ services }) => services.length), [3])
    }).pipe(Effect.provide(monitored())))

  it.effect("does not ask again while a service that cannot be interrupted still hangs, and says once that it is late", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      const { poll } = yield* HealthMonitor
      const answer = yield* Deferred.make<HealthStatus.HealthStatus>()
      let asked = 0
      const late = yield* tally({
        health: Effect.suspend(() => {
          asked++
          return Effect.uninterruptible(Deferred.await(answer))
        })
      })
      yield* TestClock.adjust("35 seconds")
      assert.isAtLeast(seen.of("system.health.snapshot").length, 3)
      assert.strictEqual(asked, 1)
      assert.deepStrictEqual(seen.tags().filter((tag) => tag === "system.service.quarantined").length, 1)
      yield* Deferred.succeed(answer, HealthStatus.healthy)
      yield* poll
      assert.deepStrictEqual(reasons(late.managed), [])
    }).pipe(Effect.provide(monitored())))

  it.live("quarantines a service that holds up the thread for too long", () =>
    Effect.gen(function*() {
      const { check } = yield* HealthMonitor
      const block = Effect.sync(() => {
        const until = performance.now() + 60
        while (performance.now() < until);
        return HealthStatus.healthy
      })
      const { managed } = yield* tally({ health: block })
      assert.isTrue((yield* check(managed)).late)
      assert.deepStrictEqual(reasons(managed), ["Quarantined"])
    }).pipe(Effect.provide(monitored({ deadline: "40 millis" }))))

  it.effect("takes a failure and a defect for an unhealthy service", () =>
    Effect.gen(function*() {
      const { check, poll } = yield* HealthMonitor
      const broken = yield* tally({ health: Effect.die(new Error("no such table\n    at secret")) }, "broken")
      const gone = yield* tally({}, "gone")
      yield* gone.managed.shutdown
      assert.deepStrictEqual((yield* check(broken.managed)).health, HealthStatus.unhealthy("no such table"))
      assert.deepStrictEqual((yield* poll).services.map(({ health }) => health), [
        HealthStatus.unhealthy("no such table"),
        HealthStatus.unhealthy("The service \"gone\" was shut down. Make a new one.")
      ])
    }).pipe(Effect.provide(monitored())))

  it.effect("forgets a service that is gone, and does not wait for its answer when it ends itself", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      yield* Effect.scoped(Effect.gen(function*() {
        yield* tally({ health: Effect.uninterruptible(Effect.never) })
        const { poll } = yield* HealthMonitor
        yield* Effect.forkChild(poll)
        yield* Effect.yieldNow
      }))
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(seen.of("system.health.snapshot").at(-1)!.services, [])
    }).pipe(Effect.provide(monitored())))
})
