import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer, Schema } from "effect"
import { CurrentActor, HistoryTracker, invoke, Opbus, Operation, UndoMapping } from "opbus"
import { HistoryEntryMessage } from "opbus/protocol"
import { groupsOf, select } from "../../../src/devtools/page/history/groups.ts"
import { explain, planUndo } from "../../../src/devtools/page/history/plan.ts"
import { chosenIn, queryOf } from "../../../src/devtools/page/history/selection.ts"

const Do = Operation.make({
  meta: { key: "do" },
  input: Schema.Struct({
    name: Schema.String,
    scopes: Schema.Array(Schema.String),
    touches: Schema.Array(Schema.String)
  })
})

const Undo = Operation.make({ meta: { key: "take-back" }, input: Schema.String })

const App = Layer.mergeAll(
  Do.toLayer(() => Effect.void),
  Undo.toLayer(() => Effect.void),
  UndoMapping.make({
    operation: Do,
    inverse: Undo,
    deriveContext: ({ name }) => name,
    scope: ({ scopes }) => scopes,
    touches: ({ touches }) => touches,
    message: ({ name }) => name
  }).toLayer
).pipe(Layer.provideMerge(Opbus.layer))

const as = (actor: string | null) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  actor === null ? effect : Effect.provideService(effect, CurrentActor, actor)

const done = (actor: string | null, name: string, scopes: ReadonlyArray<string>, touches: ReadonlyArray<string> = []) =>
  as(actor)(invoke(Do, { name, scopes, touches }))

const entriesNow = Effect.map(HistoryTracker.allEntries, (entries) => entries.map(HistoryEntryMessage.fromEntry))

/** A random choice that can be made again. */
const random = (seed: number) => () => {
  seed = (seed * 1664525 + 1013904223) >>> 0
  return seed / 2 ** 32
}

describe("what an undo will take back", () => {
  it.effect(
    "is what the tracker then takes back, and stops where the tracker stops: 300 random histories",
    () =>
      Effect.gen(function*() {
        const seen = { all: 0, Blocked: 0, Conflict: 0 }
        for (let seed = 1; seed <= 300; seed++) {
          yield* Effect.gen(function*() {
            const next = random(seed)
            const pick = <A>(choices: ReadonlyArray<A>): A => choices[Math.floor(next() * choices.length)]!
            const some = (names: ReadonlyArray<string>) => names.filter(() => next() < 0.4)
            for (let i = 0; i < 12; i++) {
              const actor = pick(["ann", "bob", null])
              const scopes = some(["a", "b", "c"])
              if (next() < 0.15) yield* Effect.ignore(as(actor)(HistoryTracker.undo))
              else if (next() < 0.1) yield* Effect.ignore(as(actor)(HistoryTracker.redo))
              else yield* done(actor, `${seed}.${i}`, scopes.length === 0 ? [""] : scopes, some(["x", "y", "z"]))
            }
            const entries = yield* entriesNow
            const live = entries.filter(({ status }) => status === "live")
            if (live.length === 0) return
            const target = pick(live)
            const scope = next() < 0.3 ? undefined : pick(target.scopes)
            const plan = planUndo(entries, scope, target)!
            const history = yield* HistoryTracker
            const exit = yield* as(target.actor ?? null)(
              Effect.exit((scope === undefined ? history : history.scope(scope)).undoTo(target.id))
            )
            const failure = exit._tag === "Failure" ? Cause.squash(exit.cause) as any : undefined
            const undone = exit._tag === "Success" ? exit.value : failure.undone
            const at = `seed ${seed}`
            assert.deepStrictEqual(plan.takesBack.map(({ id }) => id), undone.map(({ id }: { id: string }) => id), at)
            assert.strictEqual(plan.stopsAt?._tag, failure?.reason._tag, at)
            if (plan.stopsAt?._tag === "Blocked") {
              assert.deepStrictEqual(plan.stopsAt.scopes.toSorted(), failure.reason.scopes.toSorted(), at)
            }
            if (plan.stopsAt?._tag === "Conflict") {
              assert.isTrue(plan.stopsAt.touches.every((name) => plan.stopsAt!.entry.touches.includes(name)), at)
              assert.include(explain(plan.stopsAt), plan.stopsAt.by.message)
            }
            seen[plan.stopsAt?._tag ?? "all"]++
          }).pipe(Effect.provide(Layer.fresh(App)))
        }
        for (const [kind, count] of Object.entries(seen)) assert.isAbove(count, 10, kind)
      }),
    60_000
  )

  it.effect("H13: an entry of two documents is blocked in one by what stands above it in the other, in words", () =>
    Effect.gen(function*() {
      yield* done("ann", "Move the note", ["inbox", "archive"])
      yield* done("ann", "Rename the archive", ["archive"])
      const entries = yield* entriesNow
      const plan = planUndo(entries, "inbox", entries[0]!)!
      assert.deepStrictEqual(plan.takesBack, [])
      assert.strictEqual(
        explain(plan.stopsAt!),
        "“Move the note” cannot be taken back from here: it also changed “archive”, where “Rename the archive” stands above it. Undo that first, or undo in all scopes."
      )
      assert.deepStrictEqual(planUndo(entries, undefined, entries[0]!)!.takesBack.map(({ message }) => message), [
        "Rename the archive",
        "Move the note"
      ])
    }).pipe(Effect.provide(App)))

  it.effect("H14: names who changed the same thing later", () =>
    Effect.gen(function*() {
      yield* done("ann", "Set the title", ["ann"], ["note-1"])
      yield* done(null, "Clean up", [""], ["note-1", "note-2"])
      const entries = yield* entriesNow
      assert.strictEqual(
        explain(planUndo(entries, undefined, entries[0]!)!.stopsAt!),
        "“Set the title” cannot be taken back: “Clean up” by somebody else changed “note-1” later. It has to be undone first."
      )
    }).pipe(Effect.provide(App)))

  it.effect("is nothing for an entry that is undone or stands in another scope", () =>
    Effect.gen(function*() {
      yield* done("ann", "one", ["a"])
      yield* done("ann", "two", ["a"])
      yield* as("ann")(HistoryTracker.undo)
      const entries = yield* entriesNow
      assert.isUndefined(planUndo(entries, undefined, entries[1]!))
      assert.isUndefined(planUndo(entries, "b", entries[0]!))
    }).pipe(Effect.provide(App)))
})

