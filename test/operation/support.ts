import { assert } from "@effect/vitest"
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { type Invocation, type OperationError, OperationInvoker, OperationRegistry } from "opbus/operation"

export type Event = Invocation.Invocation

/** A registry, an invoker and handlers. */
export const bus = <A, E, R>(
  handlers: Layer.Layer<A, E, R>
): Layer.Layer<A | OperationInvoker | OperationRegistry, E, Exclude<R, OperationInvoker | OperationRegistry>> =>
  handlers.pipe(Layer.provideMerge(OperationInvoker.layer.pipe(Layer.provideMerge(OperationRegistry.layer))))

/** Every event from now on. */
export const recordEvents = Effect.gen(function*() {
  const events: Array<Event> = []
  const invoker = yield* OperationInvoker
  yield* invoker.observe((event) => events.push(event))
  return events
})

/** Tags with the keys, in order: "Started note.create". */
export const outline = (events: ReadonlyArray<Event>): ReadonlyArray<string> =>
  events.map(({ _tag, key }) => `${_tag} ${key}`)

export const tags = (events: ReadonlyArray<Event>): ReadonlyArray<string> => events.map(({ _tag }) => _tag)

/** The reason of an error of the bus. */
export const reasonOf = (error: unknown): OperationError["reason"] => {
  const { _tag, reason } = error as OperationError
  assert.strictEqual(_tag, "OperationError", String(error))
  return reason
}

/** The tag of the reason for which an effect fails. */
export const reasonTag = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<string, A, R> =>
  Effect.map(Effect.flip(effect), (error) => reasonOf(error)._tag)

export const causeOf = <A, E>(exit: Exit.Exit<A, E>): Cause.Cause<E> =>
  exit._tag === "Failure" ? exit.cause : assert.fail("it succeeded")

/** Exactly one terminal event for every `Started`, and sequences without gaps. */
export const assertWellFormed = (events: ReadonlyArray<Event>): void => {
  const open = new Set<string>()
  const ended = new Set<string>()
  events.forEach((event, i) => {
    if (i > 0) assert.strictEqual(event.sequence, events[i - 1]!.sequence + 1, "a gap in the sequence")
    switch (event._tag) {
      case "Started":
        assert.isFalse(open.has(event.id) || ended.has(event.id), "started twice")
        open.add(event.id)
        break
      case "Progress":
        assert.isTrue(open.has(event.id), "progress outside of an invocation")
        break
      default:
        assert.isFalse(ended.has(event.id), "ended twice")
        assert.strictEqual(open.delete(event.id), !(event._tag === "Failed" && event.refused === true))
        ended.add(event.id)
    }
  })
  assert.strictEqual(open.size, 0, "started and never ended")
}
