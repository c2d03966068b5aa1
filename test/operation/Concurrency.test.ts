import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { TestClock } from "effect/testing"
import { type Concurrency, CurrentActor, Operation, OperationInvoker, OperationRegistry } from "opbus/operation"
import { CurrentGroup } from "../../src/operation/internal/frame.ts"
import { internalsOf } from "../../src/operation/internal/invoker.ts"
import { assertWellFormed, bus, causeOf, type Event, outline, reasonTag, recordEvents } from "./support.ts"

const Bus = bus(Layer.empty)
const Input = Schema.Struct({ key: Schema.String, millis: Schema.Number })
type Input = typeof Input.Type

/** An operation that takes as long as it is told, and a log of who ran when. */
const timed = (key: string, concurrency: Concurrency<Input>) =>
  Effect.gen(function*() {
    const registry = yield* OperationRegistry
    const { invoke } = yield* OperationInvoker
    const log: Array<string> = []
    let running = 0
    let most = 0
    const operation = Operation.make({ meta: { key }, input: Input, output: Schema.String, concurrency })
    yield* registry.register(operation, (input) =>
      Effect.gen(function*() {
        most = Math.max(most, ++running)
        log.push(`> ${input.key}`)
        yield* Effect.sleep(input.millis)
        return input.key
      }).pipe(Effect.onExit((exit) =>
        Effect.sync(() => {
          running--
          log.push(`${exit._tag === "Success" ? "<" : "x"} ${input.key}`)
        })
      )))
    const start = (key: string, millis = 10) =>
      Effect.forkChild(invoke(operation, { key, millis }), { startImmediately: true })
    return { operation, start, log, most: () => most }
  })

const settle = Effect.gen(function*() {
  for (let i = 0; i < 20; i++) yield* Effect.yieldNow
})

describe("serial", () => {
  it.effect("runs one at a time, in the order of arrival", () =>
    Effect.gen(function*() {
      const { log, most, start } = yield* timed("serial", "serial")
      const fibers = [yield* start("a"), yield* start("b"), yield* start("c")]
      yield* TestClock.adjust(30)
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), ["a", "b", "c"])
      assert.deepStrictEqual(log, ["> a", "< a", "> b", "< b", "> c", "< c"])
      assert.strictEqual(most(), 1)
    }).pipe(Effect.provide(Bus)))

  it.effect("one that waits has no event; interrupting it leaves the lane alone", () =>
    Effect.gen(function*() {
      const { log, start } = yield* timed("serial", "serial")
      const events = yield* recordEvents
      const a = yield* start("a")
      const b = yield* start("b")
      const c = yield* start("c")
      yield* settle
      assert.deepStrictEqual(outline(events), ["Started serial"])
      yield* Fiber.interrupt(b)
      yield* TestClock.adjust(20)
      assert.deepStrictEqual(yield* Fiber.joinAll([a, c]), ["a", "c"])
      assert.deepStrictEqual(log, ["> a", "< a", "> c", "< c"])
      assertWellFormed(events)
      // Interrupting the holder lets the next one in.
      const d = yield* start("d")
      const e = yield* start("e")
      yield* settle
      yield* Fiber.interrupt(d)
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(e), "e")
    }).pipe(Effect.provide(Bus)))

  it.effect("capture and commit run inside the lane", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const { start } = yield* timed("serial", "serial")
      const log: Array<string> = []
      yield* internalsOf(invoker).installHook({
        before: (frame) =>
          Effect.andThen(Effect.sleep(5), Effect.sync(() => void log.push(`before ${(frame.input as Input).key}`))),
        commit: (frame) =>
          Effect.andThen(Effect.sleep(5), Effect.sync(() => void log.push(`commit ${(frame.input as Input).key}`)))
      })
      const fibers = [yield* start("a"), yield* start("b")]
      yield* TestClock.adjust(40)
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(log, ["before a", "commit a", "before b", "commit b"])
    }).pipe(Effect.provide(Bus)))

  it.effect("a descendant of the holder enters at once, however deep: it cannot wait for itself", () =>
    Effect.gen(function*() {
      const registry = yield* OperationRegistry
      const { invoke } = yield* OperationInvoker
      const Deep = Operation.make({
        meta: { key: "deep" },
        input: Schema.Int,
        output: Schema.Int,
        concurrency: "serial"
      })
      const Between = Operation.make({ meta: { key: "between" }, input: Schema.Int, output: Schema.Int })
      yield* registry.register(
        Deep,
        (n) => n === 0 ? Effect.succeed(0) : Effect.map(Effect.orDie(invoke(Between, n - 1)), (m) => m + 1)
      )
      yield* registry.register(Between, (n) => Effect.orDie(invoke(Deep, n)))
      assert.strictEqual(yield* invoke(Deep, 5), 5)
      assert.deepStrictEqual(yield* Effect.all([invoke(Deep, 3), invoke(Deep, 2)], { concurrency: 2 }), [3, 2])
    }).pipe(Effect.provide(Bus)))
})

