import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer } from "effect"
import { HistoryStore, HistoryTracker, invoke, Operation, OperationError, OperationInvoker, UndoMapping } from "opbus"
import { HistoryError } from "opbus/history"
import {
  app,
  appOn,
  breakNext,
  cells,
  log,
  macro,
  Mail,
  mappedMacro,
  put,
  Read,
  reasonOf,
  stacks,
  Unmapped,
  World,
  write
} from "./kit.ts"

const abc = Effect.all([write("a/1", "1"), write("a/2", "2"), write("a/3", "3")])

/** From the nth inverse or redo on that starts after this, `write` fails as often as asked. */
const failAt = (counts: ReadonlyArray<number>) =>
  Effect.gen(function*() {
    const { observe } = yield* OperationInvoker
    const { faults } = yield* World
    let started = 0
    yield* observe((event) => {
      if (event._tag !== "Started" || (event.origin !== "undo" && event.origin !== "redo")) return
      if (counts.includes(++started)) faults.set("write", "fail")
    })
  })

describe("groups", () => {
  it.effect("H4: if an inverse fails the entry stays", () =>
    Effect.gen(function*() {
      yield* write("a/1", "1")
      yield* breakNext("write")
      const reason = yield* reasonOf(HistoryTracker.undo)
      assert.isTrue(reason._tag === "InverseFailed")
      assert.deepStrictEqual(yield* stacks, { live: ["a/1=1"], undone: [] })
      yield* HistoryTracker.undo
      yield* breakNext("write", "die")
      assert.strictEqual((yield* reasonOf(HistoryTracker.redo))._tag, "InverseFailed")
      assert.deepStrictEqual((yield* stacks).undone, ["a/1=1"])
      yield* HistoryTracker.redo
      assert.deepStrictEqual(yield* cells, { "a/1": "1" })
    }).pipe(Effect.provide(app())))

  it.effect("H4: a group that fails half-way is put back as it was before the undo", () =>
    Effect.gen(function*() {
      yield* HistoryTracker.group("abc")(abc)
      yield* failAt([2])
      const error = yield* Effect.flip(HistoryTracker.undo)
      assert.match(error.message, /^"cell.write" failed: .* Nothing was changed/)
      assert.deepStrictEqual(yield* cells, { "a/1": "1", "a/2": "2", "a/3": "3" })
      assert.deepStrictEqual(yield* stacks, { live: ["abc"], undone: [] })
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, {})
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("H4: if putting back fails too, the entry splits at that point and the error names both", () =>
    Effect.gen(function*() {
      yield* HistoryTracker.group("abc")(abc)
      yield* failAt([2, 3])
      const error = yield* Effect.flip(HistoryTracker.undo)
      assert.isTrue(error.reason._tag === "InverseFailed" && error.reason.putBack?.key === "cell.write")
      assert.match(error.message, /Putting back "cell.write" failed too/)
      assert.deepStrictEqual(yield* cells, { "a/1": "1", "a/2": "2" })
      const entries = yield* HistoryTracker.entries
      assert.deepStrictEqual(
        entries.map(({ message, status, steps }) => [message, status, steps.length]).sort(),
        [["abc", "live", 2], ["abc", "undone", 1]]
      )
      yield* HistoryTracker.redo
      yield* HistoryTracker.undo
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, {})
      yield* HistoryTracker.redo
      yield* HistoryTracker.redo
      assert.deepStrictEqual(yield* cells, { "a/1": "1", "a/2": "2", "a/3": "3" })
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("H4: a redo that fails half-way is put back, or splits", () =>
    Effect.gen(function*() {
      yield* HistoryTracker.group("abc")(abc)
      yield* HistoryTracker.undo
      yield* failAt([3, 6, 7])
      assert.strictEqual((yield* reasonOf(HistoryTracker.redo))._tag, "InverseFailed")
      assert.deepStrictEqual(yield* cells, {})
      assert.deepStrictEqual(yield* stacks, { live: [], undone: ["abc"] })
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("H4: what an inverse had its children do before it failed is taken back", () =>
    Effect.gen(function*() {
      yield* mappedMacro(write("a/1", "1"))
      yield* HistoryTracker.undo
      yield* log
      // The redo's handler writes, and then its invocation fails.
      const { observe } = yield* OperationInvoker
      const { faults } = yield* World
      yield* observe((event) => {
        if (event._tag === "Started" && event.key === "cell.write") faults.set("write", "fail")
      })
      assert.strictEqual((yield* reasonOf(HistoryTracker.redo))._tag, "InverseFailed")
      assert.deepStrictEqual(yield* cells, {})
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("H3: all undoable work inside a group is one entry, and an inner group joins the outer", () =>
    Effect.gen(function*() {
      yield* HistoryTracker.group("outer")(
        Effect.gen(function*() {
          yield* write("a/1", "1")
          yield* HistoryTracker.group("inner")(macro(write("a/2", "2")))
          yield* invoke(Read, { cell: "a/1" })
        })
      )
      const [entry, ...others] = yield* HistoryTracker.entries
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual([entry!.message, entry!.key, entry!.groupId], ["outer", undefined, entry!.id])
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, {})
    }).pipe(Effect.provide(app())))

  it.effect("H10: a step of an open group is in the store when its invoke has returned", () => {
    const slow = Layer.effect(
      HistoryStore,
      Effect.map(HistoryStore, ({ backend }) =>
        HistoryStore.make({
          ...backend,
          write: (batch) => Effect.andThen(Effect.yieldNow, backend.write(batch))
        }))
    ).pipe(Layer.provideMerge(HistoryStore.layerMemory))
    return Effect.gen(function*() {
      const { backend } = yield* HistoryStore
      const stored = Effect.map(backend.changes(0, ""), ({ entries, steps }) => [
        entries.map(({ status }) => status),
        steps.length
      ])
      for (
        const [around, status] of [[HistoryTracker.group, "open"], [HistoryTracker.transaction, "transaction"]] as const
      ) {
        yield* around("g")(Effect.gen(function*() {
          yield* write("a/1", "1")
          assert.deepStrictEqual(yield* stored, [[status], 1])
          yield* write("a/2", "2")
          assert.deepStrictEqual(yield* stored, [[status], 2])
        }))
        yield* HistoryTracker.clear
        yield* HistoryTracker.flush
      }
    }).pipe(Effect.provide(appOn(slow).pipe(Layer.provideMerge(slow))))
  })

  it.effect("H11: a redo that fails half-way takes back what its children did, in reverse", () =>
    Effect.gen(function*() {
      let fail = false
      yield* mappedMacro(
        Effect.all([
          write("a/1", "1"),
          write("a/1", "2"),
          Effect.suspend(() => fail ? Effect.fail("no") : Effect.void)
        ])
      )
      yield* HistoryTracker.undo
      fail = true
      assert.strictEqual((yield* reasonOf(HistoryTracker.redo))._tag, "InverseFailed")
      assert.deepStrictEqual(yield* cells, {})
      fail = false
      yield* HistoryTracker.redo
      assert.deepStrictEqual(yield* cells, { "a/1": "2" })
    }).pipe(Effect.provide(app())))

  it.effect("H16: a failed or interrupted group keeps what was done as one entry, placed at the group's start", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const group = yield* Effect.forkChild(
        HistoryTracker.group("slow")(Effect.andThen(write("a/1", "1"), Deferred.await(gate)))
      )
      yield* Effect.yieldNow
      yield* write("b/1", "1")
      yield* Fiber.interrupt(group)
      yield* Effect.exit(HistoryTracker.group("failed")(Effect.andThen(write("a/2", "2"), Effect.fail("no"))))
      assert.deepStrictEqual((yield* stacks).live, ["slow", "b/1=1", "failed"])
    }).pipe(Effect.provide(app())))

  it.effect("H16: a transaction that fails undoes what was done, in reverse, and records nothing", () =>
    Effect.gen(function*() {
      yield* write("a/2", "before")
      yield* log
      const exit = yield* Effect.exit(HistoryTracker.transaction("t")(Effect.andThen(abc, Effect.fail("mine"))))
      assert.deepStrictEqual(exit, Exit.fail("mine"))
      assert.deepStrictEqual((yield* log).slice(3), ["write a/3=", "write a/2=before", "write a/1="])
      assert.deepStrictEqual(yield* stacks, { live: ["a/2=before"], undone: [] })
    }).pipe(Effect.provide(app())))

  it.effect("H16: a transaction that is interrupted undoes what was done", () =>
    Effect.gen(function*() {
      const there = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        HistoryTracker.transaction("t")(
          abc.pipe(Effect.andThen(Deferred.succeed(there, undefined)), Effect.andThen(Effect.never))
        )
      )
      yield* Deferred.await(there)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* cells, {})
      assert.deepStrictEqual((yield* stacks).live, [])
    }).pipe(Effect.provide(app())))

  it.effect("H16: a transaction that succeeds is one entry", () =>
    Effect.gen(function*() {
      yield* HistoryTracker.transaction("t")(abc)
      assert.deepStrictEqual((yield* stacks).live, ["t"])
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, {})
    }).pipe(Effect.provide(app())))

  it.effect("H16: inside a transaction, what could not be taken back is refused before its handler runs", () =>
    Effect.gen(function*() {
      for (const operation of [Unmapped, Mail]) {
        const error = yield* Effect.flip(HistoryTracker.transaction("t")(invoke(operation, undefined)))
        assert.isTrue(error instanceof OperationError && error.reason._tag === "Denied")
        const nested = yield* Effect.exit(HistoryTracker.transaction("t")(mappedMacro(invoke(operation, undefined))))
        assert.isTrue(Exit.isFailure(nested))
      }
      assert.deepStrictEqual(yield* log, [])
      assert.strictEqual(yield* HistoryTracker.transaction("t")(invoke(Read, { cell: "a/1" })), "")
      yield* HistoryTracker.group("g")(invoke(Mail, undefined))
      assert.deepStrictEqual(yield* log, ["mail"])
    }).pipe(Effect.provide(app())))

  it.effect("H16: it is refused in a group inside the transaction, too, and what is irreversible even with a mapping", () => {
    const Publish = Operation.make({ meta: { key: "publish" } }).annotate(Operation.Irreversible, true)
    let published = 0
    const plugin = Layer.merge(
      Publish.toLayer(() => Effect.sync(() => void published++)),
      UndoMapping.make({ operation: Publish, inverse: Unmapped, deriveContext: () => undefined }).toLayer
    )
    return Effect.gen(function*() {
      for (const operation of [Unmapped, Publish]) {
        for (const around of [HistoryTracker.group("inner"), <A>(effect: A) => effect]) {
          const error = yield* Effect.flip(HistoryTracker.transaction("t")(around(invoke(operation, undefined))))
          assert.isTrue(error instanceof OperationError && error.reason._tag === "Denied")
        }
      }
      assert.deepStrictEqual([yield* log, published], [[], 0])
      yield* invoke(Publish, undefined)
      assert.strictEqual(published, 1)
    }).pipe(Effect.provide(plugin.pipe(Layer.provideMerge(app()))))
  })

  it.effect("H16: an inner transaction rolls back alone", () =>
    Effect.gen(function*() {
      yield* HistoryTracker.transaction("outer")(
        Effect.gen(function*() {
          yield* write("a/1", "1")
          yield* Effect.exit(HistoryTracker.transaction("inner")(Effect.andThen(write("a/2", "2"), Effect.fail("no"))))
          yield* HistoryTracker.transaction("kept")(write("a/3", "3"))
        })
      )
      assert.deepStrictEqual(yield* cells, { "a/1": "1", "a/3": "3" })
      assert.deepStrictEqual((yield* HistoryTracker.entries).map(({ steps }) => steps.length), [2])
    }).pipe(Effect.provide(app())))

  it.effect("H16: a failed compensation stops the rollback, and what remains is an entry", () =>
    Effect.gen(function*() {
      yield* failAt([2])
      const exit = yield* Effect.exit(HistoryTracker.transaction("t")(Effect.andThen(abc, Effect.fail("mine"))))
      assert.isTrue(Exit.isFailure(exit))
      const errors = Exit.isFailure(exit) ? exit.cause.reasons.filter(Cause.isFailReason).map(({ error }) => error) : []
      assert.strictEqual(errors[0], "mine")
      const error = errors[1] as HistoryError
      assert.isTrue(error instanceof HistoryError && error.reason._tag === "RollbackIncomplete")
      assert.deepStrictEqual((error.reason as { readonly notUndone: unknown }).notUndone, ["cell.write", "cell.write"])
      assert.deepStrictEqual(yield* cells, { "a/1": "1", "a/2": "2" })
      assert.deepStrictEqual((yield* stacks).live, ["t"])
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, {})
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("H16: a transaction that died and could not be taken back dies, and its cause tells both", () =>
    Effect.gen(function*() {
      yield* failAt([2])
      const caught = HistoryTracker.transaction("t")(Effect.andThen(abc, Effect.die("mine"))).pipe(
        Effect.catch(() => Effect.void)
      )
      const exit = yield* Effect.exit(caught)
      const defects = Exit.isFailure(exit)
        ? exit.cause.reasons.filter(Cause.isDieReason).map(({ defect }) => defect)
        : []
      assert.strictEqual(defects[0], "mine")
      const error = defects[1] as HistoryError
      assert.isTrue(error instanceof HistoryError && error.reason._tag === "RollbackIncomplete")
      assert.deepStrictEqual(yield* cells, { "a/1": "1", "a/2": "2" })
      assert.deepStrictEqual((yield* stacks).live, ["t"])
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("H16: a transaction inside an inverse or a redo is rolled back, too", () =>
    Effect.gen(function*() {
      let fail = false
      yield* mappedMacro(
        HistoryTracker.transaction("inside")(
          Effect.andThen(write("a/1", "1"), Effect.suspend(() => fail ? Effect.fail("no") : Effect.void))
        ).pipe(Effect.exit)
      )
      yield* HistoryTracker.undo
      fail = true
      yield* HistoryTracker.redo
      assert.deepStrictEqual(yield* cells, {})
      assert.strictEqual((yield* HistoryTracker.entries).length, 1)
    }).pipe(Effect.provide(app())))

  it.effect("H2: children of a group are ordered by commit", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      yield* HistoryTracker.group("g")(
        Effect.all([
          macro(Effect.andThen(Deferred.await(gate), put("p", "first"))),
          Effect.andThen(put("p", "second"), Deferred.succeed(gate, undefined))
        ], { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(yield* cells, { p: "first" })
      yield* log
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* log, ["put p=second", "put p="])
    }).pipe(Effect.provide(app())))
})
