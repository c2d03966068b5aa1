import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Layer, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import {
  HistoryTracker,
  invoke,
  Operation,
  OperationInvoker,
  OperationRegistry,
  UndoMapping,
  UndoRegistry
} from "opbus"
import { CurrentActor, type OperationError } from "opbus/operation"
import { Outbox } from "opbus/remote/Outbox"
import { SqlOutbox } from "opbus/remote/SqlOutbox"
import { Add, client, databaseFile, OtherSide, Taken, unreachable } from "./kit.ts"

/** Local titles, as a user interface shows them. */
const Show = Operation.make({ meta: { key: "local.show" }, input: Schema.Struct({ title: Schema.String }) })
const Hide = Operation.make({ meta: { key: "local.hide" }, input: Schema.Struct({ title: Schema.String }) })
const Bare = Operation.make({ meta: { key: "local.bare" }, input: Schema.Struct({ title: Schema.String }) })
const Failing = Operation.make({
  meta: { key: "local.failing" },
  input: Schema.Struct({ title: Schema.String }),
  error: Taken
})

const app = (shown: Set<string>, other: OtherSide, file: string) => {
  const handlers = Layer.mergeAll(
    Show.toLayer(({ title }) => Effect.sync(() => void shown.add(title))),
    Hide.toLayer(({ title }) => Effect.sync(() => void shown.delete(title))),
    Bare.toLayer(({ title }) => Effect.sync(() => void shown.add(title))),
    Failing.toLayer(({ title }) => Effect.fail(new Taken({ title }))),
    UndoMapping.make({
      operation: Show,
      inverse: Hide,
      deriveContext: (input) => input,
      touches: ({ title }) => title
    }).toLayer,
    UndoMapping.make({
      operation: Hide,
      inverse: Show,
      deriveContext: (input) => input,
      touches: ({ title }) => title
    }).toLayer
  )
  const bus = HistoryTracker.layer.pipe(
    Layer.provideMerge(handlers),
    Layer.provideMerge(OperationInvoker.layer.pipe(
      Layer.provideMerge(Layer.merge(OperationRegistry.layer, UndoRegistry.layer))
    ))
  )
  return SqlOutbox.layer({ maxCount: 5 }).pipe(
    Layer.provide(other.layer),
    Layer.provide(client(file)),
    Layer.provideMerge(bus)
  )
}

const start = Effect.gen(function*() {
  const shown = new Set<string>()
  const other = new OtherSide()
  const file = yield* databaseFile
  const scope = yield* Scope.make()
  const context = yield* Layer.buildWithScope(Layer.fresh(app(shown, other, file)), scope)
  yield* Effect.addFinalizer((exit) => Scope.close(scope, exit))
  const run = <A, E>(effect: Effect.Effect<A, E, Outbox | OperationInvoker | HistoryTracker>) =>
    Effect.provideContext(effect, context)
  return { shown, other, outbox: Context.get(context, Outbox), run }
})

const letters = (outbox: Outbox["Service"]) =>
  Effect.map(outbox.deadLetters, (dead) => dead.map(({ notTakenBack }) => notTakenBack))

const refuse = (other: OtherSide, gate: Deferred.Deferred<void>) => {
  other.handle = ({ title }) => Effect.andThen(Deferred.await(gate), Effect.fail(new Taken({ title })))
}

