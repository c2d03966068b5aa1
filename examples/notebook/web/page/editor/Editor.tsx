import { useQuery } from "opbus/react"
import { MergeNotes, ReadNote, WriteNote } from "../../../plugins/notes/operations.ts"
import { AnalysisPanel } from "../analysis/AnalysisPanel.tsx"
import { Icon } from "../Icon.tsx"
import { listChanges, useNotebook } from "../useNotebook.ts"
import { CollectionSelect } from "./CollectionSelect.tsx"
import { DeleteNoteButton } from "./DeleteNoteButton.tsx"
import { NoteField } from "./NoteField.tsx"
import { SaveState } from "./SaveState.tsx"
import { TagEditor } from "./TagEditor.tsx"

export const titleFieldId = (noteId: string): string => `title-${noteId}`

const noteChanges = [...listChanges, WriteNote, MergeNotes]

export const Editor = () => {
  const { openId } = useNotebook()
  return openId === undefined
    ? (
      <section className="editor nothing-open">
        <p className="muted">Choose a note to read and write it here.</p>
      </section>
    )
    : <OpenNote key={openId} id={openId} />
}

const OpenNote = ({ id }: { readonly id: string }) => {
  const { open } = useNotebook()
  const { data: note, error } = useQuery(ReadNote, { id }, { refreshOn: noteChanges, keepPrevious: true })
  const gone = error !== undefined && "_tag" in error && error._tag === "NoteNotFound"
  return (
    <article className="editor" aria-label={note?.title ?? "Note"}>
      <div className="editor-head">
        <button type="button" className="plain back" onClick={() => open(undefined)}>
          <Icon name="back" /> All notes
        </button>
        {note !== undefined && <SaveState note={note} />}
        {note !== undefined && !gone && <DeleteNoteButton note={note} />}
      </div>
      {gone && (
        <p className="problem">
          This note was deleted.{note !== undefined &&
            " What you typed is kept as long as this window is open, and goes on when the deletion is undone."}
        </p>
      )}
      {error !== undefined && !gone && note === undefined && <p className="problem">{error.message}</p>}
      {note === undefined && error === undefined && <p className="muted">Loading …</p>}
      {note !== undefined && (
        <>
          <label className="title-field">
            Title
            <NoteField id={id} name="title" fieldId={titleFieldId(id)} text={note.title} />
          </label>
          {!gone && (
            <div className="properties">
              <CollectionSelect note={note} />
              <TagEditor note={note} />
            </div>
          )}
          <label className="text-field">
            Text
            <NoteField id={id} name="body" text={note.body} />
          </label>
          {!gone && <AnalysisPanel key={id} id={id} />}
          {note.source !== null && <p className="muted source">Imported from {note.source}</p>}
        </>
      )}
    </article>
  )
}
