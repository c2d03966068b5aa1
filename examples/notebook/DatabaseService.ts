/**
 * Where a notebook keeps its objects. Handlers know only this tag: which database is behind it is decided by the layer.
 */
import { Context, Effect } from "effect"
import {
  type Collection,
  CollectionNotFound,
  type DatabaseError,
  type Note,
  type NotebookObject,
  NoteNotFound
} from "./model.ts"

export interface NoteFilter {
  readonly type: "note"
  readonly ids?: ReadonlyArray<string> | undefined
  /** Text that the title or the body contains, in upper or lower case. */
  readonly text?: string | undefined
  readonly tag?: string | undefined
  /** An id, or `null` for notes that are in no collection. */
  readonly collection?: string | null | undefined
  readonly limit?: number | undefined
}

export interface CollectionFilter {
  readonly type: "collection"
  readonly ids?: ReadonlyArray<string> | undefined
}

export type Filter = NoteFilter | CollectionFilter

export type ObjectOf<F extends Filter> = Extract<NotebookObject, { readonly type: F["type"] }>

export class DatabaseService extends Context.Service<DatabaseService, {
  /** Adds objects. One whose id is there already is replaced. */
  readonly add: (...objects: ReadonlyArray<NotebookObject>) => Effect.Effect<void, DatabaseError>
  /** The objects that a filter selects, in the order of their ids. */
  readonly query: <const F extends Filter>(filter: F) => Effect.Effect<ReadonlyArray<ObjectOf<F>>, DatabaseError>
  /** Adds and removes objects as one change: all of it is kept, or nothing. */
  readonly change: (changes: {
    readonly add?: ReadonlyArray<NotebookObject> | undefined
    readonly remove?: ReadonlyArray<string> | undefined
  }) => Effect.Effect<void, DatabaseError>
}>()("notebook/DatabaseService") {}

export const getNote = (id: string): Effect.Effect<Note, NoteNotFound | DatabaseError, DatabaseService> =>
  Effect.flatMap(
    DatabaseService.use((db) => db.query({ type: "note", ids: [id] })),
    ([note]) => note === undefined ? Effect.fail(new NoteNotFound({ id })) : Effect.succeed(note)
  )

export const getCollection = (
  id: string
): Effect.Effect<Collection, CollectionNotFound | DatabaseError, DatabaseService> =>
  Effect.flatMap(
    DatabaseService.use((db) => db.query({ type: "collection", ids: [id] })),
    ([collection]) =>
      collection === undefined ? Effect.fail(new CollectionNotFound({ id })) : Effect.succeed(collection)
  )