describe("who has a history, and where", () => {
  it.effect("actors come by name, nobody last; scopes in the order of their first entries", () =>
    Effect.gen(function*() {
      yield* done("bob", "1", ["b", "a"])
      yield* done("ann", "2", ["a"])
      yield* done(null, "3", [""])
      yield* done("bob", "4", ["a"])
      yield* as("bob")(HistoryTracker.undo)
      const entries = yield* entriesNow
      assert.deepStrictEqual(groupsOf(entries), [
        { actor: "ann", live: 1, undone: 0, scopes: [{ scope: "a", live: 1, undone: 0 }] },
        {
          actor: "bob",
          live: 1,
          undone: 1,
          scopes: [{ scope: "b", live: 1, undone: 0 }, { scope: "a", live: 1, undone: 1 }]
        },
        { actor: null, live: 1, undone: 0, scopes: [{ scope: "", live: 1, undone: 0 }] }
      ])
      assert.deepStrictEqual(select(entries, "bob", "a").map(({ message }) => message), ["1", "4"])
      assert.deepStrictEqual(select(entries, undefined, "a").map(({ message }) => message), ["1", "2", "4"])
    }).pipe(Effect.provide(App)))

  it("counts of the server hold where entries were left out, also of who has none left in the list", () => {
    const groups = groupsOf([], [{ actor: "ann", undoCount: 2_500, redoCount: 3 }])
    assert.deepStrictEqual(groups, [{ actor: "ann", live: 2_500, undone: 3, scopes: [] }])
  })

  it("a selection survives in the address, whatever actors and scopes are called", () => {
    const groups = groupsOf([], [
      { actor: "a", undoCount: 1, redoCount: 0 },
      { actor: "b", undoCount: 1, redoCount: 0 }
    ])
    for (const actor of ["", "__proto__", "a&scope=x", "everybody", null, undefined]) {
      for (const scope of ["", "a/b?c#d", undefined]) {
        const query = new URLSearchParams(new URLSearchParams(queryOf(actor, scope)).toString())
        assert.deepStrictEqual(chosenIn(query, groups), { actor, scope })
      }
    }
    const nothing = new URLSearchParams()
    assert.deepStrictEqual(chosenIn(nothing, groups), { actor: undefined, scope: undefined })
    assert.deepStrictEqual(chosenIn(nothing, groups.slice(1)), { actor: "b", scope: undefined })
  })
})
