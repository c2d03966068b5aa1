import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { HistoryTracker, invoke } from "opbus"
import { DevtoolsOperations as Tools } from "opbus/devtools"
import { CurrentActor } from "opbus/operation/Invocation"
import { Cells, connect, failureOf, follow, serve, Write, WriteFailed } from "./support/kit.ts"

const as = (actor: string | undefined) => Effect.provideService(CurrentActor, actor)
const write = (name: string, value: string) => invoke(Write, { name, value })

it.live("the history of all actors comes at once, and again after every change", () =>
  Effect.gen(function*() {
    const server = yield* serve()
    yield* server.run(write("a/1", "1"))
    const tools = yield* connect(server.port, "tools")
    const history = yield* follow(tools, Tools.History)
    const first = yield* history.first
    assert.deepStrictEqual(first.actors, [{ actor: null, undoCount: 1, redoCount: 0 }])
    assert.deepInclude(first, { enabled: true, scopes: ["a"], total: 1, busy: false, problems: [] })
    assert.deepInclude(first.entries[0], { message: "a/1=1", key: "cell.write", status: "live", scopes: ["a"] })
    yield* server.run(as("ann")(write("b/1", "2")))
    const second = yield* history.until(({ total }) => total === 2, "the entry of ann")
    assert.deepStrictEqual(second.actors, [
      { actor: null, undoCount: 1, redoCount: 0 },
      { actor: "ann", undoCount: 1, redoCount: 0 }
    ])
    assert.deepStrictEqual(second.scopes, ["a", "b"])
  }).pipe(Effect.scoped))

it.live("undo, redo and undo-to-here act for the actor that was chosen, in its scope, and for nobody else", () =>
  Effect.gen(function*() {
    const server = yield* serve()
    const tools = yield* connect(server.port, "tools")
    yield* server.run(Effect.gen(function*() {
      yield* as("ann")(write("a/1", "1"))
      yield* as("ann")(write("a/2", "2"))
      yield* as("ann")(write("b/1", "3"))
      yield* as("bob")(write("c/1", "4"))
    }))
    const { values } = yield* server.run(Cells)
    const peek = yield* tools.invoke(Tools.Peek, { actor: "ann", scope: "a" }, {})
    assert.deepInclude(peek, { blocked: null, redoMessage: null })
    assert.strictEqual(peek.undo?.message, "a/2=2")
    const undone = yield* tools.invoke(Tools.Undo, { actor: "ann", scope: "a" }, {})
    assert.deepInclude(undone, { message: "a/2=2", status: "undone", actor: "ann" })
    assert.deepStrictEqual(Object.fromEntries(values), { "a/1": "1", "b/1": "3", "c/1": "4" })
    assert.strictEqual((yield* tools.invoke(Tools.Peek, { actor: "ann", scope: "a" }, {})).redoMessage, "a/2=2")
    yield* tools.invoke(Tools.Redo, { actor: "ann", scope: "a" }, {})
    const entries = yield* server.run(as("ann")(HistoryTracker.entries))
    const all = yield* tools.invoke(Tools.UndoTo, { actor: "ann", entryId: entries[0]!.id }, {})
    assert.deepStrictEqual(all.map(({ message }) => message), ["a/2=2", "b/1=3", "a/1=1"])
    assert.deepStrictEqual(Object.fromEntries(values), { "c/1": "4" })
    // Nothing of it is an entry of the devtools' own actor.
    assert.deepStrictEqual(yield* server.run(as("devtools")(HistoryTracker.entries)), [])
  }).pipe(Effect.scoped))

