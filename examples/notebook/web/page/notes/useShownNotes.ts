/**
 * The notes that a collection, a tag and a search leave, in the order to show them in.
 */
import { useQuery } from "opbus/react"
import { useDeferredValue, useMemo } from "react"
import { FindNotes, WriteNote } from "../../../plugins/notes/operations.ts"
import { SearchNotes } from "../../../plugins/search/operations.ts"
import { type CollectionFilter, listChanges, type NoteItem, useNotebook } from "../useNotebook.ts"

const textChanges = [...listChanges, WriteNote]

/** What the search service ranks; what merely contains the words, in a search service that takes no calls. */
const useFound = (): { readonly ids: ReadonlyArray<string> | undefined; readonly searching: boolean } => {
  const text = useDeferredValue(useNotebook().query.trim())
  const enabled = text !== ""
  const ranked = useQuery(SearchNotes, { query: text, limit: 1000 }, {
    enabled,
    refreshOn: textChanges,
    keepPrevious: true
  })
  const contained = useQuery(FindNotes, { text }, {
    enabled: enabled && ranked.error !== undefined,
    refreshOn: textChanges
  })
  if (!enabled) return { ids: undefined, searching: false }
  const hits = ranked.error === undefined ? ranked.data?.hits : contained.data
  return { ids: hits?.map(({ id }) => id) ?? [], searching: hits === undefined }
}

export const useShownNotes = () => {
  const { collection, notes, tag } = useNotebook()
  const { ids, searching } = useFound()
  const shown = useMemo(() => {
    const wanted = notes.filter((note) => isIn(collection, note) && (tag === undefined || note.tags.includes(tag)))
    if (ids === undefined) return wanted
    const byId = new Map(wanted.map((note) => [note.id, note]))
    return ids.flatMap((id) => byId.get(id) ?? [])
  }, [collection, ids?.join(), notes, tag])
  return { shown, searching }
}

const isIn = (collection: CollectionFilter, note: NoteItem) =>
  collection === undefined || note.collection === collection