describe("serialBy and lanes", () => {
  it.effect("one at a time per value, different values overlap", () =>
    Effect.gen(function*() {
      const { log, start } = yield* timed("by", { serialBy: ({ key }) => key })
      const fibers = [yield* start("a"), yield* start("a"), yield* start("b")]
      yield* settle
      assert.deepStrictEqual(log, ["> a", "> b"])
      yield* TestClock.adjust(20)
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(log.filter((line) => line.endsWith("a")), ["> a", "< a", "> a", "< a"])
    }).pipe(Effect.provide(Bus)))

  it.effect("operations that name one lane share it", () =>
    Effect.gen(function*() {
      const one = yield* timed("one", { serialBy: ({ key }) => key, lane: "notes" })
      const two = yield* timed("two", { serialBy: ({ key }) => key, lane: "notes" })
      const other = yield* timed("other", { serialBy: ({ key }) => key })
      const fibers = [yield* one.start("n1"), yield* two.start("n1"), yield* two.start("n2"), yield* other.start("n1")]
      yield* settle
      assert.deepStrictEqual([one.log, two.log, other.log], [["> n1"], ["> n2"], ["> n1"]])
      yield* TestClock.adjust(20)
      yield* Fiber.joinAll(fibers)
      assert.sameMembers(two.log, ["> n2", "< n2", "> n1", "< n1"])
      assert.deepStrictEqual(one.log, ["> n1", "< n1"])
    }).pipe(Effect.provide(Bus)))

  it.effect("a descendant enters the lane that its ancestor holds, and waits for others", () =>
    Effect.gen(function*() {
      const registry = yield* OperationRegistry
      const { invoke } = yield* OperationInvoker
      const inner = yield* timed("inner", { serialBy: ({ key }) => key, lane: "notes" })
      const Outer = Operation.make({
        meta: { key: "outer" },
        input: Schema.Struct({ own: Schema.String, other: Schema.String }),
        concurrency: { serialBy: ({ own }) => own, lane: "notes" }
      })
      yield* registry.register(Outer, ({ other }) =>
        Effect.orDie(Effect.asVoid(invoke(inner.operation, { key: other, millis: 10 }))))
      const within = yield* Effect.forkChild(invoke(Outer, { own: "a", other: "a" }), { startImmediately: true })
      yield* settle
      assert.deepStrictEqual(inner.log, ["> a"])
      const across = yield* Effect.forkChild(invoke(Outer, { own: "b", other: "a" }), { startImmediately: true })
      yield* settle
      assert.deepStrictEqual(inner.log, ["> a"])
      yield* TestClock.adjust(20)
      yield* Fiber.joinAll([within, across])
      assert.deepStrictEqual(inner.log, ["> a", "< a", "> a", "< a"])
    }).pipe(Effect.provide(Bus)))
})

