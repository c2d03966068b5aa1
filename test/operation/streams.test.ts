import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Operation, OperationContext, OperationInvoker, OperationRegistry } from "opbus/operation"
import { internalsOf } from "../../src/operation/internal/invoker.ts"
import { assertWellFormed, bus, causeOf, type Event, reasonOf, recordEvents, tags } from "./support.ts"

class Store extends Context.Service<Store, { readonly name: string }>()("test/Store") {}

const Ticks = Operation.make({
  meta: { key: "ticks" },
  input: Schema.String,
  output: Schema.Struct({ n: Schema.Int, at: Schema.optionalKey(Schema.Date) }),
  error: Schema.String,
  stream: true
})
const Single = Operation.make({ meta: { key: "single" }, output: Schema.Int })

const log: Array<string> = []
const closing = <A, E, R>(stream: Stream.Stream<A, E, R>) =>
  Stream.ensuring(stream, Effect.sync(() => void log.push("closed")))

const numbers = Stream.map(Stream.range(1, 5), (n) => ({ n }))
const Handlers = Layer.mergeAll(
  Ticks.toLayer((how) => {
    switch (how) {
      case "fail":
        return closing(Stream.concat(Stream.take(numbers, 2), Stream.fail("no")))
      case "die":
        return closing(Stream.concat(Stream.take(numbers, 2), Stream.die("a bug")))
      case "throw":
        throw new Error("thrown")
      case "unfit":
        return closing(Stream.concat(Stream.take(numbers, 2), Stream.make({ n: "three" } as never)))
      case "slow":
        return closing(Stream.tap(numbers, () => Effect.sleep("1 second")))
      case "empty":
        return Stream.empty
      case "date":
        return Stream.make({ n: 1, at: new Date(0) })
      case "who":
        return Stream.fromEffect(Effect.map(OperationContext, ({ key }) => ({ n: key.length })))
      case "store":
        return Stream.fromEffect(Effect.map(Store, ({ name }) => ({ n: name.length })))
      default:
        return closing(numbers)
    }
  }),
  Single.toLayer(() => Effect.succeed(1))
).pipe(Layer.provide(Layer.succeed(Store, { name: "four" })))
const Bus = bus(Handlers)

const fresh = Effect.gen(function*() {
  log.length = 0
  return { ...(yield* OperationInvoker), events: yield* recordEvents }
})
const ns = (elements: ReadonlyArray<{ readonly n: number }>) => elements.map(({ n }) => n)
const last = (events: ReadonlyArray<Event>) => {
  const event = events[events.length - 1]!
  return event._tag === "Succeeded" ? { output: event.output, stopped: event.stopped } : event._tag
}

