import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { execFileSync } from "node:child_process"
import { ParameterRefused } from "opbus/native/ManagedService"
import { ServiceRegistry } from "opbus/native/ServiceRegistry"
import type { ServiceUnavailable } from "opbus/native/ServiceUnavailable"
import * as Sidecar from "opbus/native/Sidecar"
import { NodeSidecar } from "opbus/node"
import { OperationInvoker } from "opbus/operation"
import { bus, reasonTag } from "../../operation/support.ts"
import { Add, definition, Refused, TooMany } from "../binding/echo.ts"
import { sidecar } from "./sidecarBinary.ts"
import { reasons, recordSystem, refusal, system } from "./support.ts"

/** Children of this process that are sidecars. */
const sidecars = (): ReadonlyArray<number> =>
  execFileSync("ps", ["-o", "pid=,stat=,args=", "--ppid", String(process.pid)], { encoding: "utf8" }).split("\n")
    .filter((line) => line.includes("-sidecar") && !/^\s*\d+ Z/.test(line)).map((line) => Number.parseInt(line, 10))

/** Waits for what happens soon. */
const eventually = <A, E, R>(effect: Effect.Effect<A, E, R>, is: (a: A) => boolean) =>
  Effect.repeat(effect, {
    schedule: Schedule.spaced("5 millis").pipe(Schedule.upTo({ duration: "10 seconds" })),
    until: is
  }).pipe(Effect.andThen(effect), Effect.tap((a) => Effect.sync(() => assert.isTrue(is(a), JSON.stringify(a)))))

