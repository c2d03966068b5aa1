import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { createRequire } from "node:module"
import { fromCandidates, NativeModule } from "opbus/native/NativeModule"
import * as NativeService from "opbus/native/NativeService"
import * as ServiceDefinition from "opbus/native/ServiceDefinition"
import { ServiceRegistry } from "opbus/native/ServiceRegistry"
import * as NodeNativeModule from "opbus/node/NodeNativeModule"
import { OperationInvoker } from "opbus/operation"
import type { Binding } from "../../../src/native/internal/binding/binding.ts"
import { bus } from "../../operation/support.ts"
import { Add, All, definition, type Everything, everything, Refused, TooMany } from "./echo.ts"
import { addon, echo, modules, skip } from "./support.ts"

const defectOf = (exit: Exit.Exit<unknown, unknown>): NativeService.NativeDefect => {
  assert.isTrue(Exit.isFailure(exit))
  const defect = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
  assert.instanceOf(defect, NativeService.NativeDefect)
  return defect as NativeService.NativeDefect
}

/** Waits until a condition of the native side holds; everything that it waits for is on its way. */
const until = <E, R>(condition: Effect.Effect<boolean, E, R>): Effect.Effect<void, E, R> =>
  Effect.flatMap(condition, (holds) => holds ? Effect.void : Effect.flatMap(Effect.sleep(1), () => until(condition)))

/** What nobody ever changes: waiting for it is doing nothing. */
const cell = new Int32Array(new SharedArrayBuffer(4))

/** Deterministic numbers. */
const randomOf = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * below)
  }
}

const characters = ["a", "Z", "0", " ", "\"", "\\", "\n", "\u0000", "é", "\u2028", "\uffff", "\u{1f600}", "\u{10ffff}"]

const randomEverything = (seed: number): Everything => {
  const random = randomOf(seed)
  const list = <A>(make: () => A): Array<A> => Array.from({ length: random(4) }, make)
  const text = () => list(() => characters[random(characters.length)]!).join("")
  const number = () => [0, -0, 1.5, -1e300, 5e-324, Number.MAX_VALUE, random(2 ** 31), random(1e9) / 7][random(8)]! || 0
  const big = () => (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32))
  const tree = (depth: number): Everything["tree"] => ({
    name: text(),
    children: depth === 0 ? [] : list(() => tree(depth - 1))
  })
  return {
    text: text(),
    flag: random(2) === 1,
    number: number(),
    integer: (random(2 ** 32) * 2 ** 20 + random(2 ** 20)) * (random(2) === 0 ? 1 : -1) || 0,
    small: random(2 ** 32) - 2 ** 31,
    natural: random(2 ** 32),
    big: BigInt.asIntN(64, big()),
    huge: BigInt.asUintN(64, big()),
    data: Uint8Array.from(list(() => random(256))),
    at: DateTime.makeUnsafe(random(2 ** 32) * 1000 - random(1000)),
    json: [null, text(), number(), { [text()]: list(number), b: [true, {}] }][random(4)]!,
    level: random(2) === 0 ? "low" : "high",
    tags: list(text),
    scores: Object.fromEntries(list(() => [text(), number()] as const)),
    maybe: random(2) === 0 ? null : text(),
    ...(random(2) === 0 ? {} : { hint: number() }),
    ...(random(2) === 0 ? {} : { both: random(2) === 0 ? null : text() }),
    shape: random(2) === 0
      ? { _tag: "Circle", radius: number() }
      : { _tag: "Square", side: number(), ...(random(2) === 0 ? {} : { label: text() }) },
    tree: tree(3)
  }
}

