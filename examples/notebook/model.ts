/**
 * What a notebook consists of, and what can go wrong with it.
 */
import { Effect, Schema } from "effect"

export const Note = Schema.Struct({
  type: Schema.Literal("note"),
  id: Schema.String,
  title: Schema.String,
  body: Schema.String,
  /** Sorted, each one once. */
  tags: Schema.Array(Schema.String),
  /** The id of the collection that the note is in. */
  collection: Schema.NullOr(Schema.String),
  /** The file that the note was imported from. */
  source: Schema.NullOr(Schema.String)
}).annotate({ identifier: "Note" })
export type Note = typeof Note.Type

export const Collection = Schema.Struct({
  type: Schema.Literal("collection"),
  id: Schema.String,
  name: Schema.String
}).annotate({ identifier: "Collection" })
export type Collection = typeof Collection.Type

export type NotebookObject = Note | Collection

export const normalTags = (tags: Iterable<string>): ReadonlyArray<string> => Array.from(new Set(tags)).sort()

/** Tells texts apart: who changes one can say which one it had before it. */
export const fingerprintOf = (text: string): string => {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return `${text.length}-${(hash >>> 0).toString(36)}`
}

export const makeId: Effect.Effect<string> = Effect.sync(() => crypto.randomUUID())

// -----------------------------------------------------------------------------
// errors
// -----------------------------------------------------------------------------

export class NoteNotFound extends Schema.TaggedError<NoteNotFound>()("NoteNotFound", { id: Schema.String }) {
  override get message() {
    return `There is no note with the id "${this.id}".`
  }
}

/** Somebody else has changed what was to be replaced. */
export class NoteChanged extends Schema.TaggedError<NoteChanged>()("NoteChanged", { id: Schema.String }) {
  override get message() {
    return `The note "${this.id}" has changed in the meantime. Read it again, and change what it is now.`
  }
}

export class CollectionNotFound extends Schema.TaggedError<CollectionNotFound>()("CollectionNotFound", {
  id: Schema.String
}) {
  override get message() {
    return `There is no collection with the id "${this.id}".`
  }
}

export class FolderNotReadable extends Schema.TaggedError<FolderNotReadable>()("FolderNotReadable", {
  folder: Schema.String,
  why: Schema.String
}) {
  override get message() {
    return `Cannot import ${this.folder}: ${this.why}.`
  }
}

/** An import that is done again, or undone and redone, has to find what it found the first time. */
export class FolderChanged extends Schema.TaggedError<FolderChanged>()("FolderChanged", { folder: Schema.String }) {
  override get message() {
    return `${this.folder} has changed since it was imported. Import it as it is now instead.`
  }
}

/** The database could not be read or written; nothing of the change was kept. */
export class DatabaseError extends Schema.TaggedError<DatabaseError>()("DatabaseError", { why: Schema.String }) {
  override get message() {
    return this.why
  }
}