describe("optimistic", () => {
  it.effect("the local operation shows at once, and stays when the remote agrees", () =>
    Effect.gen(function*() {
      const { other, outbox, run, shown } = yield* start
      other.fault = ({ key }) => Effect.fail(unreachable(key))
      const receipt = yield* run(outbox.enqueue(Add, { title: "a" }, { optimistic: Show }))
      assert.deepStrictEqual([...shown], ["a"])
      other.fault = () => Effect.void
      yield* TestClock.adjust("10 seconds")
      yield* receipt.await
      assert.deepStrictEqual([...shown], ["a"])
      // It is the truth now: there is no entry of it that could be in anybody's way.
      assert.deepStrictEqual(yield* run(HistoryTracker.allEntries), [])
    }))

  it.effect("when the remote finally refuses it is taken back, and nothing else is", () =>
    Effect.gen(function*() {
      const { other, outbox, run, shown } = yield* start
      const gate = yield* Deferred.make<void>()
      refuse(other, gate)
      const receipt = yield* run(outbox.enqueue(Add, { title: "a" }, { optimistic: Show }))
      yield* run(invoke(Show, { title: "mine" }))
      assert.deepStrictEqual([...shown], ["a", "mine"])
      yield* Deferred.succeed(gate, undefined)
      assert.instanceOf(yield* Effect.flip(receipt.await), Taken)
      assert.deepStrictEqual([...shown], ["mine"])
      assert.deepStrictEqual(yield* letters(outbox), [undefined])
      // The user's own history is as it was.
      yield* run(HistoryTracker.undo)
      assert.deepStrictEqual([...shown], [])
    }))

  it.effect("H14: what somebody has changed since is not reverted: the dead letter names the conflict", () =>
    Effect.gen(function*() {
      const { other, outbox, run, shown } = yield* start
      const gate = yield* Deferred.make<void>()
      refuse(other, gate)
      const receipt = yield* run(outbox.enqueue(Add, { title: "a" }, { optimistic: Show }))
      yield* run(Effect.provideService(invoke(Hide, { title: "a" }), CurrentActor, "bob"))
      yield* run(Effect.provideService(invoke(Show, { title: "a" }), CurrentActor, "bob"))
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.flip(receipt.await)
      assert.deepStrictEqual([...shown], ["a"])
      const [notTakenBack] = yield* letters(outbox)
      assert.include(notTakenBack, "Conflict")
    }))

  it.effect("in a group it is an entry of its own, so the group can be undone without it", () =>
    Effect.gen(function*() {
      const { other, outbox, run, shown } = yield* start
      const gate = yield* Deferred.make<void>()
      refuse(other, gate)
      const receipt = yield* run(
        HistoryTracker.group("both")(Effect.gen(function*() {
          yield* invoke(Show, { title: "mine" })
          return yield* outbox.enqueue(Add, { title: "a" }, { optimistic: Show })
        }))
      )
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.flip(receipt.await)
      assert.deepStrictEqual([...shown], ["mine"])
      yield* run(HistoryTracker.undo)
      assert.deepStrictEqual([...shown], [])
    }))

  it.effect("a call that is taken back takes its local operation back", () =>
    Effect.gen(function*() {
      const { other, outbox, run, shown } = yield* start
      const gate = yield* Deferred.make<void>()
      other.fault = () => Deferred.await(gate)
      yield* run(outbox.enqueue(Add, { title: "first" }))
      const receipt = yield* run(outbox.enqueue(Add, { title: "a" }, { optimistic: Show }))
      assert.deepStrictEqual([...shown], ["a"])
      assert.isTrue(yield* outbox.remove(receipt.id))
      assert.deepStrictEqual([...shown], [])
      yield* Deferred.succeed(gate, undefined)
    }))

  it.effect("when the local operation fails nothing is queued", () =>
    Effect.gen(function*() {
      const { other, outbox, run } = yield* start
      const error = yield* Effect.flip(run(outbox.enqueue(Add, { title: "a" }, { optimistic: Failing })))
      assert.include((error as OperationError).message, "local.failing")
      assert.deepStrictEqual(yield* outbox.pending, [])
      assert.deepStrictEqual(other.deliveries, [])
    }))

  it.effect("when the queue is full the local operation is taken back at once", () =>
    Effect.gen(function*() {
      const { other, outbox, run, shown } = yield* start
      other.fault = ({ key }) => Effect.fail(unreachable(key))
      for (let i = 0; i < 5; i++) yield* run(outbox.enqueue(Add, { title: `${i}` }))
      const error = yield* Effect.flip(run(outbox.enqueue(Add, { title: "a" }, { optimistic: Show })))
      assert.strictEqual(error.reason._tag, "Overloaded")
      assert.deepStrictEqual([...shown], [])
    }))

  it.effect("what has no undo mapping stays, and the dead letter says why", () =>
    Effect.gen(function*() {
      const { other, outbox, run, shown } = yield* start
      const gate = yield* Deferred.make<void>()
      refuse(other, gate)
      const receipt = yield* run(outbox.enqueue(Add, { title: "a" }, { optimistic: Bare }))
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.flip(receipt.await)
      assert.deepStrictEqual([...shown], ["a"])
      assert.include((yield* letters(outbox))[0], "undo mapping")
    }))
})
