/**
 * What can be done with collections. Notes are moved between them by `note.move`.
 */
import { Schema } from "effect"
import { Operation, OperationGroup } from "opbus"
import { Collection, CollectionNotFound, DatabaseError } from "../../model.ts"
import { oneAtATime } from "../notes/operations.ts"

export class CreateCollection extends Operation.make({
  meta: { key: "collection.create", label: "Create collection" },
  input: Schema.Struct({
    name: Schema.String.check(Schema.isNonEmpty()),
    /** A new one when it is left out. */
    id: Schema.optionalKey(Schema.String)
  }),
  output: Schema.Struct({ id: Schema.String }),
  error: DatabaseError,
  concurrency: oneAtATime
}) {}

export class DeleteCollection extends Operation.make({
  meta: {
    key: "collection.delete",
    label: "Delete collection",
    description: "The notes in it stay, in no collection."
  },
  input: Schema.Struct({ id: Schema.String }),
  error: Schema.Union([CollectionNotFound, DatabaseError]),
  concurrency: oneAtATime
}) {}

export class RestoreCollection extends Operation.make({
  meta: {
    key: "collection.restore",
    label: "Restore collection",
    description: "Puts a collection back, with its notes."
  },
  input: Schema.Struct({ collection: Collection, notes: Schema.Array(Schema.String) }),
  error: DatabaseError,
  concurrency: oneAtATime
}).annotate(Operation.Idempotent, true) {}

export class ListCollections extends Operation.make({
  meta: { key: "collection.list", label: "List collections" },
  output: Schema.Array(Schema.Struct({ id: Schema.String, name: Schema.String, notes: Schema.Int })),
  error: DatabaseError
}).annotate(Operation.Readonly, true) {}

export const Collections = OperationGroup.make(CreateCollection, DeleteCollection, RestoreCollection, ListCollections)
