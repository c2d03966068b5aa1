import { useMemo } from "react"
import { DeleteCollection } from "../../../plugins/collections/operations.ts"
import { useDropTarget } from "../drag/useDropTarget.ts"
import { Icon } from "../Icon.tsx"
import { useAction } from "../useAction.ts"
import { type CollectionFilter, isNarrow, useNotebook } from "../useNotebook.ts"
import { NewCollection } from "./NewCollection.tsx"

/** The collections, which take notes that are dropped on them, and the tags. */
export const Sidebar = () => {
  const { collections, notes } = useNotebook()
  const loose = notes.filter((note) => note.collection === null).length
  const counts = useMemo(() => {
    const counts = new Map<string | null, number>()
    for (const { collection } of notes) counts.set(collection, (counts.get(collection) ?? 0) + 1)
    return counts
  }, [notes])
  return (
    <nav className="sidebar" aria-label="Collections and tags">
      <h2>Collections</h2>
      <ul>
        <li>
          <FilterButton filter={undefined} name="All notes" count={notes.length} />
        </li>
        {collections.map(({ id, name }) => <CollectionRow key={id} id={id} name={name} count={counts.get(id) ?? 0} />)}
        <CollectionRow id={null} name="No collection" count={loose} />
      </ul>
      <NewCollection />
      <Tags />
    </nav>
  )
}

interface CollectionProps {
  readonly id: string | null
  readonly name: string
  readonly count: number
}

const CollectionRow = ({ count, id, name }: CollectionProps) => {
  const { away, collection } = useNotebook()
  const { isOver, ref } = useDropTarget("sidebar", id, name)
  const remove = useAction(
    DeleteCollection,
    () => `Deleted the collection "${name}". Its notes are in no collection now.`
  )
  return (
    <li ref={ref} data-over={isOver}>
      <FilterButton filter={id} name={name} count={count} />
      {id !== null && collection === id && (
        <button
          type="button"
          className="plain"
          aria-label={`Delete the collection "${name}"`}
          disabled={away}
          onClick={() => void remove.invoke({ id })}
        >
          <Icon name="trash" />
        </button>
      )}
    </li>
  )
}

interface FilterProps {
  readonly filter: CollectionFilter
  readonly name: string
  readonly count: number
}

const FilterButton = ({ count, filter, name }: FilterProps) => {
  const { collection, open, showCollection } = useNotebook()
  return (
    <button
      type="button"
      className="filter"
      aria-pressed={collection === filter}
      onClick={() => {
        showCollection(filter)
        if (isNarrow()) open(undefined)
      }}
    >
      <span className="name">{name}</span> <span className="count">{count}</span>
    </button>
  )
}

const Tags = () => {
  const { notes, showTag, tag } = useNotebook()
  const tags = useMemo(() => Array.from(new Set(notes.flatMap((note) => note.tags))).sort(), [notes])
  if (tags.length === 0) return null
  return (
    <>
      <h2 id="tags">Tags</h2>
      <ul className="tags" aria-labelledby="tags">
        {tags.map((each) => (
          <li key={each}>
            <button
              type="button"
              className="tag"
              aria-pressed={tag === each}
              onClick={() => showTag(tag === each ? undefined : each)}
            >
              {each}
            </button>
          </li>
        ))}
      </ul>
    </>
  )
}
