/**
 * How collections are made, deleted and put back.
 */
import { Effect } from "effect"
import { DatabaseService, getCollection } from "../../DatabaseService.ts"
import { makeId } from "../../model.ts"
import { Collections } from "./operations.ts"

export const CollectionsHandlers = Collections.toLayer({
  "collection.create": ({ id, name }) =>
    Effect.gen(function*() {
      const db = yield* DatabaseService
      const collection = { type: "collection" as const, id: id ?? (yield* makeId), name }
      yield* db.add(collection)
      return { id: collection.id }
    }),

  "collection.delete": ({ id }) =>
    Effect.gen(function*() {
      const db = yield* DatabaseService
      yield* getCollection(id)
      const notes = yield* db.query({ type: "note", collection: id })
      yield* db.change({ add: notes.map((note) => ({ ...note, collection: null })), remove: [id] })
    }),

  "collection.restore": ({ collection, notes }) =>
    Effect.gen(function*() {
      const db = yield* DatabaseService
      const inside = yield* db.query({ type: "note", ids: notes })
      yield* db.change({ add: [collection, ...inside.map((note) => ({ ...note, collection: collection.id }))] })
    }),

  "collection.list": () =>
    Effect.gen(function*() {
      const db = yield* DatabaseService
      const collections = yield* db.query({ type: "collection" })
      return yield* Effect.forEach(collections, ({ id, name }) =>
        Effect.map(db.query({ type: "note", collection: id }), (notes) => ({ id, name, notes: notes.length })))
    })
})
