import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, PubSub, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import { live } from "../../src/devtools/internal/live.ts"

const setup = Effect.gen(function*() {
  const changes = yield* PubSub.unbounded<void>()
  const state = { value: 0, reads: 0, subscribers: 0 }
  const change = (value: number) =>
    Effect.andThen(Effect.sync(() => void (state.value = value)), PubSub.publish(changes, undefined))
  const source = {
    read: Effect.sync(() => {
      state.reads++
      return state.value
    }),
    changes: [
      Stream.unwrap(
        Effect.as(
          Effect.acquireRelease(Effect.sync(() => state.subscribers++), () => Effect.sync(() => state.subscribers--)),
          Stream.fromPubSub(changes)
        )
      )
    ],
    poll: "1 second"
  } as const
  return { state, change, source }
})

const into = <A>(stream: Stream.Stream<A>) =>
  Effect.gen(function*() {
    const queue = yield* Queue.unbounded<A>()
    const fiber = yield* Effect.forkChild(
      Stream.runForEach(stream, (value) => Queue.offer(queue, value)),
      { startImmediately: true }
    )
    return { taken: Queue.clear(queue), fiber }
  })

it.effect("the value comes at once, the first change too, and those that follow as one, at most five times a second", () =>
  Effect.gen(function*() {
    const { change, source, state } = yield* setup
    const { fiber, taken } = yield* into(live(source))
    yield* TestClock.adjust(0)
    assert.deepStrictEqual(yield* taken, [0])
    yield* TestClock.adjust("250 millis")
    yield* change(1)
    yield* TestClock.adjust(0)
    assert.deepStrictEqual(yield* taken, [1])
    const before = state.reads
    for (let i = 2; i < 102; i++) {
      yield* change(i)
      yield* TestClock.adjust("10 millis")
    }
    yield* TestClock.adjust("200 millis")
    const came = yield* taken
    assert.strictEqual(came.at(-1), 101)
    assert.isAtMost(came.length, 6)
    assert.isAtLeast(came.length, 5)
    assert.isAtMost(state.reads - before, 7)
    yield* Fiber.interrupt(fiber)
  }))

it.effect("what nobody announces is found at the next look, and what is the same comes once", () =>
  Effect.gen(function*() {
    const { source, state } = yield* setup
    const { fiber, taken } = yield* into(live(source))
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(yield* taken, [0])
    // Another process has written the same store.
    state.value = 7
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(yield* taken, [7])
    yield* Fiber.interrupt(fiber)
  }))

it.effect("nothing is read before somebody listens, nor after, nor while a listener does not take what there is", () =>
  Effect.gen(function*() {
    const { change, source, state } = yield* setup
    const stream = live(source)
    yield* TestClock.adjust("1 minute")
    assert.deepStrictEqual([state.reads, state.subscribers], [0, 0])
    const stalled = yield* Deferred.make<void>()
    const fiber = yield* Effect.forkChild(
      Stream.runForEach(stream, () => Deferred.await(stalled)),
      { startImmediately: true }
    )
    yield* TestClock.adjust(0)
    for (let i = 1; i < 50; i++) {
      yield* change(i)
      yield* TestClock.adjust("5 seconds")
    }
    assert.deepStrictEqual([state.reads, state.subscribers], [1, 1])
    yield* Fiber.interrupt(fiber)
    assert.strictEqual(state.subscribers, 0)
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(state.reads, 1)
  }))
