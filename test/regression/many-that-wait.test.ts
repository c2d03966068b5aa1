import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Schema } from "effect"
import { HistoryTracker, Operation, OperationInvoker, OperationRegistry, UndoMapping, UndoRegistry } from "opbus"

// Whoever waited went on inside of whoever had been before it: a thousand undos that wait ended the process, and a chain of
// superseded invocations its lane.

const many = 3_000

it.live("H5: thousands of undos wait for the one that runs, and then run", () =>
  Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    let count = 0
    const Add = Operation.make({ meta: { key: "count.add" } })
    const Subtract = Operation.make({ meta: { key: "count.subtract" }, input: Schema.Number })
    const app = Layer.mergeAll(
      Add.toLayer(() => Effect.sync(() => void count++)),
      Subtract.toLayer((amount) =>
        Effect.andThen(
          count === many ? Deferred.await(gate) : Effect.void,
          Effect.sync(() => {
            count -= amount
          })
        )
      ),
      UndoMapping.make({ operation: Add, inverse: Subtract, deriveContext: () => 1 }).toLayer
    ).pipe(
      Layer.provideMerge(HistoryTracker.layer),
      Layer.provideMerge(OperationInvoker.layer),
      Layer.provideMerge(Layer.merge(OperationRegistry.layer, UndoRegistry.layer))
    )
    yield* Effect.gen(function*() {
      for (let i = 0; i < many; i++) yield* OperationInvoker.invoke(Add, undefined)
      const undos: Array<Fiber.Fiber<unknown, unknown>> = []
      for (let i = 0; i < many; i++) {
        undos.push(yield* Effect.forkChild(HistoryTracker.undo, { startImmediately: true }))
      }
      assert.strictEqual(count, many)
      yield* Deferred.succeed(gate, undefined)
      for (const undo of undos) yield* Fiber.join(undo)
      assert.strictEqual(count, 0)
    }).pipe(Effect.provide(app))
  }))

it.live("switchLatest: of thousands that come while one cannot be interrupted the last one runs", () =>
  Effect.gen(function*() {
    const gate = yield* Deferred.make<void>()
    const ran: Array<number> = []
    const Find = Operation.make({
      meta: { key: "note.find" },
      input: Schema.Number,
      concurrency: "switchLatest"
    })
    const app = Find.toLayer((n) =>
      n === 0 ? Effect.uninterruptible(Deferred.await(gate)) : Effect.sync(() => void ran.push(n))
    ).pipe(Layer.provideMerge(OperationInvoker.layer), Layer.provideMerge(OperationRegistry.layer))
    yield* Effect.gen(function*() {
      const calls: Array<Fiber.Fiber<unknown, unknown>> = []
      for (let i = 0; i <= many; i++) {
        calls.push(
          yield* Effect.forkChild(Effect.exit(OperationInvoker.invoke(Find, i)), { startImmediately: true })
        )
      }
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(calls[many]!)
      assert.deepStrictEqual(ran, [many])
    }).pipe(Effect.provide(app))
  }))