describe.skipIf(skip)("a service written in Rust", () => {
  it.live("brings values of every type back, over every transport, at once and later", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      for (
        const command of [
          commands.all,
          commands.allJson,
          commands.allBytes,
          commands.allLater,
          commands.allJsonLater,
          commands.allBytesLater
        ]
      ) {
        assert.deepStrictEqual(yield* command(everything), everything)
      }
      assert.deepStrictEqual(Effect.runSync(commands.add({ x: 1, y: 2, name: "sum" })), { sum: 3, name: "sum" })
    }))

  it.live("brings 2000 random values back, the same over every transport", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      for (let seed = 1; seed <= 2000; seed++) {
        const value = randomEverything(seed)
        assert.deepStrictEqual(yield* commands.all(value), value, `seed ${seed}`)
        assert.deepStrictEqual(yield* commands.allJson(value), value, `seed ${seed}, json`)
        assert.deepStrictEqual(yield* commands.allBytes(value), value, `seed ${seed}, bytes`)
        if (seed % 20 === 0) {
          assert.deepStrictEqual(yield* commands.allLater(value), value, `seed ${seed}, later`)
        }
      }
    }))

  it.live("keeps many calls apart that run at the same time", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const seeds = Array.from({ length: 500 }, (_, seed) => seed + 1)
      const answers = yield* Effect.forEach(
        seeds,
        (seed) => Effect.all([commands.allLater(randomEverything(seed)), commands.add({ x: seed, y: 1, name: "" })]),
        { concurrency: "unbounded" }
      )
      answers.forEach(([value, { sum }], at) => {
        assert.deepStrictEqual(value, randomEverything(at + 1))
        assert.strictEqual(sum, at + 2)
      })
    }))

  it.live("takes and gives more than its areas hold, and forgets the room again", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const { binding } = yield* Effect.provide(
        Effect.flatMap(NativeModule, ({ find }) => find(definition.name, definition.specHash)),
        modules
      )
      const areas = [(binding as Binding).writer, (binding as Binding).reader]
      const ask = { items: 200_000, bytes: 3_000_000 }
      for (const large of [commands.large, commands.largeBytes, commands.largeLater]) {
        const { data, numbers, texts } = yield* large(ask)
        assert.strictEqual(numbers.length, 200_000)
        assert.strictEqual(numbers[199_999], 199_999)
        assert.strictEqual(texts[199_999], "é199999")
        assert.strictEqual(data.length, 3_000_000)
        assert.strictEqual(data[2_999_999], 2_999_999 % 256)
        // Either of the areas may be the one that is too small.
        assert.strictEqual((yield* large({ items: 200_000, bytes: 0 })).numbers[199_999], 199_999)
        assert.strictEqual((yield* large({ items: 0, bytes: 3_000_000 })).data[2_999_999], 2_999_999 % 256)
        assert.deepStrictEqual(yield* commands.all(everything), everything)
      }
      const wide = {
        ...everything,
        data: new Uint8Array(2_000_000).fill(7),
        tags: Array.from({ length: 150_000 }, (_, at) => `é${at}`)
      }
      for (const all of [commands.all, commands.allBytes, commands.allLater]) {
        assert.deepStrictEqual(yield* all(wide), wide)
        assert.deepStrictEqual(yield* all(everything), everything)
        for (const { area, numbers } of areas) {
          assert.isAtMost(numbers.length, 131_072)
          assert.isAtMost(area.length, 1_048_576)
        }
      }
    }))

  it.live("fails with the failures of its spec, as values", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      for (const fail of [commands.fail, commands.failJson, commands.failBytes]) {
        assert.deepStrictEqual(yield* Effect.flip(fail({ which: 0 })), new Refused({ reason: "not today \u{1f600}" }))
        const many = yield* Effect.flip(fail({ which: 9 }))
        assert.deepStrictEqual(many, new TooMany({ limit: 9, asked: 2n ** 63n - 1n }))
        assert.instanceOf(many, TooMany)
      }
    }))

  it.live("turns a panic into a defect that says what and where, and lives on", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo()
      for (const panic of [commands.panic, commands.panicLater]) {
        const defect = defectOf(yield* Effect.exit(panic({ message: "é out of luck" })))
        assert.match(defect.message, /^panic: é out of luck \(native\/core\/src\/testing\/echo_service\.rs:\d+:\d+\)$/)
        assert.strictEqual(defect.service, "echo")
      }
      assert.deepStrictEqual(yield* commands.all(everything), everything)
      yield* managed.parameters.set("health", "panic")
      assert.match(defectOf(yield* Effect.exit(managed.health)).message, /^panic: health/)
      yield* managed.parameters.set("health", "healthy")
      assert.deepStrictEqual(yield* managed.health, { _tag: "Healthy" })
    }))

  it.live("turns a result that cannot be expressed into a defect", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const defect = defectOf(yield* Effect.exit(commands.nan({})))
      assert.strictEqual(defect.message, "a number of the result is not finite")
      assert.strictEqual(defect.command, "nan")
    }))

  it.live("turns input that is not what its spec says into a defect", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const wrong = { ...everything, natural: -1 }
      const messages = yield* Effect.forEach([commands.all, commands.allBytes, commands.allLater], (all) =>
        Effect.map(Effect.exit(all(wrong)), (exit) => defectOf(exit).message))
      for (const message of messages) {
        assert.strictEqual(message, "the input does not have the command's shape: expected a uint32, got -1")
      }
      assert.deepStrictEqual(yield* commands.all(everything), everything)
    }))

  it.live("serves operations of the bus", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const handlers = Layer.mergeAll(Add.toLayer(commands.add), All.toLayer(commands.all))
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* OperationInvoker.invoke(Add, { x: 1, y: 1, name: "n" }), { sum: 2, name: "n" })
        assert.deepStrictEqual(yield* OperationInvoker.invoke(All, everything), everything)
      }).pipe(Effect.provide(bus(handlers)))
    }))

  it.live("streams as its consumer pulls, and ends with what it ends with", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      for (const count of [commands.count, commands.countJson, commands.countBytes]) {
        const all = yield* Stream.runCollect(count({ count: 1000, slow: false }))
        assert.strictEqual(all.length, 1000)
        assert.deepStrictEqual(all[999], { number: 999, name: "№999" })
        assert.deepStrictEqual(yield* Stream.runCollect(count({ count: 0, slow: false })), [])

        const seen: Array<number> = []
        const tap = Stream.runForEach(({ number }: { readonly number: number }) => Effect.sync(() => seen.push(number)))
        const failure = yield* Effect.flip(tap(count({ count: 1000, failAt: 100, slow: false })))
        assert.deepStrictEqual(failure, new Refused({ reason: "at 100" }))
        assert.strictEqual(seen.length, 100)

        seen.length = 0
        const panic = yield* Effect.exit(tap(count({ count: 1000, panicAt: 70, slow: false })))
        assert.match(defectOf(panic).message, /^panic: at 70 /)
        assert.strictEqual(seen.length, 70)

        const refused = yield* Effect.flip(Stream.runDrain(count({ count: 2_000_000, slow: false })))
        assert.deepStrictEqual(refused, new TooMany({ limit: 1_000_000, asked: 2_000_000n }))
      }
      yield* until(Effect.map(commands.stats({}), ({ streams }) => streams === 0))
    }))

  it.live("closes a stream whose consumer has enough, and one that is interrupted while it waits", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const few = yield* commands.count({ count: 1_000_000, slow: false }).pipe(Stream.take(3), Stream.runCollect)
      assert.deepStrictEqual(few.map(({ number }) => number), [0, 1, 2])
      yield* until(Effect.map(commands.stats({}), ({ streams }) => streams === 0))

      const fiber = yield* Effect.forkChild(Stream.runDrain(commands.count({ count: 2, slow: true })))
      yield* until(Effect.map(commands.stats({}), ({ running }) => running === 1))
      yield* Fiber.interrupt(fiber)
      yield* until(Effect.map(commands.stats({}), ({ streams }) => streams === 0))
      assert.strictEqual((yield* commands.stats({})).cancelled, 1)
    }))

  it.live("tells a call that it is interrupted, and waits for its end", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const fiber = yield* Effect.forkChild(commands.slow({ millis: 60_000, deaf: false }))
      yield* until(Effect.map(commands.stats({}), ({ running }) => running === 1))
      yield* Fiber.interrupt(fiber)
      assert.deepInclude(yield* commands.stats({}), { running: 0, cancelled: 1, finished: 0 })

      const deaf = yield* Effect.forkChild(commands.slow({ millis: 100, deaf: true }))
      yield* until(Effect.map(commands.stats({}), ({ running }) => running === 1))
      yield* Fiber.interrupt(deaf)
      assert.deepInclude(yield* commands.stats({}), { running: 0, cancelled: 1, finished: 1 })
    }))

  it.live("does not begin a call that was interrupted while all threads were taken", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo()
      const holders = yield* Effect.forEach(
        Array.from({ length: 64 }),
        () => Effect.forkChild(commands.slow({ millis: 60_000, deaf: false }))
      )
      yield* until(Effect.map(commands.stats({}), ({ running }) => running === 64))
      const late = yield* Effect.forkChild(commands.slow({ millis: 60_000, deaf: false }))
      yield* Effect.yieldNow
      // What asks how it is does not wait for its calls.
      assert.deepStrictEqual(yield* managed.health, { _tag: "Healthy" })
      const interrupting = yield* Effect.forkChild(Fiber.interrupt(late))
      yield* Effect.sleep(10)
      yield* Fiber.interruptAll(holders)
      yield* Fiber.join(interrupting)
      assert.deepInclude(yield* commands.stats({}), { running: 0, cancelled: 64, finished: 0 })
    }))

  it.live("is a managed service: health, pressure, shedding, healing, figures, parameters", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo()
      assert.strictEqual(managed.kind, "rust")
      assert.strictEqual(managed.metricPrefix, "test.echo")
      assert.deepStrictEqual(yield* managed.health, { _tag: "Healthy" })
      yield* managed.parameters.set("health", "unhealthy")
      assert.deepStrictEqual(yield* managed.health, { _tag: "Unhealthy", reason: "told so" })
      assert.strictEqual(yield* managed.parameters.get("health"), "unhealthy")
      assert.isTrue(yield* managed.heal)
      yield* managed.parameters.set("health", "degraded")
      assert.isFalse(yield* managed.heal)
      for (const level of ["normal", "warning", "high", "critical"] as const) yield* managed.pressureResponse(level)
      yield* managed.shedLoad
      const { events } = yield* commands.stats({})
      assert.deepStrictEqual(events, [
        "heal",
        "heal",
        "pressure normal",
        "pressure warning",
        "pressure high",
        "pressure critical",
        "shed"
      ])
      yield* commands.slow({ millis: 0, deaf: true })
      assert.deepStrictEqual(yield* managed.metrics, { finished: 1 })
      assert.deepStrictEqual(yield* managed.parameters.list, [
        { name: "health", description: "How it says that it is" }
      ])
      assert.isUndefined(yield* managed.parameters.get("constructor"))
      const refused = yield* Effect.flip(managed.parameters.set("health", 7))
      assert.strictEqual(refused._tag, "ParameterRefused")
      assert.strictEqual(refused.message, "health is a string")
    }))

  it.live("is initialised before it is there, step by step", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo({ config: { steps: 5 } })
      assert.deepStrictEqual(yield* commands.add({ x: 1, y: 1, name: "" }), { sum: 2, name: "" })
      const broken = yield* Effect.flip(echo({ config: { broken: "no disk" } }))
      assert.deepInclude(broken, {
        reason: "Refused",
        message: "The service \"echo\" in Rust could not be initialised: no disk."
      })
    }))

  it.live("says why it could not be made", () =>
    Effect.gen(function*() {
      const refused = yield* Effect.flip(echo({ config: { refuse: "no memory" } }))
      assert.deepInclude(refused, {
        reason: "Refused",
        message: "The service \"echo\" in Rust could not be made: no memory."
      })
      const panicked = yield* Effect.flip(echo({ config: { panic: "boom" } }))
      assert.match(panicked.message, /could not be made: boom \(native\/core/)
    }))

  it.live("cancels what is running when it is shut down, and refuses every call from then on", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo()
      const call = yield* Effect.forkChild(commands.slow({ millis: 60_000, deaf: false }))
      const stream = yield* Effect.forkChild(Stream.runDrain(commands.count({ count: 1, slow: true })))
      yield* until(Effect.map(commands.stats({}), ({ running }) => running === 2))
      yield* managed.shutdown
      for (const ended of [Fiber.join(call), Fiber.join(stream)]) {
        const error = yield* Effect.flip(ended as Effect.Effect<unknown, object>)
        assert.deepInclude(error, { _tag: "ServiceUnavailable", reason: "Shutdown" })
      }
      for (
        const effect of [
          commands.add({ x: 1, y: 1, name: "" }),
          commands.allLater(everything),
          Stream.runDrain(commands.count({ count: 1, slow: false })),
          managed.health,
          managed.heal,
          managed.metrics,
          managed.parameters.list
        ]
      ) {
        assert.deepInclude(yield* Effect.flip(effect as Effect.Effect<unknown, object>), {
          _tag: "ServiceUnavailable",
          reason: "Shutdown"
        })
      }
      yield* managed.shutdown
    }))

  it.live("is shut down by Rust too when its admission is opened behind its back", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo()
      yield* managed.shutdown
      managed.admission.closed = undefined
      const error = yield* Effect.flip(commands.add({ x: 1, y: 1, name: "" }))
      assert.deepInclude(error, {
        reason: "Shutdown",
        message: "The service \"echo\" takes no calls: echo has been shut down."
      })
    }))

  it.live("refuses before anything native runs while its admission is closed, but for what is exempt", () =>
    Effect.gen(function*() {
      const { commands, managed } = yield* echo({ admitsAtCritical: ["stats"] })
      managed.admission.close("Pressure", "memory is critical")
      const refusals = yield* Effect.forEach([
        commands.slow({ millis: 0, deaf: true }),
        commands.slowNow({ millis: 0, deaf: true }),
        Stream.runDrain(commands.count({ count: 1, slow: false }))
      ], (effect) => Effect.flip(effect as Effect.Effect<unknown, object>))
      for (const refusal of refusals) assert.deepInclude(refusal, { reason: "Pressure" })
      assert.deepInclude(yield* commands.stats({}), { finished: 0 })
      managed.admission.close("Quarantined", "it is late")
      assert.deepInclude(yield* Effect.flip(commands.stats({})), { reason: "Quarantined" })
    }))

  it.live("registers itself while it lives, and ends with its scope", () =>
    Effect.gen(function*() {
      const registry = yield* ServiceRegistry
      const scope = yield* Scope.make()
      const { commands, managed } = yield* Scope.provide(echo(), scope)
      assert.deepStrictEqual(yield* registry.list, [managed])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* registry.list, [])
      assert.deepInclude(yield* Effect.flip(commands.stats({})), { reason: "Shutdown" })
    }).pipe(Effect.provide(ServiceRegistry.layer)))

  it.live("closes a stream that was opened when nobody wanted it any more", () =>
    Effect.gen(function*() {
      const { commands } = yield* echo()
      const streams = () => Effect.runSync(Effect.map(commands.stats({}), ({ streams }) => streams))
      const fiber = yield* Effect.forkChild(Stream.runDrain(commands.count({ count: 1, slow: true })), {
        startImmediately: true
      })
      // It is opened on another thread, of which this one hears only when it does something else.
      for (let left = 10_000; left > 0 && streams() === 0; left--) Atomics.wait(cell, 0, 0, 1)
      assert.strictEqual(streams(), 1)
      yield* Fiber.interrupt(fiber)
      yield* until(Effect.sync(() => streams() === 0))
    }))

  it.live("leaves nothing behind when it is interrupted while it is made", () =>
    Effect.gen(function*() {
      const { managed } = yield* echo()
      const instances = managed.parameters.get("instances")
      yield* until(Effect.map(instances, (count) => count === 1))
      const slow = yield* Effect.forkChild(Effect.scoped(echo({ config: { millis: 300 } })))
      yield* Effect.sleep(100)
      // It has begun and cannot be stopped, so it is made; then nobody wants it.
      yield* Fiber.interrupt(slow)
      yield* until(Effect.map(instances, (count) => count === 1))
      for (let pause = 0; pause < 20; pause++) {
        const fiber = yield* Effect.forkChild(Effect.scoped(echo({ config: { steps: 1000 } })))
        yield* Effect.sleep(pause / 4)
        yield* Fiber.interrupt(fiber)
      }
      const { commands } = yield* echo()
      assert.deepStrictEqual(yield* commands.add({ x: 1, y: 1, name: "" }), { sum: 2, name: "" })
      yield* until(Effect.map(instances, (count) => count === 2))
    }))

  it.live("is not loaded when it was built for other specs, or lacks a command", () =>
    Effect.gen(function*() {
      const other = ServiceDefinition.make({ ...definition, specHash: "echo-2" })
      const error = yield* Effect.flip(NativeService.make(other))
      assert.strictEqual(error.reason, "NotLoaded")
      assert.include(error.message, `${addon} was built for other specs (echo-1, needed is echo-2)`)
      assert.include(error.message, "opbus build-native")
      const more = ServiceDefinition.make({
        ...definition,
        commands: { ...definition.commands, more: { ...definition.commands.add, name: "echo/more" } }
      })
      const missing = yield* Effect.flip(NativeService.make(more))
      assert.include(missing.message, "has no command \"echo/more\"")
    }).pipe(Effect.provide(modules)))
})

