import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { SelfHeal } from "opbus/native/SelfHeal"
import * as Sidecar from "opbus/native/Sidecar"
import { NodeSidecar } from "opbus/node"
import { definition } from "../binding/echo.ts"
import * as binding from "../binding/support.ts"
import { sidecar } from "./sidecarBinary.ts"
import { reasons, recordSystem, refusal, system } from "./support.ts"

const kinds = [
  ["rust", binding.echo()],
  [
    "sidecar",
    Effect.provide(Sidecar.make(definition), NodeSidecar.layer({ commands: [{ file: sidecar ?? "", args: [] }] }))
  ]
] as const

const eventually = <A, E, R>(effect: Effect.Effect<A, E, R>, is: (a: A) => boolean) =>
  Effect.repeat(effect, {
    schedule: Schedule.spaced("5 millis").pipe(Schedule.upTo({ duration: "10 seconds" })),
    until: is
  }).pipe(Effect.andThen(effect), Effect.tap((a) => Effect.sync(() => assert.isTrue(is(a), JSON.stringify(a)))))

const options = {
  health: { interval: "20 millis", deadline: "150 millis" },
  heal: { backoff: Schedule.spaced("10 millis") },
  pressure: { interval: "10 millis", settle: "20 millis" }
} as const

describe.skipIf(binding.skip).each(kinds)("a service written in Rust, as %s", (kind, echo) => {
  it.live("hears each level in order, sheds at the top, and takes no calls there", () => {
    const { layer, memory } = system(options)
    return Effect.gen(function*() {
      const { commands, managed } = yield* echo
      assert.strictEqual(managed.kind, kind)
      const seen = yield* recordSystem
      const level = (usage: number, count: number) =>
        Effect.andThen(
          Effect.sync(() => void (memory.usage = usage)),
          eventually(Effect.sync(() => seen.of("system.pressure.changed").length), (length) => length === count)
        )
      yield* level(0.8, 1)
      yield* level(0.9, 2)
      yield* level(0.97, 3)
      yield* eventually(Effect.sync(() => seen.tags()), (tags) => tags.includes("system.load.shed"))
      assert.strictEqual(yield* refusal(commands.stats({})), "Pressure")
      assert.strictEqual(yield* refusal(commands.slow({ millis: 0, deaf: false })), "Pressure")
      yield* level(0.1, 4)
      yield* eventually(Effect.sync(() => reasons(managed)), (closed) => closed.length === 0)
      const { events, finished } = yield* commands.stats({})
      assert.deepStrictEqual(events, [
        "pressure warning",
        "pressure high",
        "pressure critical",
        "shed",
        "pressure normal"
      ])
      assert.strictEqual(finished, 0, "the call that was refused did not run")
    }).pipe(Effect.provide(layer))
  })

  it.live("heals when it is unhealthy, when its health check panics, and when it is late", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      const { commands, managed } = yield* echo
      for (const [count, health] of ["unhealthy", "panic", "late"].entries()) {
        yield* managed.parameters.set("health", health)
        yield* eventually(Effect.sync(() => seen.of("system.service.healed").length), (length) => length === count + 1)
        assert.deepStrictEqual(yield* managed.health, { _tag: "Healthy" })
      }
      yield* eventually(Effect.sync(() => reasons(managed)), (closed) => closed.length === 0)
      assert.strictEqual(seen.of("system.service.quarantined").length, 1)
      assert.deepStrictEqual((yield* commands.stats({})).events, ["heal", "heal", "heal"])
    }).pipe(Effect.provide(system(options).layer)))

  it.live("is given up when it cannot heal itself, and takes no calls until it is reopened", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      const { commands, managed } = yield* echo
      yield* managed.parameters.set("health", "lost")
      yield* eventually(Effect.sync(() => seen.of("system.service.escalated")), (events) => events.length === 1)
      assert.deepInclude(seen.of("system.service.escalated")[0], {
        service: "echo",
        attempts: 3,
        reason: "it cannot heal itself: the data is lost"
      })
      assert.deepStrictEqual(reasons(managed), ["Escalated"])
      assert.strictEqual(yield* refusal(commands.stats({})), "Escalated")
      assert.strictEqual(yield* refusal(commands.slow({ millis: 0, deaf: false })), "Escalated")
      assert.strictEqual(yield* refusal(Stream.runDrain(commands.count({ count: 1, slow: false }))), "Escalated")
      // Somebody removes the cause.
      yield* managed.parameters.set("health", "healthy")
      assert.isTrue(yield* (yield* SelfHeal).reopen("echo"))
      assert.deepStrictEqual((yield* commands.stats({})).events, ["heal", "heal", "heal"])
    }).pipe(Effect.provide(system({ ...options, heal: { ...options.heal, attempts: 3 } }).layer)))
})
