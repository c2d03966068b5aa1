import { collectionName, useNotebook } from "../useNotebook.ts"
import { NoteList } from "./NoteList.tsx"
import { useShownNotes } from "./useShownNotes.ts"

export const NotesPane = () => {
  const { collection, collections, loading, query, tag } = useNotebook()
  const { searching, shown } = useShownNotes()
  const where = collection === undefined
    ? "All notes"
    : collection === null
    ? "No collection"
    : collectionName(collections, collection)
  return (
    <section className="notes-pane" aria-labelledby="notes">
      <div className="pane-head">
        <h2 id="notes">{where}</h2>
        <p className="muted" role="status">
          {loading || searching ? "Loading …" : `${shown.length} ${shown.length === 1 ? "note" : "notes"}`}
          {tag !== undefined && ` tagged ${tag}`}
          {query.trim() !== "" && ` with "${query.trim()}"`}
        </p>
      </div>
      {!loading && !searching && shown.length === 0 && (
        <p className="nothing">
          {query.trim() === ""
            ? "No notes here yet. Drag some here, or make a new one."
            : "No note has all these words."}
        </p>
      )}
      <NoteList label={where} notes={shown} />
    </section>
  )
}
