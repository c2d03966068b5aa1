import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Scope } from "effect"
import { HistoryStore, HistoryTracker } from "opbus"
import { appOn, put, reasonOf, stacks, World, write } from "./kit.ts"

const newWorld = (): World["Service"] => ({ cells: new Map(), log: [], faults: new Map() })

/** A store that outlives the trackers on it, of which each has an invoker of its own. */
const storeInMemory = Effect.gen(function*() {
  const store = yield* Effect.provide(HistoryStore, HistoryStore.layerMemory)
  const world = newWorld()
  return {
    world,
    rows: Effect.map(store.backend.changes(0, ""), ({ entries }) => entries),
    open: Effect.gen(function*() {
      const scope = yield* Scope.make()
      const app = appOn(Layer.succeed(HistoryStore, store), {}, Layer.succeed(World, world))
      const context = yield* Layer.buildWithScope(Layer.fresh(app), scope)
      return {
        run: <A, E>(effect: Effect.Effect<A, E, Layer.Success<typeof app>>): Effect.Effect<A, E> =>
          Effect.provideContext(effect, context),
        close: Scope.close(scope, Exit.void)
      }
    })
  }
})

describe("HistoryStore.layerMemory", () => {
  it.live("whoever reads the store finds what was recorded, undone and removed until then", () =>
    Effect.gen(function*() {
      const { open, rows } = yield* storeInMemory
      const tracker = yield* open
      const statuses = Effect.map(rows, (rows) => rows.map(({ status }) => status))
      yield* tracker.run(write("a/1", "1"))
      yield* tracker.run(put("p", "1"))
      assert.deepStrictEqual(yield* statuses, ["live", "live"])
      yield* tracker.run(HistoryTracker.undo)
      assert.deepStrictEqual(yield* statuses, ["live", "undone"])
      yield* tracker.run(HistoryTracker.invalidate({ touches: "a/1" }))
      assert.deepStrictEqual(yield* statuses, ["undone"])
      assert.strictEqual((yield* tracker.run(HistoryTracker.state)).pendingWrites, 0)
      yield* tracker.close
    }))

  it.live("a tracker that is opened later has the history of one that was closed", () =>
    Effect.gen(function*() {
      const { open, world } = yield* storeInMemory
      const first = yield* open
      yield* first.run(write("a/1", "1"))
      yield* first.run(HistoryTracker.group("both")(Effect.andThen(write("a/2", "2"), write("a/3", "3"))))
      yield* first.run(write("a/4", "4"))
      yield* first.run(HistoryTracker.undo)
      yield* first.close
      const second = yield* open
      assert.deepStrictEqual(yield* second.run(stacks), { live: ["a/1=1", "both"], undone: ["a/4=4"] })
      yield* second.run(HistoryTracker.undo)
      yield* second.run(HistoryTracker.undo)
      assert.strictEqual(world.cells.size, 0)
      yield* second.close
      const third = yield* open
      assert.deepStrictEqual(yield* third.run(stacks), { live: [], undone: ["a/1=1", "both", "a/4=4"] })
      yield* third.close
    }))

  it.live("two open trackers neither lose nor repeat each other's entries", () =>
    Effect.gen(function*() {
      const { open } = yield* storeInMemory
      const one = yield* open
      // What starts within one millisecond on two invokers has no order.
      yield* Effect.andThen(one.run(write("a/1", "1")), Effect.sleep(2))
      const two = yield* open
      yield* Effect.andThen(two.run(write("a/2", "2")), Effect.sleep(2))
      yield* one.run(write("a/3", "3"))
      assert.deepStrictEqual((yield* two.run(stacks)).live, ["a/1=1", "a/2=2", "a/3=3"])
      assert.strictEqual((yield* two.run(HistoryTracker.undo)).message, "a/3=3")
      assert.strictEqual((yield* one.run(HistoryTracker.undo)).message, "a/2=2")
      assert.deepStrictEqual(yield* one.run(stacks), { live: ["a/1=1"], undone: ["a/2=2", "a/3=3"] })
      yield* two.close
      // Alone again, and what the other one did is not forgotten.
      assert.strictEqual((yield* one.run(HistoryTracker.redo)).message, "a/2=2")
      assert.deepStrictEqual(yield* one.run(stacks), { live: ["a/1=1", "a/2=2"], undone: ["a/3=3"] })
      yield* one.close
    }))

  it.live("what a tracker is undoing, one that comes meanwhile does not undo", () =>
    Effect.gen(function*() {
      const { open, rows, world } = yield* storeInMemory
      const one = yield* open
      yield* one.run(write("a/1", "1"))
      world.faults.set("write", "never")
      const undo = yield* Effect.forkChild(one.run(HistoryTracker.undo), { startImmediately: true })
      const two = yield* open
      assert.deepStrictEqual((yield* rows).map(({ status }) => status), ["undoing"])
      const second = yield* Effect.forkChild(two.run(reasonOf(HistoryTracker.undo)), { startImmediately: true })
      yield* Effect.sleep(60)
      assert.deepStrictEqual(world.log, ["write a/1=1"])
      yield* Fiber.interrupt(undo)
      // It was not undone, and the other one's turn has come.
      yield* Fiber.await(second)
      assert.deepStrictEqual(world.log, ["write a/1=1", "write a/1="])
      yield* one.close
      yield* two.close
    }))
})
