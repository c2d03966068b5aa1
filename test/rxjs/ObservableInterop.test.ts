import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as PubSub from "effect/PubSub"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { TestClock } from "effect/testing"
import { Invocation, Operation, OperationInvoker, OperationRegistry } from "opbus/operation"
import { fromObservable, invocations$, ObservableOverflow, toObservable } from "opbus/rxjs"
import { firstValueFrom, lastValueFrom, NEVER, Observable, of, range, Subject, take, throwError, toArray } from "rxjs"

const SetMode = Operation.make({ meta: { key: "layout.setMode" }, input: Schema.String, executionMode: "sync" })
const Slow = Operation.make({ meta: { key: "slow" } })
const Bus = Layer.mergeAll(
  SetMode.toLayer(() => Effect.void),
  Slow.toLayer(() => Effect.sleep("1 second"))
).pipe(Layer.provideMerge(OperationInvoker.layer), Layer.provideMerge(OperationRegistry.layer))

/** What an observable emitted so far, and how it ended. */
const collect = <A>(observable: Observable<A>) => {
  const seen: Array<A> = []
  const ends: Array<unknown> = []
  const subscription = observable.subscribe({
    next: (value) => seen.push(value),
    error: (error) => ends.push(error),
    complete: () => ends.push("complete")
  })
  return { seen, ends, subscription }
}

describe("invocations$", () => {
  it.effect("has every event in order, also those of synchronous operations, when runSync returns", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const { seen, subscription } = collect(invocations$(invoker))
      Effect.runSync(invoker.invoke(SetMode, "deck"))
      assert.deepStrictEqual(seen.map((event) => event._tag), ["Started", "Succeeded"])
      assert.isTrue(seen.every((event, i) => i === 0 || event.sequence === seen[i - 1]!.sequence + 1))
      assert.isTrue(Invocation.isTerminal(seen[1]!))
      subscription.unsubscribe()
      Effect.runSync(invoker.invoke(SetMode, "solo"))
      assert.strictEqual(seen.length, 2)
      assert.strictEqual((yield* invoker.statistics).observers, 0)
    }).pipe(Effect.provide(Bus)))

  it.effect("comes as an effect, and can be subscribed to again", () =>
    Effect.gen(function*() {
      const events$ = yield* invocations$()
      const first = collect(events$.pipe(take(1)))
      yield* OperationInvoker.invoke(SetMode, "a")
      assert.deepStrictEqual([first.seen.length, first.ends], [1, ["complete"]])
      const second = collect(events$)
      yield* OperationInvoker.invoke(SetMode, "b")
      assert.deepStrictEqual(second.seen.map(({ input }) => input), ["b", "b"])
      assert.strictEqual(first.seen.length, 1)
      second.subscription.unsubscribe()
    }).pipe(Effect.provide(Bus)))

  it.effect("I5: a subscriber that throws fails no invocation", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const thrown: Array<unknown> = []
      const onUncaught = process.listeners("uncaughtException")
      process.removeAllListeners("uncaughtException")
      process.on("uncaughtException", (error) => thrown.push(error))
      const subscription = invocations$(invoker).subscribe(() => {
        throw new Error("in a subscriber")
      })
      Effect.runSync(invoker.invoke(SetMode, "deck"))
      yield* Effect.promise(() => new Promise((resolve) => setTimeout(resolve, 5)))
      process.removeAllListeners("uncaughtException")
      for (const listener of onUncaught) process.on("uncaughtException", listener)
      assert.isAtLeast(thrown.length, 1)
      subscription.unsubscribe()
    }).pipe(Effect.provide(Bus)))
})

describe("toObservable", () => {
  it("emits what is there at once, and completes", () => {
    const { ends, seen } = collect(toObservable(Stream.make(1, 2, 3)))
    assert.deepStrictEqual([seen, ends], [[1, 2, 3], ["complete"]])
  })

  it("the stream's failure is the observable's error, and its defect too", () => {
    class Broken extends Schema.TaggedError<Broken>()("Broken", {}) {}
    assert.deepStrictEqual(collect(toObservable(Stream.fail(new Broken()))).ends, [new Broken()])
    assert.deepStrictEqual(collect(toObservable(Stream.die("a bug"))).ends, ["a bug"])
    const mapped = toObservable(Stream.fail("x"), { onFailure: (cause) => Cause.pretty(cause).length })
    assert.isNumber(collect(mapped).ends[0])
  })

  it.live("unsubscribing an idle subscription interrupts the stream at once and runs its finalizers", () =>
    Effect.gen(function*() {
      const log: Array<string> = []
      const idle = Stream.unwrap(Effect.as(
        Effect.addFinalizer(() => Effect.sync(() => log.push("closed"))),
        Stream.concat(Stream.make(1), Stream.never)
      ))
      const { ends, seen, subscription } = collect(toObservable(idle))
      yield* Effect.sleep(5)
      assert.deepStrictEqual([seen, log], [[1], []])
      subscription.unsubscribe()
      assert.deepStrictEqual([log, ends], [["closed"], []])
    }))

  it.effect("runs the stream anew for every subscription", () =>
    Effect.gen(function*() {
      let opened = 0
      const counted = toObservable(Stream.unwrap(Effect.sync(() => Stream.make(++opened))))
      const values = [collect(counted).seen, collect(counted).seen]
      assert.deepStrictEqual(values, [[1], [2]])
    }))

  it("a subscriber that leaves in the middle of a chunk gets no more of it, also of an endless one", () => {
    const seen: Array<number> = []
    const endless = Stream.forever(Stream.fromIterable([1, 2, 3, 4]))
    toObservable(endless).pipe(take(2)).subscribe((value) => seen.push(value))
    assert.deepStrictEqual(seen, [1, 2])
  })

  it.effect("gives the stream the services it is told to", () =>
    Effect.gen(function*() {
      class Greeting extends Context.Service<Greeting, { readonly text: string }>()("test/Greeting") {}
      const greetings = Stream.fromEffect(Effect.map(Greeting, ({ text }) => text))
      const context = Context.make(Greeting, { text: "hello" })
      assert.strictEqual(yield* Effect.promise(() => firstValueFrom(toObservable(greetings, { context }))), "hello")
      // @ts-expect-error the services are missing
      void (() => toObservable(greetings))
    }))

  it.live("follows a stream that goes on", () =>
    Effect.gen(function*() {
      const hub = yield* PubSub.unbounded<number>()
      const { ends, seen, subscription } = collect(toObservable(Stream.fromPubSub(hub)))
      yield* PubSub.publish(hub, 1)
      yield* Effect.sleep(1)
      yield* PubSub.publishAll(hub, [2, 3])
      yield* Effect.sleep(1)
      subscription.unsubscribe()
      yield* PubSub.publish(hub, 4)
      yield* Effect.sleep(1)
      assert.deepStrictEqual([seen, ends], [[1, 2, 3], []])
    }))

  it.effect("I4: unsubscribing interrupts what the stream waits for", () =>
    Effect.gen(function*() {
      const invoker = yield* OperationInvoker
      const context = yield* Effect.context<never>()
      const events = collect(invocations$(invoker))
      const { subscription } = collect(toObservable(Stream.fromEffect(invoker.invoke(Slow, undefined)), { context }))
      assert.deepStrictEqual(events.seen.map(({ _tag }) => _tag), ["Started"])
      subscription.unsubscribe()
      assert.deepStrictEqual(events.seen.map(({ _tag }) => _tag), ["Started", "Interrupted"])
      yield* TestClock.adjust("1 second")
      assert.strictEqual(events.seen.length, 2)
    }).pipe(Effect.provide(Bus)))
})

