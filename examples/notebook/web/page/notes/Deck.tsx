import { useDropTarget } from "../drag/useDropTarget.ts"
import { type NoteItem, useNotebook } from "../useNotebook.ts"
import { NoteList } from "./NoteList.tsx"
import { useShownNotes } from "./useShownNotes.ts"

/** The collections side by side. */
export const Deck = () => {
  const { collection, collections } = useNotebook()
  const { shown } = useShownNotes()
  const all = [{ id: null, name: "No collection" }, ...collections]
  return (
    <section className="deck" aria-label="Collections side by side">
      {all.filter(({ id }) => collection === undefined || collection === id).map(({ id, name }) => (
        <Column
          key={id}
          id={id}
          name={name}
          notes={shown.filter((note) => note.collection === id)}
        />
      ))}
    </section>
  )
}

interface ColumnProps {
  readonly id: string | null
  readonly name: string
  readonly notes: ReadonlyArray<NoteItem>
}

const Column = ({ id, name, notes }: ColumnProps) => {
  const { isOver, ref } = useDropTarget("column", id, name)
  return (
    <section className="column" aria-label={name} ref={ref} data-over={isOver}>
      <h2>
        <span className="name">{name}</span> <span className="count">{notes.length}</span>
      </h2>
      {notes.length === 0 && <p className="nothing">Drag notes here.</p>}
      <NoteList label={`Notes in ${name}`} notes={notes} />
    </section>
  )
}