it.live("why it could not is one line with the tag, and says how far it came", () =>
  Effect.gen(function*() {
    const server = yield* serve()
    const tools = yield* connect(server.port, "tools")
    const nothing = yield* failureOf(tools.invoke(Tools.Undo, { actor: "ann" }, {}))
    assert.deepInclude(nothing, { _tag: "HistoryFailed", reason: "NothingToUndo", undone: 0 })
    assert.strictEqual(nothing.message, "There is nothing to undo.")
    yield* server.run(as("ann")(write("a/1", "ann")))
    yield* server.run(as("bob")(write("a/1", "bob")))
    const conflict = yield* failureOf(tools.invoke(Tools.Undo, { actor: "ann" }, {}))
    assert.strictEqual(conflict.reason, "Conflict")
    assert.match(conflict.message, /^"a\/1=bob" by bob changed "a\/1" later/)
    assert.match((yield* tools.invoke(Tools.Peek, { actor: "ann" }, {})).blocked!, /^"a\/1=bob" by bob/)
    const unknown = yield* failureOf(tools.invoke(Tools.UndoTo, { actor: "ann", entryId: "__proto__" }, {}))
    assert.strictEqual(unknown.reason, "NotUndoable")
    // Two steps back work, the third fails.
    yield* server.run(as("cem")(write("x/1", "1")))
    yield* server.run(as("cem")(write("x/2", "2")))
    const entries = yield* server.run(as("cem")(HistoryTracker.entries))
    const cells = yield* server.run(Cells)
    cells.failNext = new WriteFailed({ secret: "s3cret" })
    const failed = yield* failureOf(tools.invoke(Tools.UndoTo, { actor: "cem", entryId: entries[0]!.id }, {}))
    assert.deepInclude(failed, { reason: "InverseFailed", undone: 0 })
    // I8: its message would have said the secret.
    assert.strictEqual(
      failed.message,
      "\"cell.write\" failed: WriteFailed. Nothing was changed; try again when the cause is gone."
    )
  }).pipe(Effect.scoped))

it.live("undo from the devtools is no call from inside a handler, and two at once undo two entries (H5)", () =>
  Effect.gen(function*() {
    const server = yield* serve()
    const tools = yield* connect(server.port, "tools")
    for (const i of [1, 2, 3]) yield* server.run(write(`a/${i}`, String(i)))
    const undone = yield* Effect.all(
      [tools.invoke(Tools.Undo, { actor: null }, {}), tools.invoke(Tools.Undo, { actor: null }, {})],
      { concurrency: "unbounded" }
    )
    assert.deepStrictEqual(undone.map(({ message }) => message).toSorted(), ["a/2=2", "a/3=3"])
    assert.deepStrictEqual(Object.fromEntries((yield* server.run(Cells)).values), { "a/1": "1" })
  }).pipe(Effect.scoped))

it.live("of a long history the newest 2,000 entries come, seldom enough", () =>
  Effect.gen(function*() {
    const server = yield* serve()
    yield* server.run(Effect.forEach(Array.from({ length: 2_100 }, (_, i) => i), (i) => write(`a/${i}`, "1")))
    yield* server.run(Effect.forEach(["1", "2"], (value) => as("ann")(write("z/1", value))))
    const tools = yield* connect(server.port, "tools")
    const history = yield* follow(tools, Tools.History)
    const first = yield* history.first
    assert.strictEqual(first.total, 2_102)
    assert.strictEqual(first.entries.length, 2_000)
    assert.strictEqual(first.entries.at(-1)?.message, "z/1=2")
    assert.strictEqual(first.entries[0]?.message, "a/102=1")
    const since = Date.now()
    for (let i = 0; i < 30; i++) {
      yield* server.run(write(`b/${i}`, "1"))
      yield* Effect.sleep("20 millis")
    }
    yield* history.until(({ total }) => total === 2_132, "all of them")
    assert.isAtMost(history.seen.length, 2 + Math.ceil((Date.now() - since) / 500))
  }).pipe(Effect.scoped))

it.live("an application without a history says so", () =>
  Effect.gen(function*() {
    const { OperationInvoker, OperationRegistry } = yield* Effect.promise(() => import("opbus/operation"))
    const { Layer } = yield* Effect.promise(() => import("effect"))
    const server = yield* serve({
      app: OperationInvoker.layer.pipe(Layer.provideMerge(OperationRegistry.layer)) as never
    })
    const tools = yield* connect(server.port, "tools")
    assert.deepInclude(yield* (yield* follow(tools, Tools.History)).first, { enabled: false, entries: [] })
    assert.deepInclude(yield* (yield* follow(tools, Tools.Remote)).first, {
      hasOutbox: false,
      hasDeployments: false,
      problems: []
    })
    assert.deepInclude(yield* (yield* follow(tools, Tools.Services)).first, {
      enabled: false,
      services: [],
      pressure: null
    })
    assert.deepStrictEqual((yield* (yield* follow(tools, Tools.Catalogue)).first).operations.length, 1)
    assert.strictEqual((yield* failureOf(tools.invoke(Tools.Undo, { actor: null }, {}))).reason, "NoHistory")
    assert.strictEqual((yield* failureOf(tools.invoke(Tools.RetryDeadLetter, { id: "1" }, {}))).reason, "Absent")
    assert.strictEqual((yield* failureOf(tools.invoke(Tools.Reopen, { service: "x" }, {}))).reason, "Absent")
  }).pipe(Effect.scoped))
