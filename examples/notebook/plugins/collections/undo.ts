/**
 * How changes of collections are taken back.
 */
import { Effect, Layer } from "effect"
import { UndoMapping } from "opbus"
import { DatabaseService, getCollection } from "../../DatabaseService.ts"
import { CreateCollection, DeleteCollection, RestoreCollection } from "./operations.ts"

export const CollectionsUndo = Layer.mergeAll(
  UndoMapping.make({
    operation: CreateCollection,
    inverse: DeleteCollection,
    deriveContext: (_input, { id }) => ({ id }),
    redo: (input, { id }) => ({ ...input, id }),
    touches: (_input, { id }) => [id],
    message: ({ name }) => `Create collection "${name}"`
  }).toLayer,
  UndoMapping.make({
    capture: ({ id }) =>
      Effect.gen(function*() {
        const db = yield* DatabaseService
        const collection = yield* getCollection(id)
        const notes = yield* db.query({ type: "note", collection: id })
        return { collection, notes: notes.map((note) => note.id) }
      }),
    operation: DeleteCollection,
    inverse: RestoreCollection,
    deriveContext: (_input, _output, before) => before,
    touches: ({ id }) => [id],
    message: () => "Delete a collection"
  }).toLayer
)
