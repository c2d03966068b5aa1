import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schema, Scope } from "effect"
import { HistoryTracker, invoke, Operation, OperationRegistry, UndoMapping, UndoRegistry } from "opbus"
import { app, as, bus, cells, handlers, mappings, put, reasonOf, stacks, World, Write, write } from "./kit.ts"

describe("scopes, actors and limits", () => {
  it.effect("H9: entries hold snapshots, not live objects", () => {
    const Update = Operation.make({
      meta: { key: "document.update" },
      input: Schema.Struct({ tags: Schema.mutable(Schema.Array(Schema.String)) })
    })
    const document = { tags: ["a", "b"] }
    const plugin = Layer.merge(
      Update.toLayer(({ tags }) =>
        Effect.sync(() => {
          // In place: whoever kept a reference sees it.
          document.tags.length = 0
          document.tags.push(...tags)
        })
      ),
      UndoMapping.make({
        operation: Update,
        capture: () => Effect.sync(() => document),
        inverse: Update,
        deriveContext: (_, __, { tags }) => ({ tags })
      }).toLayer
    )
    return Effect.gen(function*() {
      const input = { tags: ["c"] }
      yield* invoke(Update, input)
      input.tags.push("scribbled")
      yield* HistoryTracker.undo
      assert.deepStrictEqual(document.tags, ["a", "b"])
      yield* HistoryTracker.redo
      assert.deepStrictEqual(document.tags, ["c"])
    }).pipe(Effect.provide(plugin.pipe(Layer.provideMerge(HistoryTracker.layer), Layer.provideMerge(bus))))
  })

  it.effect("H9: the oldest entry goes first, by count, for each actor and scope and in total", () =>
    Effect.gen(function*() {
      for (let i = 1; i <= 4; i++) yield* write("a/x", String(i))
      yield* write("b/x", "1")
      assert.deepStrictEqual((yield* stacks).live, ["a/x=3", "a/x=4", "b/x=1"])
      yield* as("bob")(Effect.all([write("a/y", "1"), write("a/y", "2"), write("b/y", "3")]))
      assert.deepStrictEqual((yield* stacks).live, ["a/x=4", "b/x=1"])
      assert.strictEqual((yield* HistoryTracker.allEntries).length, 5)
      assert.strictEqual((yield* HistoryTracker.state).evicted, 3)
    }).pipe(Effect.provide(app({ limits: { count: 2, totalCount: 5 } }))))

  it.effect("H9: the oldest entry goes first, by bytes, and an entry over the limit is reported", () =>
    Effect.gen(function*() {
      const text = "x".repeat(1_000)
      for (let i = 1; i <= 10; i++) yield* put(`p${i}`, text)
      const state = yield* HistoryTracker.state
      assert.isAtMost(state.bytes, 5_000)
      assert.isAtLeast(state.undoCount, 3)
      yield* put("huge", "x".repeat(4_000))
      const [problem] = (yield* HistoryTracker.state).problems
      assert.deepStrictEqual([problem!.kind, problem!.key], ["TooLarge", "cell.put"])
      assert.strictEqual((yield* HistoryTracker.state).undoCount, state.undoCount)
    }).pipe(Effect.provide(app({ limits: { bytes: 5_000, entryBytes: 3_000 } }))))

  it.effect("H9: evicting what is undone takes what would be redone after it along", () =>
    Effect.gen(function*() {
      for (let i = 1; i <= 3; i++) yield* write("a/x", String(i))
      for (let i = 1; i <= 3; i++) yield* HistoryTracker.undo
      yield* as("bob")(Effect.all([write("b/1", "1"), write("b/2", "2")]))
      const { undone } = yield* stacks
      assert.deepStrictEqual(undone, ["a/x=1", "a/x=2"])
      yield* HistoryTracker.redo
      yield* HistoryTracker.redo
      assert.strictEqual((yield* cells)["a/x"], "2")
    }).pipe(Effect.provide(app({ limits: { totalCount: 4 } }))))

  it.effect("H12: an entry that no longer decodes is reported, skipped and kept, and blocks only what touches the same", () => {
    const key = { key: "counter.set" }
    const Before = Operation.make({ meta: key, input: Schema.Struct({ name: Schema.String, to: Schema.Int }) })
    const After = Operation.make({ meta: key, input: Schema.Struct({ name: Schema.String, to: Schema.String }) })
    return Effect.gen(function*() {
      const registry = yield* OperationRegistry
      const undo = yield* UndoRegistry
      const scope = yield* Scope.Scope
      const old = yield* Scope.fork(scope)
      yield* Effect.provideService(registry.register(Before, () => Effect.void), Scope.Scope, old)
      yield* undo.register(UndoMapping.make({
        operation: Before,
        inverse: Before,
        deriveContext: ({ name, to }) => ({ name, to: to - 1 }),
        touches: ({ name }) => `a/${name}`
      }))
      yield* write("a/x", "1")
      yield* write("a/other", "1")
      yield* invoke(Before, { name: "x", to: 1 })
      yield* Scope.close(old, Exit.void)
      // Gone: passed over, and with it what touches the same resource.
      assert.strictEqual((yield* HistoryTracker.undo).message, "a/other=1")
      const gone = yield* reasonOf(HistoryTracker.undo)
      assert.strictEqual(gone._tag, "Unreadable")
      // Changed: reported as well.
      yield* registry.register(After, () => Effect.void)
      assert.strictEqual((yield* reasonOf(HistoryTracker.undo))._tag, "Unreadable")
      assert.deepStrictEqual((yield* HistoryTracker.state).problems.map(({ kind }) => kind), ["Unreadable"])
      assert.strictEqual((yield* stacks).live.length, 2)
      // Back again: nothing was lost.
      yield* registry.register(Before, () => Effect.void, { override: true })
      assert.strictEqual((yield* HistoryTracker.undo).key, "counter.set")
      assert.strictEqual((yield* HistoryTracker.undo).message, "a/x=1")
    }).pipe(
      Effect.scoped,
      Effect.provide(
        Layer.merge(handlers, mappings).pipe(
          Layer.provideMerge(HistoryTracker.layer),
          Layer.provideMerge(bus),
          Layer.provideMerge(World.layer)
        )
      )
    )
  })

  it.effect("H13: an entry in several scopes can be undone from one only while it is on top of all", () =>
    Effect.gen(function*() {
      yield* HistoryTracker.group("both")(Effect.andThen(write("a/1", "1"), write("b/1", "1")))
      yield* write("b/2", "2")
      const blocked = yield* reasonOf(HistoryTracker.scope("a").undo)
      assert.deepStrictEqual(blocked as unknown, { _tag: "Blocked", scopes: ["b"] })
      assert.isFalse(yield* HistoryTracker.scope("a").canUndo)
      // What another actor has there is not in the way.
      yield* HistoryTracker.scope("b").undo
      yield* as("bob")(write("b/3", "3"))
      assert.strictEqual((yield* HistoryTracker.scope("a").undo).message, "both")
      const redo = yield* reasonOf(HistoryTracker.scope("b").redo.pipe(Effect.andThen(HistoryTracker.scope("c").redo)))
      assert.strictEqual(redo._tag, "NothingToRedo")
    }).pipe(Effect.provide(app())))

  it.effect("H13: redo is blocked the same way", () =>
    Effect.gen(function*() {
      yield* HistoryTracker.group("both")(Effect.andThen(write("a/1", "1"), write("b/1", "1")))
      yield* write("a/2", "2")
      yield* HistoryTracker.undo
      yield* HistoryTracker.undo
      yield* HistoryTracker.scope("a").redo
      yield* HistoryTracker.scope("a").redo
      yield* HistoryTracker.scope("a").undo
      yield* HistoryTracker.scope("b").undo
      assert.deepStrictEqual((yield* stacks).live, [])
      // Undone last: redone first, from whichever scope.
      assert.strictEqual((yield* HistoryTracker.scope("b").redo).message, "both")
    }).pipe(Effect.provide(app())))

  it.effect("H13: redo of an entry in several scopes is blocked by what was undone later in one of them", () =>
    Effect.gen(function*() {
      yield* write("b/2", "2")
      yield* HistoryTracker.group("both")(Effect.andThen(write("a/1", "1"), write("b/1", "1")))
      yield* HistoryTracker.undo
      yield* HistoryTracker.undo
      const blocked = yield* reasonOf(HistoryTracker.scope("a").redo)
      assert.deepStrictEqual(blocked as unknown, { _tag: "Blocked", scopes: ["b"] })
      yield* HistoryTracker.scope("b").redo
      assert.strictEqual((yield* HistoryTracker.scope("a").redo).message, "both")
    }).pipe(Effect.provide(app())))

  it.effect("H13: confirm is asked about an entry that spans scopes", () => {
    const asked: Array<string> = []
    let answer = false
    return Effect.gen(function*() {
      yield* HistoryTracker.group("both")(Effect.andThen(write("a/1", "1"), write("b/1", "1")))
      assert.strictEqual((yield* reasonOf(HistoryTracker.undo))._tag, "Blocked")
      answer = true
      yield* HistoryTracker.undo
      yield* write("a/2", "2")
      yield* HistoryTracker.undo
      assert.deepStrictEqual(asked, ["undo both", "undo both"])
    }).pipe(Effect.provide(app({
      confirm: (entry, direction) =>
        Effect.sync(() => {
          asked.push(`${direction} ${entry.message}`)
          return answer
        })
    })))
  })

  it.effect("H14: undo takes the newest entry of the current actor", () =>
    Effect.gen(function*() {
      yield* as("ann")(write("a/1", "1"))
      yield* as("bob")(write("a/2", "2"))
      assert.strictEqual((yield* as("ann")(HistoryTracker.undo)).message, "a/1=1")
      assert.deepStrictEqual(yield* cells, { "a/2": "2" })
      assert.strictEqual((yield* reasonOf(HistoryTracker.undo))._tag, "NothingToUndo")
    }).pipe(Effect.provide(app())))

  it.effect("H14: undo conflicts with a later live entry of another actor on the same resource", () =>
    Effect.gen(function*() {
      yield* as("ann")(write("a/1", "1"))
      yield* as("bob")(write("a/1", "2"))
      const reason = yield* reasonOf(as("ann")(HistoryTracker.undo))
      assert.isTrue(reason._tag === "Conflict")
      const [entry] = yield* as("bob")(HistoryTracker.entries)
      assert.deepStrictEqual(reason, {
        _tag: "Conflict",
        by: { entryId: entry!.id, actor: "bob", message: "a/1=2", touches: ["a/1"] }
      } as never)
      yield* as("bob")(HistoryTracker.undo)
      yield* as("ann")(HistoryTracker.undo)
      assert.deepStrictEqual(yield* cells, {})
    }).pipe(Effect.provide(app())))

  it.effect("H14: a later entry of one's own, in another scope, does not hide that of another actor", () => {
    const Touch = Operation.make({ meta: { key: "touch" }, input: Schema.Struct({ scope: Schema.String }) })
    const plugin = Layer.merge(
      Touch.toLayer(() => Effect.void),
      UndoMapping.make({
        operation: Touch,
        inverse: Touch,
        deriveContext: (input) => input,
        scope: ({ scope }) => scope,
        touches: () => "shared"
      }).toLayer
    )
    return Effect.gen(function*() {
      yield* as("ann")(invoke(Touch, { scope: "a" }))
      yield* as("bob")(invoke(Touch, { scope: "a" }))
      yield* as("ann")(invoke(Touch, { scope: "b" }))
      assert.strictEqual((yield* reasonOf(as("ann")(HistoryTracker.scope("a").undo)))._tag, "Conflict")
      yield* as("ann")(HistoryTracker.scope("b").undo)
      yield* as("bob")(HistoryTracker.undo)
      yield* as("ann")(HistoryTracker.scope("a").undo)
    }).pipe(Effect.provide(plugin.pipe(Layer.provideMerge(app()))))
  })

  it.effect("H14: without scope and touches nothing is in conflict", () =>
    Effect.gen(function*() {
      yield* as("ann")(put("p", "1"))
      yield* as("bob")(put("q", "2"))
      yield* as("ann")(HistoryTracker.undo)
      assert.deepStrictEqual(yield* cells, { q: "2" })
    }).pipe(Effect.provide(app())))

  it.effect("H14: what an outside change has made impossible is invalidated, live or undone", () =>
    Effect.gen(function*() {
      yield* write("a/1", "1")
      yield* write("a/2", "2")
      yield* write("a/3", "3")
      yield* HistoryTracker.undo
      assert.strictEqual(yield* HistoryTracker.invalidate({ touches: ["a/2", "a/3"] }), 2)
      assert.deepStrictEqual(yield* stacks, { live: ["a/1=1"], undone: [] })
      assert.strictEqual((yield* reasonOf(HistoryTracker.redo))._tag, "NothingToRedo")
      assert.strictEqual((yield* HistoryTracker.undo).message, "a/1=1")
    }).pipe(Effect.provide(app())))

  it.effect("an actor may be given for one call", () =>
    Effect.gen(function*() {
      yield* invoke(Write, { cell: "a/1", value: "1" }, { actor: "ann", origin: "agent" })
      assert.deepStrictEqual((yield* as("ann")(stacks)).live, ["a/1=1"])
    }).pipe(Effect.provide(app())))
})

