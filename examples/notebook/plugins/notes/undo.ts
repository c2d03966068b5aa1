/**
 * How changes of notes are taken back.
 */
import { Layer } from "effect"
import { UndoMapping } from "opbus"
import { DatabaseService, getNote } from "../../DatabaseService.ts"
import {
  CreateNote,
  DeleteNotes,
  MergeNotes,
  MoveNote,
  RenameNote,
  RestoreNotes,
  TagNote,
  WriteNote
} from "./operations.ts"

const capture = ({ id }: { readonly id: string }) => getNote(id)

const captureAll = (ids: ReadonlyArray<string>) => DatabaseService.use((db) => db.query({ type: "note", ids }))

const touches = ({ id }: { readonly id: string }) => [id]

const short = (title: string) => title.length <= 40 ? title : `${title.slice(0, 39)}…`

const count = (notes: number) => notes === 1 ? "a note" : `${notes} notes`

export const NotesUndo = Layer.mergeAll(
  UndoMapping.make({
    operation: CreateNote,
    inverse: DeleteNotes,
    deriveContext: (_input, { id }) => ({ ids: [id] }),
    redo: (input, { id }) => ({ ...input, id }),
    touches: (_input, { id }) => [id],
    message: ({ title }) => `Create "${short(title)}"`
  }).toLayer,
  UndoMapping.make({
    capture,
    operation: RenameNote,
    inverse: RenameNote,
    deriveContext: ({ id }, _output, { title }) => ({ id, title }),
    touches,
    message: ({ title }) => `Rename to "${short(title)}"`
  }).toLayer,
  UndoMapping.make({
    capture,
    operation: WriteNote,
    inverse: WriteNote,
    deriveContext: ({ id }, _output, { body }) => ({ id, body }),
    // what is typed in one go is one entry
    coalesce: {
      key: ({ id }) => id,
      within: "2 seconds",
      merge: (older, newer) => ({ inverseInput: older.inverseInput, redoInput: newer.redoInput })
    },
    touches,
    message: () => "Write"
  }).toLayer,
  UndoMapping.make({
    operation: TagNote,
    inverse: TagNote,
    deriveContext: ({ id }, { added, removed }) =>
      added.length + removed.length === 0 ? undefined : { id, add: removed, remove: added },
    touches,
    message: (_input, { added, removed }) =>
      ["Tag", ...added.map((tag) => `+${tag}`), ...removed.map((tag) => `-${tag}`)].join(" ")
  }).toLayer,
  UndoMapping.make({
    capture,
    operation: MoveNote,
    inverse: MoveNote,
    deriveContext: ({ collection, id }, _output, note) =>
      note.collection === collection ? undefined : { id, collection: note.collection },
    touches,
    message: () => "Move a note"
  }).toLayer,
  UndoMapping.make({
    capture: ({ from, into }) => captureAll([into, ...from]),
    operation: MergeNotes,
    inverse: RestoreNotes,
    deriveContext: (_input, _output, notes) => ({ notes }),
    touches: ({ from, into }) => [into, ...from],
    message: ({ from }) => `Merge ${count(from.length + 1)}`
  }).toLayer,
  UndoMapping.make({
    capture: ({ ids }) => captureAll(ids),
    operation: DeleteNotes,
    inverse: RestoreNotes,
    deriveContext: (_input, _output, notes) => ({ notes }),
    touches: ({ ids }) => ids,
    message: ({ ids }) => `Delete ${count(ids.length)}`
  }).toLayer
)
