import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { HistoryTracker, Opbus, Operation, OperationInvoker, UndoMapping } from "opbus"
import { toObservable } from "opbus/rxjs"
import { distinctUntilChanged, map } from "rxjs"

let mode = "solo"
const SetMode = Operation.make({
  meta: { key: "layout.setMode" },
  input: Schema.String,
  output: Schema.String,
  executionMode: "sync"
})
const Layout = Layer.mergeAll(
  SetMode.toLayer((next) =>
    Effect.sync(() => {
      const before = mode
      mode = next
      return before
    })
  ),
  UndoMapping.make({ operation: SetMode, inverse: SetMode, deriveContext: (_next, before) => before }).toLayer
).pipe(Layer.provideMerge(Opbus.layer))

describe("history changes as an observable", () => {
  it.live("follows undo and redo, and stops when unsubscribed", () =>
    Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      const history = yield* HistoryTracker
      const states: Array<readonly [canUndo: boolean, canRedo: boolean]> = []
      const subscription = toObservable(history.changes).pipe(
        map(({ canRedo, canUndo }): readonly [boolean, boolean] => [canUndo, canRedo]),
        distinctUntilChanged((a, b) => `${a}` === `${b}`)
      ).subscribe((state) => states.push(state))
      const settle = Effect.sleep(2)
      yield* settle
      Effect.runSync(invoke(SetMode, "deck"))
      yield* settle
      yield* history.undo
      yield* settle
      yield* history.redo
      yield* settle
      assert.deepStrictEqual(states.slice(-3), [[true, false], [false, true], [true, false]])
      const count = states.length
      subscription.unsubscribe()
      yield* history.undo
      yield* settle
      assert.strictEqual(states.length, count)
      assert.strictEqual(mode, "solo")
    }).pipe(Effect.provide(Layout)))
})
