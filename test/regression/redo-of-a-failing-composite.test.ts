import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { HistoryTracker, Opbus, Operation, OperationInvoker, UndoMapping } from "opbus"

// Found by `npm run campaign -- history --seed 5932`.
// A composite with a mapping of its own invokes children. When it is redone, one child succeeds and the next one fails:
// the redo failed, the entry stayed undone, and what the first child had done stayed done, in no entry.

const Put = Operation.make({
  meta: { key: "register.put" },
  input: Schema.Struct({ name: Schema.String, value: Schema.String }),
  output: Schema.Struct({ previous: Schema.String })
})
const PutBoth = Operation.make({
  meta: { key: "register.putBoth" },
  input: Schema.Struct({ value: Schema.String }),
  output: Schema.Struct({ previous: Schema.Array(Schema.String) }),
  error: Schema.Literal("unlucky")
})
const RestoreBoth = Operation.make({
  meta: { key: "register.restoreBoth" },
  input: Schema.Struct({ values: Schema.Array(Schema.String) })
})

it.effect("H4: a redo of a composite that fails half-way takes back what its children did", () => {
  const registers: Record<string, string> = { a: "", b: "" }
  let unlucky = false
  const plugin = Layer.mergeAll(
    Put.toLayer(({ name, value }) =>
      Effect.sync(() => {
        const previous = registers[name]!
        registers[name] = value
        return { previous }
      })
    ),
    PutBoth.toLayer(Effect.gen(function*() {
      const { invoke } = yield* OperationInvoker
      return ({ value }: { readonly value: string }) =>
        Effect.gen(function*() {
          const a = yield* Effect.orDie(invoke(Put, { name: "a", value }))
          if (unlucky) return yield* Effect.fail("unlucky" as const)
          const b = yield* Effect.orDie(invoke(Put, { name: "b", value }))
          return { previous: [a.previous, b.previous] }
        })
    })),
    RestoreBoth.toLayer(({ values: [a, b] }) =>
      Effect.sync(() => {
        Object.assign(registers, { a, b })
      })
    ),
    UndoMapping.make({
      operation: Put,
      inverse: Put,
      deriveContext: ({ name }, { previous }) => ({ name, value: previous })
    }).toLayer,
    UndoMapping.make({
      operation: PutBoth,
      inverse: RestoreBoth,
      deriveContext: (_input, { previous }) => ({ values: previous })
    }).toLayer
  ).pipe(Layer.provideMerge(Opbus.layer))
  return Effect.gen(function*() {
    yield* OperationInvoker.invoke(PutBoth, { value: "x" })
    assert.deepStrictEqual(registers, { a: "x", b: "x" })
    yield* HistoryTracker.undo
    assert.deepStrictEqual(registers, { a: "", b: "" })
    unlucky = true
    const error = yield* Effect.flip(HistoryTracker.redo)
    assert.strictEqual(error.reason._tag, "InverseFailed")
    assert.deepStrictEqual(registers, { a: "", b: "" }, "nothing is half-applied")
    unlucky = false
    yield* HistoryTracker.redo
    assert.deepStrictEqual(registers, { a: "x", b: "x" })
  }).pipe(Effect.provide(plugin))
})
