/**
 * Notes from a folder of Markdown files.
 */
import { Schema } from "effect"
import { Operation, OperationGroup } from "opbus"
import { DatabaseError, FolderChanged, FolderNotReadable } from "../../model.ts"
import { oneAtATime } from "../notes/operations.ts"

export const ImportProgress = Schema.Struct({ done: Schema.Int, total: Schema.Int })

/**
 * One action, however many files there are. Which ids the notes get follows from the collection's id and the paths of the
 * files, so that importing again into the same collection gives the same notes.
 */
export class ImportFolder extends Operation.make({
  meta: {
    key: "import.folder",
    label: "Import folder",
    description: "Makes a collection of the Markdown files in a folder."
  },
  input: Schema.Struct({
    folder: Schema.String,
    /** The name of the collection; that of the folder when it is left out. */
    name: Schema.optionalKey(Schema.String),
    /** The id of the collection; a new one when it is left out. */
    collection: Schema.optionalKey(Schema.String),
    /** What the folder has to contain still: the `sha256` of an earlier import. */
    sha256: Schema.optionalKey(Schema.String)
  }),
  output: Schema.Struct({
    folder: Schema.String,
    name: Schema.String,
    collection: Schema.String,
    notes: Schema.Array(Schema.String),
    characters: Schema.Int,
    /** Files that are too large or cannot be read. */
    skipped: Schema.Int,
    sha256: Schema.String
  }),
  error: Schema.Union([FolderNotReadable, FolderChanged, DatabaseError]),
  progress: ImportProgress,
  concurrency: oneAtATime
}) {}

export class DiscardImport extends Operation.make({
  meta: {
    key: "import.discard",
    label: "Discard import",
    description: "Removes a collection and the notes imported into it."
  },
  input: Schema.Struct({ collection: Schema.String, notes: Schema.Array(Schema.String) }),
  error: DatabaseError,
  concurrency: oneAtATime
}).annotate(Operation.Idempotent, true) {}

export const Import = OperationGroup.make(ImportFolder, DiscardImport)