describe("a native module that is not there", () => {
  const file = "/nowhere/native.node"

  it.effect("is named by the service that needs it, with what to do", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(NativeService.make(definition))
      assert.strictEqual(error.reason, "NotLoaded")
      assert.include(error.message, `there is no file ${file}`)
      assert.include(error.message, `${process.platform}-${process.arch}, Node-API ${process.versions.napi}, ABI 2`)
      assert.include(error.message, "opbus build-native")
    }).pipe(Effect.provide(NodeNativeModule.layer({ files: [file] }))))

  it.effect("may be a file that is something else", () =>
    Effect.gen(function*() {
      const { loaded } = yield* NativeModule
      assert.match(loaded[0]!.problem!, /package\.json is not a native module of opbus/)
      assert.match(loaded[1]!.problem!, /LICENSE could not be loaded: /)
    }).pipe(Effect.provide(NodeNativeModule.layer({ files: ["package.json", "LICENSE"] }))))

  it.effect.skipIf(skip)("may be built for another version of the binding", () =>
    Effect.gen(function*() {
      const exports: { readonly abi: number } = createRequire(import.meta.url)(addon!)
      const { find, loaded } = fromCandidates([{ file: "old.node", exports: { ...exports, abi: 1 } }], "here")
      assert.deepStrictEqual(loaded, [{
        file: "old.node",
        problem: `old.node was built for the ABI 1, this is ${exports.abi}`,
        modules: []
      }])
      const error = yield* Effect.flip(find(definition.name, definition.specHash))
      assert.strictEqual(error.reason, "NotLoaded")
      assert.include(error.message, "was built for the ABI 1")
    }))

  it.effect("is said where nothing native can be", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(NativeService.make(definition))
      assert.include(error.message, "nowhere to look for it")
    }).pipe(Effect.provide(NativeModule.layerNone)))
})