describe("fromObservable", () => {
  it.effect("has all values of a synchronous observable, and ends with it", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Stream.runCollect(fromObservable(of(1, 2, 3))), [1, 2, 3])
      assert.strictEqual((yield* Stream.runCollect(fromObservable(range(0, 4096)))).length, 4096)
    }))

  it.effect("maps the observable's error", () =>
    Effect.gen(function*() {
      const failing = throwError(() => new Error("no"))
      const unknown = yield* Effect.flip(Stream.runCollect(fromObservable(failing)))
      assert.isTrue(Cause.isUnknownError(unknown))
      const mapped = fromObservable(failing, { overflow: "dropOldest", onError: (error) => (error as Error).message })
      assert.strictEqual(yield* Effect.flip(Stream.runCollect(mapped)), "no")
    }))

  it.effect("unsubscribes when the stream ends early or is interrupted", () =>
    Effect.gen(function*() {
      let open = 0
      const source = new Observable<number>((subscriber) => {
        open++
        subscriber.next(1)
        return () => {
          open--
        }
      })
      assert.deepStrictEqual(yield* Stream.runCollect(Stream.take(fromObservable(source), 1)), [1])
      assert.strictEqual(open, 0)
      const idle = yield* Effect.forkChild(Stream.runDrain(fromObservable(source)), { startImmediately: true })
      yield* Effect.yieldNow
      assert.strictEqual(open, 1)
      yield* Fiber.interrupt(idle)
      assert.strictEqual(open, 0)
      assert.strictEqual((yield* Effect.timeoutOption(Stream.runDrain(fromObservable(NEVER)), 0))._tag, "None")
    }).pipe(TestClock.withLive))

  it.effect("fails, by default, when the observable is ahead by more than the buffer, and lets go of it", () =>
    Effect.gen(function*() {
      let produced = 0
      const endless = new Observable<number>((subscriber) => {
        while (!subscriber.closed) subscriber.next(++produced)
      })
      const seen: Array<number> = []
      const stream = Stream.tap(
        fromObservable(endless, { bufferSize: 3 }),
        (value) => Effect.sync(() => seen.push(value))
      )
      const error = yield* Effect.flip(Stream.runDrain(stream))
      assert.instanceOf(error, ObservableOverflow)
      assert.strictEqual(
        (error as Error).message,
        "An observable was ahead of its stream by more than 3 values. Raise bufferSize, or let it drop values with overflow."
      )
      assert.deepStrictEqual([seen, produced], [[1, 2, 3], 4])
    }))

  it.effect("drops the oldest or the newest when told so", () =>
    Effect.gen(function*() {
      const oldest = fromObservable(range(1, 5), { bufferSize: 2, overflow: "dropOldest" })
      const newest = fromObservable(range(1, 5), { bufferSize: 2, overflow: "dropNewest" })
      assert.deepStrictEqual(yield* Stream.runCollect(oldest), [4, 5])
      assert.deepStrictEqual(yield* Stream.runCollect(newest), [1, 2])
    }))

  it.live("goes there and back, and can be run again", () =>
    Effect.gen(function*() {
      const subject = new Subject<number>()
      const collected = yield* Effect.forkChild(Stream.runCollect(Stream.take(fromObservable(subject), 2)), {
        startImmediately: true
      })
      yield* Effect.sleep(1)
      subject.next(1)
      subject.next(2)
      assert.deepStrictEqual(yield* Fiber.join(collected), [1, 2])
      assert.isFalse(subject.observed)
      const back = toObservable(fromObservable(of(1, 2)))
      assert.deepStrictEqual(yield* Effect.promise(() => lastValueFrom(back.pipe(toArray()))), [1, 2])
      assert.deepStrictEqual(yield* Effect.promise(() => lastValueFrom(back.pipe(toArray()))), [1, 2])
    }))
})