describe("switchLatest", () => {
  it.effect("a newer invocation interrupts the older one, which fails with Superseded", () =>
    Effect.gen(function*() {
      const { log, start } = yield* timed("switch", "switchLatest")
      const events = yield* recordEvents
      const a = yield* start("a")
      yield* settle
      const b = yield* start("b")
      yield* settle
      assert.strictEqual(yield* reasonTag(Fiber.join(a)), "Superseded")
      assert.deepStrictEqual(log, ["> a", "x a", "> b"])
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(b), "b")
      assert.deepStrictEqual(outline(events), ["Started switch", "Failed switch", "Started switch", "Succeeded switch"])
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("of many only the last one ends", () =>
    Effect.gen(function*() {
      const { log, most, start } = yield* timed("switch", "switchLatest")
      const events = yield* recordEvents
      const fibers = yield* Effect.forEach(["a", "b", "c", "d"], (key) => start(key))
      yield* settle
      yield* TestClock.adjust(10)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      assert.deepStrictEqual(exits.map(({ _tag }) => _tag), ["Failure", "Failure", "Failure", "Success"])
      for (const fiber of fibers.slice(0, 3)) assert.strictEqual(yield* reasonTag(Fiber.join(fiber)), "Superseded")
      assert.strictEqual(most(), 1)
      assert.deepStrictEqual(log.filter((line) => line.startsWith("<")), ["< d"])
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("what the older one is still finishing ends before the newer one begins; what never began is refused", () =>
    Effect.gen(function*() {
      const registry = yield* OperationRegistry
      const { invoke } = yield* OperationInvoker
      const log: Array<string> = []
      const Save = Operation.make({ meta: { key: "save" }, input: Schema.String, concurrency: "switchLatest" })
      const events = yield* recordEvents
      yield* registry.register(Save, (name) =>
        Effect.andThen(
          Effect.sync(() => log.push(`> ${name}`)),
          Effect.sleep(10)
        ).pipe(
          Effect.onExit(() => Effect.andThen(Effect.sleep(50), Effect.sync(() => log.push(`closed ${name}`))))
        ))
      const start = (name: string) => Effect.forkChild(Effect.exit(invoke(Save, name)), { startImmediately: true })
      const a = yield* start("a")
      yield* settle
      const b = yield* start("b")
      yield* settle
      const c = yield* start("c")
      yield* settle
      assert.deepStrictEqual(log, ["> a"])
      yield* TestClock.adjust(200)
      yield* Fiber.joinAll([a, b, c])
      assert.deepStrictEqual(log, ["> a", "closed a", "> c", "closed c"])
      assert.deepStrictEqual(
        events.map((event) =>
          `${event._tag} ${event.input}${event._tag === "Failed" && event.refused ? " refused" : ""}`
        ),
        ["Started a", "Failed b refused", "Failed a", "Started c", "Succeeded c"]
      )
    }).pipe(Effect.provide(Bus)))

  it.effect("the lane is free again after a failure, an interruption and a success", () =>
    Effect.gen(function*() {
      const { start } = yield* timed("switch", "switchLatest")
      const a = yield* start("a")
      yield* settle
      yield* Fiber.interrupt(a)
      assert.isTrue(Cause.hasInterruptsOnly(causeOf(yield* Fiber.await(a))))
      const b = yield* start("b")
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(b), "b")
      const c = yield* start("c")
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(c), "c")
    }).pipe(Effect.provide(Bus)))
})

describe("drop", () => {
  it.effect("while one runs, others fail with Dropped; then the lane is free", () =>
    Effect.gen(function*() {
      const { log, start } = yield* timed("drop", "drop")
      const events = yield* recordEvents
      const a = yield* start("a")
      yield* settle
      assert.strictEqual(yield* reasonTag(Fiber.join(yield* start("b"))), "Dropped")
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(a), "a")
      const c = yield* start("c")
      yield* settle
      yield* Fiber.interrupt(c)
      const d = yield* start("d")
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(d), "d")
      assert.deepStrictEqual(log, ["> a", "< a", "> c", "x c", "> d", "< d"])
      assert.isTrue(events.some((event) => event._tag === "Failed" && event.refused === true))
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))
})

describe("singleFlightBy", () => {
  const flights = timed("flight", { singleFlightBy: ({ key }) => key })

  it.effect("invocations with one value share one run; a joiner has its own events, which say what it joined", () =>
    Effect.gen(function*() {
      const { log, start } = yield* flights
      const events = yield* recordEvents
      const fibers = [yield* start("a"), yield* start("a"), yield* start("a"), yield* start("b")]
      yield* settle
      yield* TestClock.adjust(10)
      assert.deepStrictEqual(yield* Fiber.joinAll(fibers), ["a", "a", "a", "b"])
      assert.deepStrictEqual(log, ["> a", "> b", "< a", "< b"])
      const started = events.filter((event) => event._tag === "Started")
      assert.strictEqual(new Set(started.map(({ id }) => id)).size, 4)
      const leader = started[0]!
      assert.deepStrictEqual(started.map(({ joined }) => joined), [undefined, leader.id, leader.id, undefined])
      assert.isTrue(events.every((event) => event._tag !== "Succeeded" || event.output === (event.input as Input).key))
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("a joiner never makes an entry: it is not recorded", () =>
    Effect.gen(function*() {
      const { start } = yield* flights
      const invoker = yield* OperationInvoker
      const recorded: Array<boolean> = []
      yield* internalsOf(invoker).installHook({
        before: () => undefined,
        commit: (frame) => {
          recorded.push(frame.recording)
          return undefined
        }
      })
      const fibers = [yield* start("a"), yield* start("a")]
      yield* TestClock.adjust(10)
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(recorded, [true, false])
    }).pipe(Effect.provide(Bus)))

  it.effect("the handler is interrupted when the last caller leaves, not before", () =>
    Effect.gen(function*() {
      const { log, start } = yield* flights
      const events = yield* recordEvents
      const [a, b, c] = [yield* start("a"), yield* start("a"), yield* start("a")]
      yield* settle
      yield* Fiber.interrupt(a)
      yield* Fiber.interrupt(b)
      assert.deepStrictEqual(log, ["> a"])
      yield* TestClock.adjust(10)
      assert.strictEqual(yield* Fiber.join(c), "a")
      assert.deepStrictEqual(log, ["> a", "< a"])

      const [d, e] = [yield* start("a"), yield* start("a")]
      yield* settle
      yield* Fiber.interrupt(e)
      yield* Fiber.interrupt(d)
      assert.deepStrictEqual(log.slice(2), ["> a", "x a"])
      assertWellFormed(events)
      assert.deepStrictEqual(
        events.filter((event) => event._tag === "Interrupted").map(({ joined }) => joined === undefined),
        [false, false, true]
      )
    }).pipe(Effect.provide(Bus)))

  it.effect("the value includes the actor", () =>
    Effect.gen(function*() {
      const { log, operation } = yield* flights
      const { invoke } = yield* OperationInvoker
      const as = (actor: string) =>
        Effect.provideService(invoke(operation, { key: "a", millis: 10 }), CurrentActor, actor)
      const all = yield* Effect.forkChild(
        Effect.all([as("me"), as("you"), invoke(operation, { key: "a", millis: 10 }, { actor: "me" })], {
          concurrency: 3
        }),
        { startImmediately: true }
      )
      yield* settle
      yield* TestClock.adjust(10)
      yield* Fiber.join(all)
      assert.deepStrictEqual(log, ["> a", "> a", "< a", "< a"])
    }).pipe(Effect.provide(Bus)))

  it.effect("a flight never crosses a group", () =>
    Effect.gen(function*() {
      const { log, operation } = yield* flights
      const { invoke } = yield* OperationInvoker
      const group = (id: string) => ({ id, parent: undefined, invocation: undefined, ended: false })
      const call = invoke(operation, { key: "a", millis: 10 })
      const all = yield* Effect.forkChild(
        Effect.all([
          call,
          Effect.provideService(call, CurrentGroup, group("g1")),
          Effect.provideService(call, CurrentGroup, group("g2")),
          Effect.provideService(call, CurrentGroup, group("g1"))
        ], { concurrency: 4 }),
        { startImmediately: true }
      )
      yield* settle
      yield* TestClock.adjust(10)
      yield* Fiber.join(all)
      assert.deepStrictEqual(log, ["> a", "> a", "> a", "< a", "< a", "< a"])
    }).pipe(Effect.provide(Bus)))

  it.effect("failures and defects reach every caller; the next invocation runs anew", () =>
    Effect.gen(function*() {
      const registry = yield* OperationRegistry
      const { invoke } = yield* OperationInvoker
      let runs = 0
      const gate = yield* Deferred.make<void>()
      const Load = Operation.make({
        meta: { key: "load" },
        input: Schema.Boolean,
        error: Schema.String,
        concurrency: { singleFlightBy: String }
      })
      yield* registry.register(Load, (defect) => {
        runs++
        return Effect.andThen(Deferred.await(gate), defect ? Effect.die("a bug") : Effect.fail("no"))
      })
      const events: Array<Event> = yield* recordEvents
      const all = yield* Effect.forkChild(
        Effect.all(
          [invoke(Load, false), invoke(Load, false), invoke(Load, true), invoke(Load, true)].map(Effect.exit),
          { concurrency: 4 }
        ),
        { startImmediately: true }
      )
      yield* settle
      yield* Deferred.succeed(gate, undefined)
      const exits = yield* Fiber.join(all)
      assert.strictEqual(runs, 2)
      assert.deepStrictEqual(exits.map((exit) => Cause.squash(causeOf(exit))), ["no", "no", "a bug", "a bug"])
      assertWellFormed(events)
      yield* Effect.exit(invoke(Load, false))
      assert.strictEqual(runs, 3)
    }).pipe(Effect.provide(Bus)))

  it.effect("a descendant of the run does not join it: it would wait for itself", () =>
    Effect.gen(function*() {
      const registry = yield* OperationRegistry
      const { invoke } = yield* OperationInvoker
      const Count = Operation.make({
        meta: { key: "count" },
        input: Schema.Int,
        output: Schema.Int,
        concurrency: { singleFlightBy: () => "same" }
      })
      yield* registry.register(Count, (n) =>
        n === 0 ? Effect.succeed(0) : Effect.map(Effect.orDie(invoke(Count, n - 1)), (m) => m + 1))
      assert.strictEqual(yield* invoke(Count, 3), 3)
    }).pipe(Effect.provide(Bus)))
})

describe("any policy", () => {
  it.effect("bad input is refused before the lane, and a policy function that throws is a defect", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const registry = yield* OperationRegistry
      const { operation } = yield* timed("serial", { serialBy: ({ key }) => key.toUpperCase() })
      assert.strictEqual(yield* reasonTag(invoke(operation, { key: 1 } as never)), "InvalidInput")
      const Throws = Operation.make({
        meta: { key: "throws" },
        concurrency: {
          serialBy: () => {
            throw new Error("in serialBy")
          }
        }
      })
      yield* registry.register(Throws, () => Effect.void)
      assert.isTrue(Cause.hasDies(causeOf(yield* Effect.exit(invoke(Throws, undefined)))))
    }).pipe(Effect.provide(Bus)))

  it.effect("I4, I5: random starts and interruptions leave every lane free and every event paired", () =>
    Effect.gen(function*() {
      const policies: ReadonlyArray<Concurrency<Input>> = [
        "serial",
        "switchLatest",
        "drop",
        { serialBy: ({ key }) => key },
        { singleFlightBy: ({ key }) => key }
      ]
      const events = yield* recordEvents
      for (const [p, policy] of policies.entries()) {
        const { start } = yield* timed(`policy-${p}`, policy)
        const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
        for (let i = 0; i < 200; i++) {
          fibers.push(yield* start(`k${(i * 7) % 3}`, (i * 13) % 5))
          for (let y = 0; y < (i * 11) % 4; y++) yield* Effect.yieldNow
          if (i % 3 === 0) {
            yield* Effect.forkChild(Fiber.interrupt(fibers[(i * 17) % fibers.length]!), { startImmediately: true })
          }
          if (i % 4 === 0) yield* TestClock.adjust((i * 5) % 7)
        }
        for (const fiber of fibers) yield* Effect.forkChild(Fiber.await(fiber))
        for (let round = 0; round < 2_000 && fibers.some((fiber) => fiber.pollUnsafe() === undefined); round++) {
          yield* TestClock.adjust(5)
          yield* settle
        }
        assert.isTrue(fibers.every((fiber) => fiber.pollUnsafe() !== undefined), `policy ${p}: somebody waits forever`)
        const last = yield* start("k0", 1)
        yield* settle
        yield* TestClock.adjust(1)
        assert.strictEqual(yield* Fiber.join(last), "k0")
      }
      yield* settle
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))
})
