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

/** The beginning of a text, on one line. */
const short = (text: string) => {
  const line = text.slice(0, 200).trim().replaceAll(/\s+/g, " ")
  return line.length <= 40 ? line : `${line.slice(0, 39)}…`
}

/**
 * What is typed in one go is one entry, from what was there before the first change to what the last one left. A change
 * without a mark stands for itself.
 */
const typing = {
  key: ({ id, typing = crypto.randomUUID() }: { readonly id: string; readonly typing?: string }) => `${id} ${typing}`,
  within: "10 seconds",
  merge: <Input, Inverse>(
    older: UndoMapping.Coalesced<Input, Inverse>,
    newer: UndoMapping.Coalesced<Input, Inverse>
  ) => ({ inverseInput: older.inverseInput, redoInput: newer.redoInput })
} as const

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
    deriveContext: ({ id, title }, _output, before) => title === before.title ? undefined : { id, title: before.title },
    redo: ({ id, title }) => ({ id, title }),
    coalesce: typing,
    touches,
    message: ({ title }) => `Rename to "${short(title)}"`
  }).toLayer,
  UndoMapping.make({
    capture,
    operation: WriteNote,
    inverse: WriteNote,
    deriveContext: ({ body, id }, _output, before) => body === before.body ? undefined : { id, body: before.body },
    redo: ({ body, id }) => ({ body, id }),
    coalesce: typing,
    touches,
    message: ({ body }) => body.trim() === "" ? "Clear a note" : `Write "${short(body)}"`
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
