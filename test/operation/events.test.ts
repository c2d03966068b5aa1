import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Operation, OperationInvoker } from "opbus/operation"
import { assertWellFormed, bus, type Event, outline, recordEvents, tags } from "./support.ts"

const Echo = Operation.make({
  meta: { key: "echo" },
  input: Schema.String,
  output: Schema.String,
  error: Schema.String,
  progress: Schema.String
})
const Note = Operation.make({ meta: { key: "note" }, input: Schema.String, executionMode: "sync" })
const Wait = Operation.make({ meta: { key: "wait" } })
const Ticks = Operation.make({ meta: { key: "ticks" }, input: Schema.Int, output: Schema.Int, stream: true })

const Bus = bus(Layer.mergeAll(
  Echo.toLayer((text) =>
    text === "fail" ? Effect.fail(text) : text === "die" ? Effect.die(text) : Effect.succeed(text)
  ),
  Note.toLayer(() => Effect.void),
  Wait.toLayer(() => Effect.never),
  Ticks.toLayer((n) => Stream.range(1, n))
))

describe("I5: events", () => {
  it.effect("I5: exactly one terminal event for every Started, whatever happens", () =>
    Effect.gen(function*() {
      const { invoke, invokeKey, invokeStream } = yield* OperationInvoker
      const events = yield* recordEvents
      for (const input of ["ok", "fail", "die", 1 as never]) yield* Effect.exit(invoke(Echo, input))
      yield* Effect.exit(invokeKey("nowhere", null))
      Effect.runSync(invoke(Note, "a"))
      yield* Stream.runDrain(invokeStream(Ticks, 3))
      yield* Stream.runDrain(Stream.take(invokeStream(Ticks, 3), 1))
      const fiber = yield* Effect.forkChild(invoke(Wait, undefined), { startImmediately: true })
      yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      yield* Effect.all(Array.from({ length: 50 }, (_, i) => Effect.exit(invoke(Echo, i % 3 === 0 ? "fail" : "ok"))), {
        concurrency: 8
      })
      assertWellFormed(events)
      assert.strictEqual(tags(events).filter((tag) => tag === "Started").length, 57)
    }).pipe(Effect.provide(Bus)))

  it.effect("I5: an observer sees every event in order; events it raises itself wait until all have seen the current one", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const first: Array<Event> = []
      const second: Array<Event> = []
      yield* invoker.observe((event) => {
        first.push(event)
        if (event.key === "echo") Effect.runSync(invoker.invoke(Note, event._tag))
      })
      yield* invoker.observe((event) => second.push(event))
      yield* invoker.invoke(Echo, "a")
      assert.deepStrictEqual(outline(first), [
        "Started echo",
        "Started note",
        "Succeeded note",
        "Succeeded echo",
        "Started note",
        "Succeeded note"
      ])
      assert.deepStrictEqual(second, first)
      assertWellFormed(first)
    }).pipe(Effect.provide(Bus)))

  it.effect("I5: a throwing observer fails no invocation and hides nothing from the others", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      yield* invoker.observe(() => {
        throw new Error("in an observer")
      })
      const events = yield* recordEvents
      assert.strictEqual(yield* invoker.invoke(Echo, "a"), "a")
      Effect.runSync(invoker.invoke(Note, "a"))
      assert.strictEqual(events.length, 4)
      assert.strictEqual((yield* invoker.statistics).observerFailures, 4)
    }).pipe(Effect.provide(Bus)))

  it.effect("I5: observing ends with the scope, and one function may observe twice", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      let count = 0
      const observer = () => void count++
      yield* invoker.observe(observer)
      yield* Effect.scoped(Effect.andThen(invoker.observe(observer), invoker.invoke(Echo, "a")))
      assert.strictEqual(count, 4)
      yield* invoker.invoke(Echo, "a")
      assert.strictEqual(count, 6)
    }).pipe(Effect.provide(Bus)))

  it.effect("I5: a slow stream subscriber delays no invocation and misses nothing that fits its buffer", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const gate = yield* Deferred.make<void>()
      const seen: Array<Event> = []
      const slow = yield* invoker.invocations.pipe(
        Stream.tap((event) => Effect.andThen(Deferred.await(gate), Effect.sync(() => seen.push(event)))),
        Stream.take(200),
        Stream.runDrain,
        Effect.forkChild({ startImmediately: true })
      )
      yield* Effect.yieldNow
      for (let i = 0; i < 100; i++) yield* invoker.invoke(Echo, `${i}`)
      assert.deepStrictEqual(seen, [])
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(slow)
      assert.strictEqual(seen.length, 200)
      assertWellFormed(seen)
    }).pipe(Effect.provide(Bus)))

  it.effect("I5: every subscriber has its own buffer; an overflow drops the oldest, is counted, and shows as a gap", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const gate = yield* Deferred.make<void>()
      const subscribe = (seen: Array<Event>, wait: Effect.Effect<void>) =>
        invoker.invocations.pipe(
          Stream.runForEach((event) => Effect.andThen(wait, Effect.sync(() => seen.push(event)))),
          Effect.forkChild({ startImmediately: true })
        )
      const stalled: Array<Event> = []
      const quick: Array<Event> = []
      yield* subscribe(stalled, Deferred.await(gate))
      yield* subscribe(quick, Effect.void)
      yield* Effect.yieldNow
      for (let i = 0; i < 4_000; i++) yield* invoker.invoke(Echo, "a")
      const { subscribers } = yield* invoker.statistics
      const dropped = subscribers.map((subscriber) => subscriber.dropped)
      assert.isAbove(dropped[0]!, 1_000)
      assert.strictEqual(dropped[1], 0)
      yield* Deferred.succeed(gate, undefined)
      while ((yield* invoker.statistics).subscribers[0]!.buffered > 0) yield* Effect.yieldNow
      for (let i = 0; i < 10; i++) yield* Effect.yieldNow
      assertWellFormed(quick)
      assert.strictEqual(quick.length, 8_000)
      assert.strictEqual(stalled.length, 8_000 - dropped[0]!)
      const gaps = stalled.filter((event, i) => i > 0 && event.sequence !== stalled[i - 1]!.sequence + 1)
      assert.strictEqual(gaps.length, 1)
      assert.strictEqual(stalled.at(-1)?.sequence, quick.at(-1)?.sequence)
    }).pipe(Effect.provide(Bus)))

  it.effect("I5: observer time is measured and reported", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      yield* invoker.observe(() => {
        const until = performance.now() + 0.2
        while (performance.now() < until) { /* busy */ }
      })
      for (let i = 0; i < 40; i++) yield* invoker.invoke(Echo, "a")
      const { events, observerMillis, observers } = yield* invoker.statistics
      assert.deepStrictEqual([events, observers], [80, 1])
      assert.isAtLeast(observerMillis, 8)
    }).pipe(Effect.provide(Bus)))

  it.effect("a subscriber sees what happens from its subscription on", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      yield* invoker.invoke(Echo, "before")
      const seen = yield* invoker.invocations.pipe(
        Stream.take(2),
        Stream.runCollect,
        Effect.forkChild({ startImmediately: true })
      )
      yield* Effect.yieldNow
      yield* invoker.invoke(Echo, "after")
      assert.deepStrictEqual((yield* Fiber.join(seen)).map(({ input }) => input), ["after", "after"])
    }).pipe(Effect.provide(Bus)))
})
