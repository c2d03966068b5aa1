import { assert, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream } from "effect"
import { DevtoolsOperations as Tools } from "opbus/devtools"
import * as HealthStatus from "opbus/native/HealthStatus"
import type { Implementation } from "opbus/native/ManagedService"
import * as ManagedServices from "opbus/native/ManagedServices"
import { PressureSource } from "opbus/native/PressureSource"
import { SelfHeal } from "opbus/native/SelfHeal"
import * as ServiceDefinition from "opbus/native/ServiceDefinition"
import * as TypeScriptService from "opbus/native/TypeScriptService"
import { app, connect, failureOf, follow, serve } from "./support/kit.ts"

const newServices = () => {
  const state = {
    health: Effect.succeed(HealthStatus.healthy) as Effect.Effect<HealthStatus.HealthStatus>,
    asked: 0,
    measured: 0,
    open: 0,
    step: 3
  }
  const implementation: Implementation = {
    health: Effect.suspend(() => {
      state.asked++
      state.open++
      return Effect.ensuring(state.health, Effect.sync(() => void state.open--))
    }),
    heal: Effect.succeed(false),
    pressureResponse: () => Effect.void,
    shedLoad: Effect.void,
    shutdown: Effect.void,
    metrics: Effect.sync(() => {
      state.measured++
      return { calls: 7, by: { left: 5, ["__proto__"]: 2 }, name: "seven" }
    }),
    metricPrefix: "clicks",
    parameters: {
      list: Effect.succeed([{ name: "step", description: "How much" }]),
      get: (name) => Effect.succeed(name === "step" ? state.step : undefined),
      set: () => Effect.void
    }
  }
  const service = Layer.effectDiscard(TypeScriptService.make(
    ServiceDefinition.make({
      name: "counter",
      specHash: "none",
      traits: ["ManagedService", "MetricsEmitter", "Configurable"],
      commands: {}
    }),
    () => Effect.succeed(implementation)
  ))
  const layer = service.pipe(
    Layer.provideMerge(ManagedServices.layer({
      // Long enough that whatever asks here is the devtools.
      health: { interval: "1 hour", deadline: "500 millis" },
      heal: { attempts: 1 }
    })),
    Layer.provide(Layer.succeed(PressureSource, {
      read: Effect.succeed({ usage: 0.8, usedBytes: 8, limitBytes: 10, from: "cgroup2" as const, stall: undefined })
    })),
    Layer.provideMerge(app)
  )
  return { state, layer }
}

it.live("every second somebody listens: health, admission, figures, parameters, and the memory", () =>
  Effect.gen(function*() {
    const { layer, state } = newServices()
    const server = yield* serve({ app: layer })
    const tools = yield* connect(server.port, "tools")
    const services = yield* follow(tools, Tools.Services)
    const first = yield* services.first
    assert.strictEqual(first.enabled, true)
    assert.deepStrictEqual(first.services, [{
      service: "counter",
      kind: "typescript",
      health: { _tag: "Healthy" },
      late: false,
      closed: [],
      metrics: { "clicks.calls": 7, "clicks.by.left": 5, "clicks.by.__proto__": 2 },
      parameters: [{ name: "step", description: "How much", value: 3 }]
    }])
    const { pressure } = yield* services.until(({ pressure }) => pressure?.usage !== null, "the first reading")
    assert.deepStrictEqual(pressure, { level: "warning", usage: 0.8, from: "cgroup2" })
    state.health = Effect.succeed(HealthStatus.degraded("slow\nand secretive"))
    const degraded = yield* services.until(({ services }) => services[0]?.health._tag === "Degraded", "the change")
    assert.deepStrictEqual(degraded.services[0]?.health, { _tag: "Degraded", reason: "slow" })
    const times = services.seen.map(({ at }) => at)
    for (const [i, at] of times.entries()) if (i > 0) assert.isAtLeast(at - times[i - 1]!, 900)
  }).pipe(Effect.scoped))

it.live("nobody is asked while nobody listens", () =>
  Effect.gen(function*() {
    const { layer, state } = newServices()
    const server = yield* serve({ app: layer })
    const tools = yield* connect(server.port, "tools")
    yield* Effect.sleep("100 millis")
    const before = { ...state }
    yield* Effect.sleep("1500 millis")
    assert.deepStrictEqual([state.asked, state.measured], [before.asked, before.measured])
    const listener = yield* Effect.forkChild(Stream.runDrain(tools.invokeStream(Tools.Services, undefined, {})))
    for (let i = 0; state.measured < before.measured + 2 && i < 300; i++) yield* Effect.sleep("20 millis")
    assert.isAtLeast(state.measured, before.measured + 2)
    yield* Fiber.interrupt(listener)
    // What was on its way when the listener left.
    yield* Effect.sleep("200 millis")
    const after = { ...state }
    yield* Effect.sleep("1500 millis")
    assert.deepStrictEqual([state.asked, state.measured], [after.asked, after.measured])
  }).pipe(Effect.scoped))

it.live("one that hangs is shown as late, is asked once, and stays in use: the devtools only look", () =>
  Effect.gen(function*() {
    const { layer, state } = newServices()
    const server = yield* serve({ app: layer })
    const tools = yield* connect(server.port, "tools")
    yield* Effect.sleep("50 millis")
    state.health = Effect.never
    const services = yield* follow(tools, Tools.Services)
    yield* services.first
    state.step = 4
    const late = yield* services.until(({ services }) => services[0]?.late === true, "that it is late")
    assert.deepStrictEqual(late.services[0]?.health, { _tag: "Unhealthy", reason: "it does not say how it is" })
    yield* services.until(() => services.seen.length >= 3, "three of them")
    assert.deepStrictEqual(services.seen.at(-1)?.services[0]?.closed, [])
    assert.isAtMost(state.open, 1)
    // What is set meanwhile is asked for now and then.
    yield* services.until(({ services }) => services[0]?.parameters[0]?.value === 4, "the parameter")
  }).pipe(Effect.scoped))

it.live("what happens comes along as events, and an escalated service can be reopened", () =>
  Effect.gen(function*() {
    const { layer, state } = newServices()
    const { HealthMonitor } = yield* Effect.promise(() => import("opbus/native/HealthMonitor"))
    const server = yield* serve({ app: layer })
    const tools = yield* connect(server.port, "tools")
    const services = yield* follow(tools, Tools.Services)
    yield* services.first
    state.health = Effect.succeed(HealthStatus.unhealthy("the disk is gone"))
    yield* server.run(HealthMonitor.use(({ poll }) => poll))
    const escalated = yield* services.until(
      ({ services }) => services[0]?.closed.some(({ reason }) => reason === "Escalated") === true,
      "the escalation"
    )
    assert.include(escalated.services[0]!.closed[0]!.message, "the disk is gone")
    const events = services.seen.flatMap(({ events }) => events)
    assert.deepStrictEqual(
      events.map(({ _tag }) => _tag).filter((tag) => tag.startsWith("system.service")),
      ["system.service.heal-failed", "system.service.escalated"]
    )
    assert.strictEqual((yield* failureOf(tools.invoke(Tools.Reopen, { service: "__proto__" }, {}))).reason, "NotFound")
    yield* tools.invoke(Tools.Reopen, { service: "counter" }, {})
    assert.deepStrictEqual(yield* server.run(SelfHeal.use(({ escalated }) => escalated)), [])
    yield* services.until(({ events }) => events.some(({ _tag }) => _tag === "system.service.reopened"), "the event")
  }).pipe(Effect.scoped))
