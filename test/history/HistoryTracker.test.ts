import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Schema, Stream } from "effect"
import { HistoryTracker, type Invocation, invoke, Operation, OperationInvoker, UndoMapping } from "opbus"
import {
  app,
  as,
  breakNext,
  Broken,
  bus,
  cells,
  Create,
  Delete,
  Erase,
  log,
  Macro,
  macro,
  mappedMacro,
  put,
  reasonOf,
  stacks,
  World,
  Write,
  write
} from "./kit.ts"

describe("HistoryTracker", () => {
  it.effect("H1: state shows the entry when invoke returns", () =>
    Effect.gen(function*() {
      yield* write("a/x", "1")
      const state = yield* HistoryTracker.state
      assert.deepStrictEqual([state.canUndo, state.undoCount, state.undoMessage], [true, 1, "a/x=1"])
      Effect.runSync(Effect.provide(put("b", "2"), yield* Effect.context<OperationInvoker>()))
      assert.strictEqual((yield* HistoryTracker.state).undoCount, 2)
    }).pipe(Effect.provide(app())))

  it.effect("H1: an invocation made while the application is being built has its entry", () => {
    const early = Layer.effectDiscard(write("a/early", "1"))
    return Effect.gen(function*() {
      assert.deepStrictEqual((yield* stacks).live, ["a/early=1"])
    }).pipe(Effect.provide(early.pipe(Layer.provideMerge(app()))))
  })

  it.effect("H2: entries stand in the order in which their roots started, whatever order they end in", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const slow = yield* Effect.forkChild(macro(Effect.andThen(Deferred.await(gate), write("a/slow", "1"))))
      yield* Effect.yieldNow
      yield* write("a/quick", "1")
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(slow)
      assert.deepStrictEqual((yield* stacks).live, ["macro", "a/quick=1"])
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, { "a/slow": "1" })
    }).pipe(Effect.provide(app())))

  it.effect("H2: a redo counts as a new start", () =>
    Effect.gen(function*() {
      yield* write("a/1", "1")
      yield* write("b/1", "1")
      yield* HistoryTracker.scope("a").undo
      yield* HistoryTracker.scope("a").redo
      assert.deepStrictEqual((yield* stacks).live, ["b/1=1", "a/1=1"])
    }).pipe(Effect.provide(app())))

  it.effect("H2: inverses of children run in the reverse order of their commits, across whatever contains them", () =>
    Effect.gen(function*() {
      const first = yield* Deferred.make<void>()
      const second = yield* Deferred.make<void>()
      yield* macro(Effect.all([
        macro(Effect.gen(function*() {
          yield* write("a/1", "1")
          yield* Deferred.succeed(first, undefined)
          yield* Deferred.await(second)
          yield* write("a/3", "3")
        })),
        Effect.gen(function*() {
          yield* Deferred.await(first)
          yield* write("a/2", "2")
          yield* Deferred.succeed(second, undefined)
        })
      ], { concurrency: "unbounded" }))
      yield* log
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* log, ["write a/3=", "write a/2=", "write a/1="])
    }).pipe(Effect.provide(app())))

  it.effect("H3: nested invocations fold into their root, and undo is one press", () =>
    Effect.gen(function*() {
      yield* macro(Effect.andThen(write("a/1", "1"), macro(Effect.andThen(write("a/2", "2"), put("p", "3")))))
      const [entry, ...others] = yield* HistoryTracker.entries
      assert.deepStrictEqual(others, [])
      assert.deepStrictEqual([entry!.key, entry!.message, entry!.partial], ["macro", "macro", false])
      assert.deepStrictEqual(entry!.steps.map(({ key }) => key), ["cell.write", "cell.write", "cell.put"])
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, {})
      yield* log
      yield* HistoryTracker.redo
      assert.deepStrictEqual(yield* log, ["write a/1=1", "write a/2=2", "put p=3"])
    }).pipe(Effect.provide(app())))

  it.effect("H3: if the root has a mapping that applies, only its inverse runs", () =>
    Effect.gen(function*() {
      yield* write("a/0", "0")
      yield* mappedMacro(Effect.andThen(write("a/1", "1"), write("a/0", "9")))
      assert.strictEqual((yield* HistoryTracker.entries).length, 2)
      yield* log
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* log, ["restore all"])
      assert.deepStrictEqual(yield* cells, { "a/0": "0" })
      yield* HistoryTracker.redo
      assert.deepStrictEqual(yield* cells, { "a/0": "9", "a/1": "1" })
    }).pipe(Effect.provide(app())))

  it.effect("H3: a root that fails leaves what its children did, marked partial", () =>
    Effect.gen(function*() {
      yield* Effect.exit(macro(Effect.andThen(write("a/1", "1"), Effect.fail(new Broken({ key: "root" })))))
      yield* Effect.exit(
        mappedMacro(Effect.andThen(write("a/2", "2"), Effect.fail(new Broken({ key: "root" }))))
      )
      const entries = yield* HistoryTracker.entries
      assert.deepStrictEqual(entries.map(({ key, partial }) => [key, partial]), [["macro", true], [
        "macro.mapped",
        true
      ]])
      yield* HistoryTracker.undo
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, {})
    }).pipe(Effect.provide(app())))

  it.effect("H3: a root that is interrupted leaves what its children did, marked partial", () =>
    Effect.gen(function*() {
      const there = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        macro(write("a/1", "1").pipe(Effect.andThen(Deferred.succeed(there, undefined)), Effect.andThen(Effect.never)))
      )
      yield* Deferred.await(there)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual((yield* HistoryTracker.entries).map(({ partial }) => partial), [true])
    }).pipe(Effect.provide(app())))

  it.effect("H3: a child that ends after its root is an entry of its own, with its cause", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const late: Array<Fiber.Fiber<unknown, unknown>> = []
      yield* macro(Effect.gen(function*() {
        yield* write("a/1", "1")
        const child = macro(Effect.andThen(Deferred.await(gate), write("a/late", "1")))
        late.push(yield* Effect.forkDetach(child, { startImmediately: true }))
      }))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.await(late[0]!)
      const [root, child] = yield* HistoryTracker.entries
      assert.strictEqual(child!.causedBy, root!.id)
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, { "a/1": "1" })
    }).pipe(Effect.provide(app())))

  it.effect("H5: a second undo waits, and takes the next entry", () =>
    Effect.gen(function*() {
      yield* write("a/1", "1")
      yield* write("a/2", "2")
      const undone = yield* Effect.all([HistoryTracker.undo, HistoryTracker.undo], { concurrency: "unbounded" })
      assert.deepStrictEqual(undone.map(({ message }) => message), ["a/2=2", "a/1=1"])
      assert.deepStrictEqual(yield* cells, {})
    }).pipe(Effect.provide(app())))

  it.effect("H5: an undo waits for a redo that takes its time, and takes back what that did", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let again = false
      yield* mappedMacro(
        Effect.suspend((): Effect.Effect<unknown, unknown, OperationInvoker> =>
          again ? Deferred.await(gate) : write("a/1", "1")
        )
      )
      yield* HistoryTracker.undo
      again = true
      const redo = yield* Effect.forkChild(HistoryTracker.redo, { startImmediately: true })
      const undo = yield* Effect.forkChild(HistoryTracker.undo, { startImmediately: true })
      yield* Effect.yieldNow
      assert.isTrue((yield* HistoryTracker.state).busy)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual((yield* Fiber.join(redo)).key, "macro.mapped")
      assert.strictEqual((yield* Fiber.join(undo)).status, "undone")
    }).pipe(Effect.provide(app())))

  it.effect("H5: undo inside a handler, an inverse or an open group fails instead of waiting for itself", () =>
    Effect.gen(function*() {
      yield* write("a/1", "1")
      const reasons: Array<string> = []
      const tryUndo = Effect.map(reasonOf(HistoryTracker.undo), ({ _tag }) => reasons.push(_tag)).pipe(Effect.orDie)
      yield* macro(tryUndo)
      yield* HistoryTracker.group("group")(tryUndo)
      yield* HistoryTracker.transaction("transaction")(tryUndo)
      yield* mappedMacro(Effect.suspend(() => tryUndo))
      yield* HistoryTracker.undo
      yield* HistoryTracker.redo
      assert.deepStrictEqual(reasons, Array.from({ length: 5 }, () => "UndoInProgress"))
    }).pipe(Effect.provide(app())))

  it.effect("H5: undo works again in a fiber that outlives the handler that started it", () =>
    Effect.gen(function*() {
      yield* write("a/1", "1")
      const gate = yield* Deferred.make<void>()
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      yield* macro(Effect.map(Effect.forkDetach(Effect.andThen(Deferred.await(gate), HistoryTracker.undo)), (fiber) =>
        fibers.push(fiber)))
      yield* Deferred.succeed(gate, undefined)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fibers[0]!)))
      assert.deepStrictEqual(yield* cells, {})
    }).pipe(Effect.provide(app())))

  it.effect("H6: inverses and redos are visible with their origin and cause, and make no entries", () =>
    Effect.gen(function*() {
      const { observe } = yield* OperationInvoker
      yield* invoke(Create, { title: "Milk" })
      const [entry] = yield* HistoryTracker.entries
      const seen: Array<unknown> = []
      yield* observe((event) => {
        if (event._tag === "Started") seen.push([event.key, event.origin, event.causedBy])
      })
      yield* HistoryTracker.undo
      yield* HistoryTracker.redo
      assert.deepStrictEqual(seen, [["note.delete", "undo", entry!.id], ["note.create", "redo", entry!.id]])
      // `note.delete` is mapped to `note.create`: neither of them toggles.
      assert.deepStrictEqual(yield* stacks, { live: ["note.create"], undone: [] })
      yield* HistoryTracker.undo
      assert.strictEqual((yield* reasonOf(HistoryTracker.undo))._tag, "NothingToUndo")
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("H6: whatever an inverse causes, however deep, makes no entry", () =>
    Effect.gen(function*() {
      yield* mappedMacro(macro(write("a/1", "1")))
      yield* HistoryTracker.undo
      yield* HistoryTracker.redo
      assert.strictEqual((yield* HistoryTracker.entries).length, 1)
    }).pipe(Effect.provide(app())))

  it.effect("H6: what a redo leaves running makes no entry either", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      const late = Effect.forkDetach(Effect.andThen(Deferred.await(gate), write("a/late", "1")))
      yield* mappedMacro(Effect.map(late, (fiber) => fibers.push(fiber)))
      yield* HistoryTracker.undo
      yield* HistoryTracker.redo
      // The one that the action itself left running.
      yield* Fiber.interrupt(fibers[0]!)
      yield* Deferred.succeed(gate, undefined)
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(fibers[1]!)))
      assert.deepStrictEqual((yield* HistoryTracker.entries).map(({ key }) => key), ["macro.mapped"])
    }).pipe(Effect.provide(app())))

  it.effect("H6: a redo refreshes its entry: capture and deriveContext run again", () =>
    Effect.gen(function*() {
      yield* put("p", "1")
      yield* HistoryTracker.undo
      // Somebody else, outside of the history.
      yield* World.use(({ cells }) => Effect.sync(() => cells.set("p", "outside")))
      yield* HistoryTracker.redo
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, { p: "outside" })
    }).pipe(Effect.provide(app())))

  it.effect("H6: what is created again by redo keeps its identity", () =>
    Effect.gen(function*() {
      const { id } = yield* invoke(Create, { title: "Milk" })
      yield* HistoryTracker.undo
      yield* HistoryTracker.redo
      assert.deepStrictEqual(yield* cells, { [id]: "Milk" })
    }).pipe(Effect.provide(app())))

  it.effect("H7: a failing capture, deriveContext or message costs that one entry and is reported", () => {
    const make = (part: "capture" | "deriveContext" | "message") => {
      const operation = Operation.make({ meta: { key: `bad.${part}` } })
      return [
        operation,
        Layer.merge(
          operation.toLayer(() => Effect.void),
          UndoMapping.make({
            operation,
            capture: () => part === "capture" ? Effect.fail("no capture") : Effect.succeed(1),
            inverse: operation,
            deriveContext: () => {
              if (part === "deriveContext") throw new Error("no context")
            },
            message: () => {
              throw new Error("no message")
            }
          }).toLayer
        )
      ] as const
    }
    const captureFails = make("capture")
    const deriveFails = make("deriveContext")
    const operation = Operation.make({ meta: { key: "bad.message" }, input: Schema.String })
    const messageFails = Layer.merge(
      operation.toLayer(() => Effect.void),
      UndoMapping.make({
        operation,
        inverse: operation,
        deriveContext: () => "x",
        message: () => {
          throw new Error("no message")
        }
      }).toLayer
    )
    return Effect.gen(function*() {
      yield* write("a/1", "1")
      yield* invoke(captureFails[0], undefined)
      yield* invoke(deriveFails[0], undefined)
      yield* invoke(operation, "y")
      const { problems } = yield* HistoryTracker.state
      assert.deepStrictEqual(problems.map(({ key, kind }) => [kind, key]), [
        ["Lost", "bad.capture"],
        ["Lost", "bad.deriveContext"],
        ["Lost", "bad.message"]
      ])
      assert.deepStrictEqual((yield* stacks).live, ["a/1=1"])
      yield* write("a/2", "2")
      assert.strictEqual((yield* HistoryTracker.undo).message, "a/2=2")
    }).pipe(
      Effect.provide(Layer.mergeAll(captureFails[1], deriveFails[1], messageFails).pipe(Layer.provideMerge(app())))
    )
  })

  it.effect("H8: a new action clears redo in its scopes", () =>
    Effect.gen(function*() {
      yield* write("a/1", "1")
      yield* write("b/1", "1")
      yield* HistoryTracker.undo
      yield* HistoryTracker.undo
      yield* write("a/2", "2")
      assert.deepStrictEqual(yield* stacks, { live: ["a/2=2"], undone: ["b/1=1"] })
    }).pipe(Effect.provide(app())))

  it.effect("H8: it also clears what would be redone after that in its other scopes, and nothing of another actor", () =>
    Effect.gen(function*() {
      const both = HistoryTracker.group("a and b")(Effect.andThen(write("a/1", "1"), write("b/1", "1")))
      yield* both
      yield* write("b/2", "2")
      yield* as("bob")(write("a/9", "9"))
      yield* as("bob")(HistoryTracker.undo)
      yield* HistoryTracker.undo
      yield* HistoryTracker.undo
      yield* write("a/3", "3")
      assert.deepStrictEqual(yield* stacks, { live: ["a/3=3"], undone: [] })
      assert.deepStrictEqual((yield* as("bob")(stacks)).undone, ["a/9=9"])
    }).pipe(Effect.provide(app())))

  it.effect("H8: an action that had started before the last undo does not clear redo", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      yield* write("a/1", "1")
      const slow = yield* Effect.forkChild(macro(Effect.andThen(Deferred.await(gate), write("a/2", "2"))))
      yield* Effect.yieldNow
      yield* HistoryTracker.undo
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(slow)
      assert.deepStrictEqual((yield* stacks).undone, ["a/1=1"])
      yield* write("a/3", "3")
      assert.deepStrictEqual((yield* stacks).undone, [])
    }).pipe(Effect.provide(app())))

  it.effect("H15: a scheduled follow-up is an entry of its own", () =>
    Effect.gen(function*() {
      yield* macro(Effect.andThen(write("a/1", "1"), OperationInvoker.schedule(Write, { cell: "a/2", value: "2" })))
      yield* OperationInvoker.awaitIdle
      assert.deepStrictEqual((yield* stacks).live, ["macro", "a/2=2"])
      yield* HistoryTracker.group("group")(
        Effect.andThen(write("b/1", "1"), OperationInvoker.schedule(Write, { cell: "b/2", value: "2" }))
      )
      yield* OperationInvoker.awaitIdle
      assert.deepStrictEqual((yield* stacks).live, ["macro", "a/2=2", "group", "b/2=2"])
    }).pipe(Effect.provide(app())))

  it.effect("H15: also when it ends before what scheduled it, whose id it carries", () =>
    Effect.gen(function*() {
      const { observe } = yield* OperationInvoker
      const started: Array<Invocation.Started> = []
      yield* observe((event) => {
        if (event._tag === "Started") started.push(event)
      })
      const body = (document: string) =>
        Effect.gen(function*() {
          yield* write(`${document}/1`, "1")
          const followup = yield* OperationInvoker.schedule(Write, { cell: `${document}/2`, value: "2" })
          yield* followup.await
        })
      yield* macro(body("a"))
      yield* HistoryTracker.group("group")(body("b"))
      assert.deepStrictEqual((yield* stacks).live, ["macro", "a/2=2", "group", "b/2=2"])
      const [inMacro, inGroup] = started.filter(({ origin }) => origin === "followup")
      assert.deepStrictEqual([inMacro?.parentId, inMacro?.rootId], [started[0]?.id, inMacro?.id])
      assert.isUndefined(inGroup?.groupId)
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, { "a/1": "1", "a/2": "2", "b/1": "1" })
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("undo of a synchronous operation runs with runSync (I3)", () =>
    Effect.gen(function*() {
      const context = yield* Effect.context<OperationInvoker | HistoryTracker | World>()
      const run = Effect.runSyncWith(context)
      run(put("p", "1"))
      run(put("p", "2"))
      run(HistoryTracker.group("both")(Effect.andThen(put("p", "3"), put("q", "4"))))
      run(HistoryTracker.undo)
      assert.deepStrictEqual(yield* cells, { p: "2" })
      run(HistoryTracker.undo)
      run(HistoryTracker.redo)
      assert.deepStrictEqual(run(HistoryTracker.state).undoCount, 2)
      const failed = Effect.runSyncExitWith(context)(
        HistoryTracker.transaction("t")(Effect.andThen(put("p", "5"), Effect.fail("no" as const)))
      )
      assert.isTrue(Exit.isFailure(failed))
      assert.deepStrictEqual(yield* cells, { p: "2" })
    }).pipe(Effect.provide(app())))

  it.effect("undoTo undoes up to and including an entry, and says how far it came", () =>
    Effect.gen(function*() {
      yield* write("a/1", "1")
      yield* write("a/2", "2")
      yield* write("a/3", "3")
      const [, second] = yield* HistoryTracker.entries
      yield* breakNext("write")
      const failed = yield* Effect.flip(HistoryTracker.undoTo(second!.id))
      assert.strictEqual(failed.reason._tag, "InverseFailed")
      assert.deepStrictEqual(failed.undone, [])
      const undone = yield* HistoryTracker.undoTo(second!.id)
      assert.deepStrictEqual(undone.map(({ message }) => message), ["a/3=3", "a/2=2"])
      assert.deepStrictEqual(yield* cells, { "a/1": "1" })
      assert.strictEqual((yield* reasonOf(HistoryTracker.undoTo(second!.id)))._tag, "NotUndoable")
    }).pipe(Effect.provide(app())))

  it.effect("peek tells what the next undo will do, or why it cannot", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* reasonOf(HistoryTracker.peek))._tag, "NothingToUndo")
      yield* write("a/1", "1")
      assert.strictEqual((yield* HistoryTracker.peek).message, "a/1=1")
      assert.isTrue(yield* HistoryTracker.canUndo)
      assert.isFalse(yield* HistoryTracker.canRedo)
      assert.strictEqual((yield* reasonOf(HistoryTracker.redo))._tag, "NothingToRedo")
    }).pipe(Effect.provide(app())))

  it.effect("changes shows the state now and after each change, and the newest to a slow consumer", () =>
    Effect.gen(function*() {
      const seen: Array<number> = []
      const fiber = yield* Effect.forkChild(
        Stream.runForEach(
          HistoryTracker.changes,
          (state) => Effect.andThen(Effect.sync(() => seen.push(state.undoCount)), Effect.yieldNow)
        )
      )
      yield* Effect.yieldNow
      yield* Effect.yieldNow
      for (let i = 0; i < 100; i++) yield* put("p", String(i + 1))
      for (let i = 0; i < 10; i++) yield* Effect.yieldNow
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(seen[0], 0)
      assert.strictEqual(seen.at(-1), 100)
      assert.isBelow(seen.length, 102)
    }).pipe(Effect.provide(app())))

  it.effect("invalidate forgets what an outside change has made impossible", () =>
    Effect.gen(function*() {
      yield* write("a/1", "1")
      yield* write("a/2", "2")
      yield* as("bob")(write("a/3", "3"))
      yield* HistoryTracker.undo
      assert.strictEqual(yield* HistoryTracker.invalidate({ touches: "a/2" }), 1)
      assert.deepStrictEqual(yield* stacks, { live: ["a/1=1"], undone: [] })
      assert.strictEqual(yield* HistoryTracker.invalidate(({ actor }) => actor === "bob"), 1)
      assert.strictEqual((yield* HistoryTracker.allEntries).length, 1)
      yield* HistoryTracker.clear
      assert.strictEqual((yield* HistoryTracker.allEntries).length, 0)
    }).pipe(Effect.provide(app())))

  it.effect("hooks save and restore something with every entry", () =>
    Effect.gen(function*() {
      let selection = "start"
      const restored: Array<unknown> = []
      yield* HistoryTracker.hooks({
        save: Effect.sync(() => selection),
        restore: (value, direction) => Effect.sync(() => void restored.push([direction, value]))
      })
      yield* write("a/1", "1")
      selection = "after"
      yield* HistoryTracker.undo
      selection = "elsewhere"
      yield* HistoryTracker.redo
      assert.deepStrictEqual(restored, [["undo", "start"], ["redo", "after"]])
      yield* HistoryTracker.undo
      assert.deepStrictEqual(restored.at(-1), ["undo", "elsewhere"])
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("undoPromise and redoPromise are for code without Effect", () =>
    Effect.gen(function*() {
      const tracker = yield* HistoryTracker
      yield* write("a/1", "1")
      const [undone, redone] = yield* Effect.promise(
        async () => [await tracker.undoPromise(), await tracker.redoPromise()]
      )
      assert.deepStrictEqual([undone!.status, redone!.status], ["undone", "live"])
      const refused = yield* Effect.promise(() => tracker.redoPromise().catch((error) => error.reason._tag))
      assert.strictEqual(refused, "NothingToRedo")
    }).pipe(Effect.provide(app())))

  it.effect("record: false makes no entry, whatever it causes", () =>
    Effect.gen(function*() {
      yield* invoke(Write, { cell: "a/1", value: "1" }, { record: false })
      yield* invoke(Macro, { name: "none" }, { record: false })
      assert.deepStrictEqual((yield* stacks).live, [])
    }).pipe(Effect.provide(app())))

  it.effect("an undo that is interrupted changes all or nothing", () =>
    Effect.gen(function*() {
      yield* HistoryTracker.group("group")(Effect.all([write("a/1", "1"), write("a/2", "2")]))
      const fibers: Array<Fiber.Fiber<unknown, unknown>> = []
      // The first inverse is done when the second one hangs.
      const { faults } = yield* World
      const { observe } = yield* OperationInvoker
      yield* observe((event) => {
        if (event._tag === "Succeeded" && event.origin === "undo") faults.set("write", "never")
      })
      fibers.push(yield* Effect.forkChild(HistoryTracker.undo))
      for (let i = 0; i < 20; i++) yield* Effect.yieldNow
      faults.delete("write")
      yield* Fiber.interrupt(fibers[0]!)
      assert.deepStrictEqual(yield* cells, { "a/1": "1", "a/2": "2" })
      assert.deepStrictEqual(yield* stacks, { live: ["group"], undone: [] })
    }).pipe(Effect.scoped, Effect.provide(app())))

  it.effect("erasing nothing is not undoable and leaves no entry", () =>
    Effect.gen(function*() {
      yield* invoke(Erase, { cell: "none" })
      assert.deepStrictEqual((yield* stacks).live, [])
      assert.deepStrictEqual((yield* HistoryTracker.state).problems, [])
    }).pipe(Effect.provide(app())))

  it.effect("a tracker without a fault has no problems, and a second tracker on one invoker is a defect", () =>
    Effect.gen(function*() {
      const second = yield* Effect.exit(Layer.build(Layer.fresh(HistoryTracker.layer)))
      assert.isTrue(Exit.isFailure(second) && Cause.hasDies(second.cause))
    }).pipe(Effect.scoped, Effect.provide(HistoryTracker.layer.pipe(Layer.provideMerge(bus)))))

  it.effect("what is deleted comes back with its identity, and can be deleted again", () =>
    Effect.gen(function*() {
      const { id } = yield* invoke(Create, { title: "Milk" })
      yield* invoke(Delete, { id })
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, { [id]: "Milk" })
      yield* HistoryTracker.redo
      assert.deepStrictEqual(yield* cells, {})
      yield* HistoryTracker.undo
      yield* HistoryTracker.undo
      assert.deepStrictEqual(yield* cells, {})
    }).pipe(Effect.provide(app())))
})