describe.skipIf(sidecar === undefined || process.platform !== "linux")("a service in a process of its own", () => {
  const command: Sidecar.Command = { file: sidecar ?? "", args: [] }
  const Node = NodeSidecar.layer({ commands: [command] })
  const echo = (options?: Sidecar.Options) => Sidecar.make(definition, options)

  it.live("answers calls with values, typed failures and defects", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo()
      assert.deepStrictEqual(yield* commands.add({ x: 1.5, y: -2, name: "é\u2028😀\n\"" }), {
        sum: -0.5,
        name: "é\u2028😀\n\""
      })
      assert.isTrue(Object.is((yield* commands.add({ x: -0, y: -0, name: "" })).sum, -0), "the sign of zero")
      const refused = yield* Effect.flip(commands.fail({ which: 0 }))
      assert.instanceOf(refused, Refused)
      assert.strictEqual((refused as Refused).reason, "not today 😀")
      const many = yield* Effect.flip(commands.fail({ which: 7 }))
      assert.instanceOf(many, TooMany)
      assert.deepStrictEqual([(many as TooMany).limit, (many as TooMany).asked], [7, 2n ** 63n - 1n])
      for (const call of [commands.panic({ message: "boom" }), commands.nan({})]) {
        const exit = yield* Effect.exit(call)
        assert.isTrue(Exit.isFailure(exit) && Cause.hasDies(exit.cause))
      }
      const panic = yield* Effect.exit(commands.panic({ message: "boom" }))
      assert.match(String(Exit.isFailure(panic) && Cause.squash(panic.cause)), /^NativeDefect: panic: boom/)
      // The instance lives on.
      assert.strictEqual((yield* commands.add({ x: 1, y: 1, name: "" })).sum, 2)
      assert.deepStrictEqual(yield* managed.health, { _tag: "Healthy" })
    }).pipe(Effect.provide(Node)))

  it.live("answers many calls at once, and large ones", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const sums = yield* Effect.forEach(
        Array.from({ length: 500 }, (_, i) => i),
        (i) => Effect.map(commands.add({ x: i, y: i, name: String(i) }), ({ name, sum }) => [name, sum]),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(sums, Array.from({ length: 500 }, (_, i) => [String(i), 2 * i]))
      const { data, numbers, texts } = yield* commands.large({ items: 20_000, bytes: 3_000_000 })
      assert.deepStrictEqual([data.length, numbers.length, texts[19_999]], [3_000_000, 20_000, "é19999"])
      assert.strictEqual(data[259], 3)
    }).pipe(Effect.provide(Node)))

  it.live("is managed: health, metrics, parameters, pressure, shedding, healing", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo({ config: { steps: 3 } })
      assert.deepStrictEqual([managed.kind, managed.metricPrefix], ["sidecar", "test.echo"])
      assert.deepStrictEqual(yield* managed.metrics, { finished: 0 })
      assert.deepStrictEqual(yield* managed.parameters.list, [
        { name: "health", description: "How it says that it is" }
      ])
      yield* managed.parameters.set("health", "unhealthy")
      assert.strictEqual(yield* managed.parameters.get("health"), "unhealthy")
      assert.strictEqual(yield* managed.parameters.get("nothing"), undefined)
      assert.deepStrictEqual(
        yield* Effect.flip(managed.parameters.set("health", 7)),
        new ParameterRefused({ service: "echo", parameter: "health", message: "health is a string" })
      )
      assert.deepStrictEqual(yield* managed.health, { _tag: "Unhealthy", reason: "told so" })
      yield* managed.pressureResponse("high")
      yield* managed.shedLoad
      assert.isTrue(yield* managed.heal)
      yield* managed.parameters.set("health", "degraded")
      assert.isFalse(yield* managed.heal)
      const { events } = yield* commands.stats({})
      assert.deepStrictEqual(events, ["pressure high", "shed", "heal", "heal"])
    }).pipe(Effect.provide(Node)))

  it.live("cancels a call that is interrupted, and answers others meanwhile", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const slow = yield* Effect.forkChild(commands.slow({ millis: 60_000, deaf: false }))
      yield* eventually(commands.stats({}), ({ running }) => running === 1)
      yield* Fiber.interrupt(slow)
      yield* eventually(commands.stats({}), ({ cancelled, running }) => running === 0 && cancelled === 1)
    }).pipe(Effect.provide(Node)))

  it.live("streams what is asked for, and closes what is not", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const all = yield* Stream.runCollect(commands.count({ count: 1000, slow: false }))
      assert.deepStrictEqual(all.map(({ number }) => number), Array.from({ length: 1000 }, (_, i) => i))
      const some = yield* Stream.runCollect(Stream.take(commands.count({ count: 1_000_000, slow: false }), 10))
      assert.strictEqual(some.length, 10)
      const before: Array<number> = []
      const failed = yield* Effect.flip(Stream.runForEach(
        commands.count({ count: 100, failAt: 70, slow: false }),
        ({ number }) => Effect.sync(() => before.push(number))
      ))
      assert.deepStrictEqual([before.length, (failed as Refused).reason], [70, "at 70"])
      const many = yield* Effect.flip(Stream.runDrain(commands.count({ count: 2_000_000, slow: false })))
      assert.instanceOf(many, TooMany)
      const panicked = yield* Effect.exit(Stream.runDrain(commands.count({ count: 9, panicAt: 3, slow: false })))
      assert.isTrue(Exit.isFailure(panicked) && Cause.hasDies(panicked.cause))
      // One that has nothing to say for now.
      const waiting = yield* Effect.forkChild(Stream.runDrain(commands.count({ count: 2, slow: true })))
      yield* eventually(commands.stats({}), ({ running }) => running === 1)
      yield* Fiber.interrupt(waiting)
      yield* eventually(commands.stats({}), ({ streams }) => streams === 0)
    }).pipe(Effect.provide(Node)))

  it.live("fails running and further calls when its process is killed, and healing starts a new one", () =>
    Effect.gen(function*() {
      const registry = yield* ServiceRegistry
      const { commands, managed } = yield* echo()
      assert.deepStrictEqual(yield* registry.get("echo"), Option.some(managed))
      yield* managed.parameters.set("health", "degraded")
      yield* managed.pressureResponse("warning")
      const running = yield* Effect.forkChild(commands.slow({ millis: 60_000, deaf: true }))
      const streaming = yield* Effect.forkChild(Stream.runDrain(commands.count({ count: 1, slow: true })))
      yield* eventually(commands.stats({}), ({ running, streams }) => running === 2 && streams === 1)
      const [pid] = sidecars()
      process.kill(pid!, "SIGKILL")
      for (const fiber of [running, streaming] as ReadonlyArray<Fiber.Fiber<unknown, unknown>>) {
        const error = (yield* Effect.flip(Fiber.join(fiber))) as ServiceUnavailable
        assert.deepStrictEqual(
          [error.reason, error.message],
          [
            "Crashed",
            "The process of the service \"echo\" has ended: it was ended by SIGKILL. Healing starts a new one."
          ]
        )
      }
      assert.strictEqual(yield* refusal(commands.add({ x: 1, y: 1, name: "" })), "Crashed")
      assert.strictEqual(yield* refusal(managed.health), "Crashed")
      assert.isTrue(yield* managed.heal)
      assert.deepStrictEqual(reasons(managed), [])
      assert.notInclude(sidecars(), pid)
      assert.strictEqual((yield* commands.add({ x: 1, y: 1, name: "" })).sum, 2)
      assert.deepStrictEqual(yield* managed.health, { _tag: "Degraded", reason: "told so" })
      assert.deepStrictEqual((yield* commands.stats({})).events, ["pressure warning"])
    }).pipe(Effect.provide(ServiceRegistry.layer), Effect.provide(Node)))

  it.live("is healed by the heal loop after a crash", () =>
    Effect.gen(function*() {
      const seen = yield* recordSystem
      const { commands } = yield* echo()
      const [pid] = sidecars()
      process.kill(pid!, "SIGKILL")
      yield* eventually(Effect.sync(() => seen.tags()), (tags) => tags.includes("system.service.healed"))
      assert.strictEqual((yield* commands.add({ x: 1, y: 1, name: "" })).sum, 2)
    }).pipe(Effect.provide(system({ health: { interval: "20 millis" } }).layer), Effect.provide(Node)))

  it.live("starts a new process in place of one that hangs", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo({ healDeadline: "50 millis" })
      const [pid] = sidecars()
      process.kill(pid!, "SIGSTOP")
      assert.isTrue(yield* managed.heal)
      assert.notInclude(sidecars(), pid)
      assert.strictEqual((yield* commands.add({ x: 1, y: 1, name: "" })).sum, 2)
    }).pipe(Effect.provide(NodeSidecar.layer({ commands: [command], patienceMillis: 50 }))))

  it.live("ends with its scope, in order, and answers nothing after that", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { commands, managed } = yield* Scope.provide(echo(), scope)
      assert.strictEqual(sidecars().length, 1)
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(sidecars(), [])
      const calls: ReadonlyArray<Effect.Effect<unknown, unknown>> = [
        commands.add({ x: 1, y: 1, name: "" }),
        Stream.runDrain(commands.count({ count: 1, slow: false })),
        managed.health,
        managed.heal,
        managed.shedLoad,
        managed.pressureResponse("high"),
        managed.metrics,
        managed.parameters.list
      ]
      for (const call of calls) assert.strictEqual(yield* refusal(call), "Shutdown")
    }).pipe(Effect.provide(Node)))

  it.live("dies when the process that uses it does, however that ends", () =>
    Effect.gen(function*() {
      const script = `
        const { spawn } = require("node:child_process")
        const child = spawn(${JSON.stringify(command.file)}, { stdio: ["pipe", "inherit", "inherit"] })
        child.stdin.write('{"id":1,"method":"hello"}\\n')
        console.error(child.pid)
        setTimeout(() => process.kill(process.pid, "SIGKILL"), 200)`
      const pid = yield* Effect.sync(() => {
        try {
          execFileSync(process.execPath, ["-e", script], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })
        } catch (error) {
          return Number.parseInt((error as { readonly stderr: string }).stderr, 10)
        }
        return assert.fail("it was not killed")
      })
      yield* eventually(
        Effect.sync(() => {
          try {
            process.kill(pid, 0)
            return "alive"
          } catch {
            return "gone"
          }
        }),
        (state) => state === "gone"
      )
    }))

  it.live("is not made when the module refuses, cannot be initialised, is another one, or is not there", () =>
    Effect.gen(function*() {
      const why = (effect: Effect.Effect<unknown, ServiceUnavailable, any>) =>
        Effect.map(Effect.flip(effect), ({ message, reason }) => `${reason}: ${message}`)
      assert.strictEqual(
        yield* why(echo({ config: { refuse: "no such file" } })),
        "Refused: The service \"echo\" was not made: no such file"
      )
      assert.match(yield* why(echo({ config: { panic: "oh" } })), /^Refused: The service "echo" was not made: oh/)
      assert.strictEqual(
        yield* why(echo({ config: { broken: "disk" } })),
        "Refused: The service \"echo\" could not be initialised: disk"
      )
      assert.match(
        yield* why(Sidecar.make({ ...definition, specHash: "echo-2" })),
        /^NotLoaded: The sidecar .*sidecar has another version of the service "echo" \(echo-1, not echo-2\)\. Build it again/
      )
      assert.match(
        yield* why(Sidecar.make({ ...definition, name: "nothing" })),
        /^NotLoaded: No sidecar has the service "nothing" \(.*sidecar.*\)\. It is looked for in .*-sidecar/
      )
      assert.match(
        yield* why(echo({ command: { file: "/nonexistent/sidecar", args: [] } })),
        /^NotLoaded: The sidecar \/nonexistent\/sidecar did not start: it could not be started \(spawn .* ENOENT\)/
      )
      assert.deepStrictEqual(sidecars(), [])
    }).pipe(Effect.provide(Node)))

  it.live("refuses an input at once that is longer than its process reads, and goes on", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const name = "x".repeat(64 * 1024 * 1024)
      const error = yield* Effect.flip(commands.add({ x: 1, y: 1, name }))
      assert.deepInclude(error, { _tag: "ServiceUnavailable", reason: "Refused" })
      assert.include((error as ServiceUnavailable).message, "more than 67108864 bytes as JSON")
      assert.deepStrictEqual(yield* commands.add({ x: 1, y: 1, name: "short" }), { sum: 2, name: "short" })
      // The process says how much it reads; this side would send more.
    }).pipe(Effect.provide(NodeSidecar.layer({ commands: [command], maxFrameBytes: 2 ** 30 }))))

  it.live("fails what is running when it is shut down, as shut down", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo()
      const slow = yield* Effect.forkChild(commands.slow({ millis: 60_000, deaf: false }))
      yield* eventually(commands.stats({}), ({ running }) => running === 1)
      yield* managed.shutdown
      assert.strictEqual(yield* refusal(Fiber.join(slow)), "Shutdown")
    }).pipe(Effect.provide(Node)))

  it.live("answers under critical pressure what it is told to", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo({ admitsAtCritical: ["stats"] })
      managed.admission.close("Pressure", "memory is critical")
      assert.strictEqual((yield* commands.stats({})).finished, 0)
      assert.strictEqual(yield* refusal(commands.slow({ millis: 1, deaf: false })), "Pressure")
      assert.strictEqual(
        yield* refusal(Stream.runDrain(commands.count({ count: 1, slow: false }))),
        "Pressure"
      )
    }).pipe(Effect.provide(Node)))

  it.live("serves the bus; a synchronous operation says that it cannot be", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const Slow = definition.commands.slow.operation
      const handlers = Layer.mergeAll(Slow.toLayer(commands.slow), Add.toLayer(commands.add))
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* OperationInvoker.invoke(Slow, { millis: 1, deaf: false }), {})
        assert.strictEqual(
          yield* reasonTag(OperationInvoker.invoke(Add, { x: 1, y: 1, name: "" })),
          "NotSynchronous"
        )
      }).pipe(Effect.provide(bus(handlers)))
    }).pipe(Effect.provide(Node)))
})
