import type { Note } from "../../../model.ts"
import { useNotebook } from "../useNotebook.ts"

/** The way to another collection for those who do not drag. */
export const CollectionSelect = ({ note }: { readonly note: Note }) => {
  const { away, collections, move, notes } = useNotebook()
  const collection = notes.find(({ id }) => id === note.id)?.collection ?? null
  return (
    <label>
      Collection
      <select
        value={collection ?? ""}
        disabled={away}
        onChange={({ target: { value } }) => void move(note.id, value === "" ? null : value)}
      >
        <option value="">No collection</option>
        {collections.map(({ id, name }) => <option key={id} value={id}>{name}</option>)}
      </select>
    </label>
  )
}