describe("coalescing", () => {
  const Type = Operation.make({
    meta: { key: "text.type" },
    input: Schema.Struct({ at: Schema.String, text: Schema.String }),
    output: Schema.Struct({ before: Schema.String })
  })
  const SetText = Operation.make({
    meta: { key: "text.set" },
    input: Schema.Struct({ at: Schema.String, text: Schema.String })
  })
  const make = (merge: boolean) => {
    const texts = new Map<string, string>()
    const ran: Array<string> = []
    const layer = Layer.mergeAll(
      Type.toLayer(({ at, text }) =>
        Effect.sync(() => {
          const before = texts.get(at) ?? ""
          texts.set(at, before + text)
          ran.push(`type ${text}`)
          return { before }
        })
      ),
      SetText.toLayer(({ at, text }) =>
        Effect.sync(() => {
          texts.set(at, text)
          ran.push(`set ${text}`)
        })
      ),
      UndoMapping.make({
        operation: Type,
        inverse: SetText,
        deriveContext: ({ at }, { before }) => ({ at, text: before }),
        coalesce: {
          key: ({ at }) => at,
          within: "1 second",
          ...(merge && {
            merge: (
              older: UndoMapping.Coalesced<typeof Type.input.Type, typeof SetText.input.Type>,
              newer: UndoMapping.Coalesced<typeof Type.input.Type, typeof SetText.input.Type>
            ) => ({
              inverseInput: older.inverseInput,
              redoInput: { at: older.redoInput.at, text: older.redoInput.text + newer.redoInput.text }
            })
          })
        }
      }).toLayer
    ).pipe(Layer.provideMerge(HistoryTracker.layer), Layer.provideMerge(bus))
    return { layer, ran, texts }
  }

  for (const merge of [true, false]) {
    it.effect(`typing becomes one entry ${merge ? "that is merged" : "that runs all its steps"}`, () => {
      const { layer, ran, texts } = make(merge)
      return Effect.gen(function*() {
        for (const text of ["a", "b", "c"]) yield* invoke(Type, { at: "x", text })
        assert.strictEqual((yield* HistoryTracker.entries).length, 1)
        ran.length = 0
        yield* HistoryTracker.undo
        assert.strictEqual(texts.get("x"), "")
        yield* HistoryTracker.redo
        assert.strictEqual(texts.get("x"), "abc")
        assert.deepStrictEqual(
          ran,
          merge ? ["set ", "type abc"] : ["set ab", "set a", "set ", "type a", "type b", "type c"]
        )
        yield* HistoryTracker.undo
        assert.strictEqual(texts.get("x"), "")
      }).pipe(Effect.provide(layer))
    })
  }

  it.effect("never across keys, actors, origins, an undo, a group, a break or a pause", () => {
    const { layer } = make(true)
    return Effect.gen(function*() {
      const { TestClock } = yield* Effect.promise(() => import("effect/testing"))
      const type = (at = "x") => invoke(Type, { at, text: "t" })
      const count = Effect.map(HistoryTracker.entries, (entries) => entries.length)
      yield* type()
      yield* type("y")
      assert.strictEqual(yield* count, 2)
      yield* as("ann")(type("y"))
      assert.strictEqual(yield* as("ann")(count), 1)
      yield* type("y")
      assert.strictEqual(yield* count, 2)
      yield* invoke(Type, { at: "y", text: "t" }, { origin: "agent" })
      assert.strictEqual(yield* count, 3)
      yield* HistoryTracker.undo
      yield* HistoryTracker.redo
      yield* invoke(Type, { at: "z", text: "t" })
      yield* HistoryTracker.breakCoalescing
      yield* type("z")
      assert.strictEqual(yield* count, 5)
      yield* HistoryTracker.group("g")(type("z"))
      yield* type("z")
      assert.strictEqual(yield* count, 7)
      yield* TestClock.adjust("2 seconds")
      yield* type("z")
      assert.strictEqual(yield* count, 8)
      yield* TestClock.adjust("1 second")
      yield* type("z")
      assert.strictEqual(yield* count, 8)
    }).pipe(Effect.provide(layer))
  })
})
