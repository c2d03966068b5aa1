/**
 * What can be done with notes.
 */
import { Schema } from "effect"
import { Operation, OperationGroup } from "opbus"
import { CollectionNotFound, DatabaseError, Note, NoteChanged, NoteNotFound } from "../../model.ts"

/** Everything that changes notes takes turns, so that no two changes of one note cross each other. */
export const oneAtATime = { serialBy: () => "notebook", lane: "notebook" }

const id = Schema.String
const title = Schema.String.check(Schema.isNonEmpty())

/** For who types: what goes on in one field, from entering it to leaving it. */
const typed = {
  /** The `fingerprintOf` what is replaced: when that is something else by now, the change fails. */
  replaces: Schema.optionalKey(Schema.String),
  /** Changes with the same mark, a few seconds apart, are one step of undo. */
  typing: Schema.optionalKey(Schema.String)
}

export class CreateNote extends Operation.make({
  meta: { key: "note.create", label: "Create note" },
  input: Schema.Struct({
    title,
    body: Schema.optionalKey(Schema.String),
    tags: Schema.optionalKey(Schema.Array(Schema.String)),
    collection: Schema.optionalKey(Schema.String),
    /** A new one when it is left out. */
    id: Schema.optionalKey(Schema.String)
  }),
  output: Schema.Struct({ id }),
  error: Schema.Union([CollectionNotFound, DatabaseError]),
  concurrency: oneAtATime
}) {}

export class RenameNote extends Operation.make({
  meta: { key: "note.rename", label: "Rename note" },
  input: Schema.Struct({ id, title, ...typed }),
  error: Schema.Union([NoteNotFound, NoteChanged, DatabaseError]),
  concurrency: oneAtATime
}).annotate(Operation.Idempotent, true) {}

export class WriteNote extends Operation.make({
  meta: { key: "note.write", label: "Write note", description: "Replaces the text of a note." },
  input: Schema.Struct({ id, body: Schema.String, ...typed }),
  error: Schema.Union([NoteNotFound, NoteChanged, DatabaseError]),
  concurrency: oneAtATime
}).annotate(Operation.Idempotent, true) {}

export class TagNote extends Operation.make({
  meta: { key: "note.tag", label: "Tag note" },
  input: Schema.Struct({
    id,
    add: Schema.optionalKey(Schema.Array(Schema.String)),
    remove: Schema.optionalKey(Schema.Array(Schema.String))
  }),
  /** What did change: a tag that was there already is not added. */
  output: Schema.Struct({ added: Schema.Array(Schema.String), removed: Schema.Array(Schema.String) }),
  error: Schema.Union([NoteNotFound, DatabaseError]),
  concurrency: oneAtATime
}).annotate(Operation.Idempotent, true) {}

export class MoveNote extends Operation.make({
  meta: { key: "note.move", label: "Move note", description: "Moves a note to a collection, or out of all of them." },
  input: Schema.Struct({ id, collection: Schema.NullOr(Schema.String) }),
  error: Schema.Union([NoteNotFound, CollectionNotFound, DatabaseError]),
  concurrency: oneAtATime
}).annotate(Operation.Idempotent, true) {}

export class MergeNotes extends Operation.make({
  meta: { key: "note.merge", label: "Merge notes", description: "Appends notes to another one and deletes them." },
  input: Schema.Struct({ into: id, from: Schema.Array(id).check(Schema.isNonEmpty()) }),
  error: Schema.Union([NoteNotFound, DatabaseError]),
  concurrency: oneAtATime
}) {}

export class DeleteNotes extends Operation.make({
  meta: { key: "note.delete", label: "Delete notes" },
  input: Schema.Struct({ ids: Schema.Array(id).check(Schema.isNonEmpty()) }),
  error: Schema.Union([NoteNotFound, DatabaseError]),
  concurrency: oneAtATime
}) {}

export class RestoreNotes extends Operation.make({
  meta: { key: "note.restore", label: "Restore notes", description: "Puts notes back as they were." },
  input: Schema.Struct({ notes: Schema.Array(Note) }),
  error: DatabaseError,
  concurrency: oneAtATime
}).annotate(Operation.Idempotent, true) {}

export class ReadNote extends Operation.make({
  meta: { key: "note.read", label: "Read note" },
  input: Schema.Struct({ id }),
  output: Note,
  error: Schema.Union([NoteNotFound, DatabaseError])
}).annotate(Operation.Readonly, true) {}

export class FindNotes extends Operation.make({
  meta: { key: "note.find", label: "Find notes" },
  input: Schema.Struct({
    text: Schema.optionalKey(Schema.String),
    tag: Schema.optionalKey(Schema.String),
    collection: Schema.optionalKey(Schema.NullOr(Schema.String)),
    limit: Schema.optionalKey(Schema.Int)
  }),
  output: Schema.Array(Schema.Struct({
    id,
    title: Schema.String,
    tags: Schema.Array(Schema.String),
    collection: Schema.NullOr(Schema.String),
    source: Schema.NullOr(Schema.String),
    characters: Schema.Int
  })),
  error: DatabaseError
}).annotate(Operation.Readonly, true) {}

export class Fingerprint extends Operation.make({
  meta: { key: "notebook.fingerprint", label: "Fingerprint", description: "A hash over everything in the notebook." },
  output: Schema.Struct({ sha256: Schema.String, notes: Schema.Int, collections: Schema.Int, tags: Schema.Int }),
  error: DatabaseError
}).annotate(Operation.Readonly, true) {}

export const Notes = OperationGroup.make(
  CreateNote,
  RenameNote,
  WriteNote,
  TagNote,
  MoveNote,
  MergeNotes,
  DeleteNotes,
  RestoreNotes,
  ReadNote,
  FindNotes,
  Fingerprint
)
