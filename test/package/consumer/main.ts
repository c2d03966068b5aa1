/** What a user writes against the published package; run by scripts/package.ts in an empty project. */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { HistoryTracker, Operation, OperationInvoker, OperationRegistry, UndoMapping } from "opbus"
import { UndoRegistry } from "opbus/history/UndoRegistry"

const notes = new Map<string, string>()

class Create extends Operation.make({
  meta: { key: "note.create" },
  input: Schema.Struct({ title: Schema.String }),
  output: Schema.Struct({ id: Schema.String })
}) {}

class Remove extends Operation.make({
  meta: { key: "note.remove" },
  input: Schema.Struct({ id: Schema.String }),
  output: Schema.Void
}) {}

const plugin = Layer.mergeAll(
  Create.toLayer(({ title }) =>
    Effect.sync(() => {
      const id = String(notes.size)
      notes.set(id, title)
      return { id }
    })
  ),
  Remove.toLayer(({ id }) => Effect.sync(() => void notes.delete(id))),
  UndoMapping.make({ operation: Create, inverse: Remove, deriveContext: (_, { id }) => ({ id }) }).toLayer
)

const bus = HistoryTracker.layer.pipe(
  Layer.provideMerge(OperationInvoker.layer),
  Layer.provideMerge(Layer.merge(OperationRegistry.layer, UndoRegistry.layer))
)

const program = Effect.gen(function*() {
  const { id } = yield* OperationInvoker.invoke(Create, { title: "Bees" })
  if (notes.get(id) !== "Bees") return yield* Effect.die(new Error("the note is not there"))
  yield* HistoryTracker.undo
  if (notes.size > 0) return yield* Effect.die(new Error("the note is still there"))
  yield* Console.log("ok")
})

await Effect.runPromise(Effect.provide(program, plugin.pipe(Layer.provideMerge(bus))))