describe("stream operations", () => {
  it.effect("the invocation lasts from the first pull to the end; its output is the number of elements", () =>
    Effect.gen(function*() {
      const { events, invokeStream } = yield* fresh
      const stream = invokeStream(Ticks, "all")
      assert.deepStrictEqual(events, [])
      assert.deepStrictEqual(ns(yield* Stream.runCollect(stream)), [1, 2, 3, 4, 5])
      assert.deepStrictEqual(tags(events), ["Started", "Succeeded"])
      assert.deepStrictEqual(last(events), { output: { count: 5 }, stopped: undefined })
      // Every run is an invocation of its own.
      yield* Stream.runDrain(stream)
      assert.strictEqual(new Set(events.map(({ id }) => id)).size, 2)
      yield* Stream.runDrain(invokeStream(Ticks, "empty"))
      assert.deepStrictEqual(last(events), { output: { count: 0 }, stopped: undefined })
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("an end that the consumer chose is a success with stopped, after the handler's finalizers", () =>
    Effect.gen(function*() {
      const { events, invokeStream, observe } = yield* fresh
      yield* observe((event) => void log.push(event._tag))
      assert.deepStrictEqual(
        ns(yield* Stream.runCollect(Stream.take(invokeStream(Ticks, "slow"), 2)).pipe(adjusting)),
        [1, 2]
      )
      assert.deepStrictEqual(last(events), { output: { count: 2 }, stopped: true })
      assert.deepStrictEqual(log, ["Started", "closed", "Succeeded"])
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))
  const adjusting = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
      yield* TestClock.adjust("10 seconds")
      return yield* Fiber.join(fiber)
    })

  it.effect("a consumer that fails has stopped it, too", () =>
    Effect.gen(function*() {
      const { events, invokeStream } = yield* fresh
      const failing = Stream.mapEffect(invokeStream(Ticks, "slow"), () => Effect.fail("the consumer's" as const))
      assert.strictEqual(yield* adjusting(Effect.flip(Stream.runDrain(failing))), "the consumer's")
      assert.deepStrictEqual(last(events), { output: { count: 1 }, stopped: true })
      assert.deepStrictEqual(log, ["closed"])
    }).pipe(Effect.provide(Bus)))

  it.effect("I2: failures and defects of the handler end the stream as they are, after the elements before them", () =>
    Effect.gen(function*() {
      const { events, invokeStream } = yield* fresh
      const seen: Array<number> = []
      const drain = (how: string) =>
        Stream.runForEach(invokeStream(Ticks, how), ({ n }) => Effect.sync(() => seen.push(n)))
      assert.strictEqual(yield* Effect.flip(drain("fail")), "no")
      assert.deepStrictEqual(seen, [1, 2])
      assert.strictEqual(Cause.squash(causeOf(yield* Effect.exit(drain("die")))), "a bug")
      assert.isTrue(Cause.hasDies(causeOf(yield* Effect.exit(drain("throw")))))
      assert.deepStrictEqual(tags(events), ["Started", "Failed", "Started", "Failed", "Started", "Failed"])
      assert.deepStrictEqual(log, ["closed", "closed"])
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("I1: every element is validated, and the input before the handler", () =>
    Effect.gen(function*() {
      const { events, invokeKeyStream, invokeStream } = yield* fresh
      const seen: Array<unknown> = []
      const error = yield* Effect.flip(
        Stream.runForEach(invokeStream(Ticks, "unfit"), ({ n }) => Effect.sync(() => seen.push(n)))
      )
      assert.deepStrictEqual(reasonOf(error), {
        _tag: "InvalidOutput",
        issue: "expected number, got a string",
        path: ["n"]
      })
      assert.deepStrictEqual(seen, [1, 2])
      assert.deepStrictEqual(tags(events), ["Started", "Failed"])
      for (const stream of [invokeStream(Ticks, 1 as never), invokeKeyStream("ticks", 1)]) {
        assert.strictEqual(reasonOf(yield* Effect.flip(Stream.runDrain(stream)))._tag, "InvalidInput")
        assert.isTrue(events.at(-1)?._tag === "Failed")
      }
      assert.deepStrictEqual(log, ["closed"])
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("I4: interrupting the consumer interrupts the handler's stream, and finalizers run", () =>
    Effect.gen(function*() {
      const { events, invokeStream } = yield* fresh
      const fiber = yield* Effect.forkChild(Stream.runDrain(invokeStream(Ticks, "slow")), { startImmediately: true })
      yield* TestClock.adjust("1500 millis")
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(tags(events), ["Started", "Interrupted"])
      assert.deepStrictEqual(log, ["closed"])
      assertWellFormed(events)
    }).pipe(Effect.provide(Bus)))

  it.effect("the timeout bounds the whole stream", () =>
    Effect.gen(function*() {
      const { events, invokeStream } = yield* fresh
      const seen: Array<number> = []
      const drain = (timeout: number) =>
        Stream.runForEach(invokeStream(Ticks, "slow", { timeout }), ({ n }) => Effect.sync(() => seen.push(n)))
      const error = yield* adjusting(Effect.flip(drain(2_500)))
      assert.deepStrictEqual(reasonOf(error), { _tag: "Timeout", millis: 2_500 })
      assert.deepStrictEqual(seen, [1, 2])
      assert.deepStrictEqual(log, ["closed"])
      yield* adjusting(drain(6_000))
      assert.deepStrictEqual(tags(events), ["Started", "Failed", "Started", "Succeeded"])
    }).pipe(Effect.provide(Bus)))

  it.effect("invokeKey gives all elements as one array of JSON, invokeKeyStream one by one", () =>
    Effect.gen(function*() {
      const { invokeKey, invokeKeyStream } = yield* fresh
      const json = [{ n: 1, at: "1970-01-01T00:00:00.000Z" }]
      assert.deepStrictEqual(yield* invokeKey("ticks", "date"), json)
      assert.deepStrictEqual(yield* Stream.runCollect(invokeKeyStream("ticks", "date")), json)
      assert.deepStrictEqual(yield* Stream.runCollect(invokeKeyStream("single", null)), [1])
      assert.strictEqual(
        reasonOf(yield* Effect.flip(Stream.runDrain(invokeKeyStream("nowhere", null))))._tag,
        "HandlerNotFound"
      )
    }).pipe(Effect.provide(Bus)))

  it.effect("the handler sees its invocation and its own services", () =>
    Effect.gen(function*() {
      const { invokeStream } = yield* fresh
      assert.deepStrictEqual(ns(yield* Stream.runCollect(invokeStream(Ticks, "who"))), [5])
      const called = Effect.provideService(Stream.runCollect(invokeStream(Ticks, "store")), Store, {
        name: "other name"
      })
      assert.deepStrictEqual(ns(yield* called), [4])
    }).pipe(Effect.provide(Bus)))

  it.effect("the hook sees it once, with the count, before the terminal event", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const { events } = yield* fresh
      const seen: Array<unknown> = []
      yield* internalsOf(invoker).installHook({
        before: (frame) => Effect.sync(() => void seen.push(`before ${frame.key}`)),
        commit: (frame, exit) =>
          Effect.sync(() =>
            void seen.push(`commit ${frame.key}`, exit._tag === "Success" ? exit.value : exit._tag, tags(events).length)
          )
      })
      yield* Stream.runDrain(Stream.take(invoker.invokeStream(Ticks, "all"), 1))
      yield* Effect.exit(Stream.runDrain(invoker.invokeStream(Ticks, "fail")))
      assert.deepStrictEqual(seen, [
        "before ticks",
        "commit ticks",
        { count: 5 },
        1,
        "before ticks",
        "commit ticks",
        "Failure",
        3
      ])
    }).pipe(Effect.provide(Bus)))

  it.effect("invoke and invokeStream each say when the other is meant", () =>
    Effect.gen(function*() {
      const { invoke, invokeStream } = yield* fresh
      const registry = yield* OperationRegistry
      assert.isDefined(registry.lookup("ticks"))
      assert.include(
        Cause.pretty(causeOf(yield* Effect.exit(invoke(Ticks as never, "all" as never)))),
        "\"ticks\" is a stream operation. Use invokeStream."
      )
      assert.include(
        Cause.pretty(causeOf(yield* Effect.exit(Stream.runDrain(invokeStream(Single as never, undefined as never))))),
        "\"single\" is not a stream operation. Use invoke."
      )
    }).pipe(Effect.provide(Bus)))
})
