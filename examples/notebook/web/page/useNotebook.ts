/**
 * What all parts of the page look at: the notes and collections of the server, and which of them are shown.
 */
import { Exit } from "effect"
import { useConnection, useOptimisticOperation, useQuery } from "opbus/react"
import { createContext, useContext, useMemo, useState } from "react"
import {
  CreateCollection,
  DeleteCollection,
  ListCollections,
  RestoreCollection
} from "../../plugins/collections/operations.ts"
import { DiscardImport, ImportFolder } from "../../plugins/import/operations.ts"
import {
  CreateNote,
  DeleteNotes,
  FindNotes,
  MergeNotes,
  MoveNote,
  RenameNote,
  RestoreNotes,
  TagNote
} from "../../plugins/notes/operations.ts"
import { usePage } from "./page.ts"
import { useTellDone } from "./useAction.ts"
import { useOpenNote } from "./useOpenNote.ts"

export type NoteItem = (typeof FindNotes.output.Type)[number]
export type CollectionItem = (typeof ListCollections.output.Type)[number]

/** Whatever changes a list, whoever does it: another window, the devtools, an undo. */
export const listChanges = [
  CreateNote,
  RenameNote,
  TagNote,
  MoveNote,
  MergeNotes,
  DeleteNotes,
  RestoreNotes,
  CreateCollection,
  DeleteCollection,
  RestoreCollection,
  ImportFolder,
  DiscardImport
]

/** There is room for the list or for a note. */
export const isNarrow = (): boolean => matchMedia("(max-width: 760px)").matches

/** `undefined`: all of them; `null`: those in no collection. */
export type CollectionFilter = string | null | undefined

const everything = {}
const none: ReadonlyArray<never> = []
const { compare } = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" })

export const useNotebookState = () => {
  const { toasts } = usePage()
  const tellDone = useTellDone()
  const found = useQuery(FindNotes, everything, { refreshOn: listChanges })
  const listed = useQuery(ListCollections, undefined, { refreshOn: listChanges })
  const [moved, moving] = useOptimisticOperation(MoveNote, {
    value: found.data ?? none,
    apply: (notes, { collection, id }) => notes.map((note) => note.id === id ? { ...note, collection } : note),
    onError: (error) => toasts.problem((error as Error).message)
  })
  const [openId, open] = useOpenNote()
  const [collection, showCollection] = useState<CollectionFilter>(undefined)
  const [tag, showTag] = useState<string>()
  const [query, search] = useState("")

  const notes = useMemo(() => [...moved].sort((a, b) => compare(a.title, b.title) || (a.id < b.id ? -1 : 1)), [moved])
  const collections = useMemo(() => [...listed.data ?? none].sort((a, b) => compare(a.name, b.name)), [listed.data])

  return {
    notes,
    collections,
    loading: found.data === undefined || listed.data === undefined,
    error: found.error ?? listed.error,
    /** Nothing can be changed but what is typed, which waits. */
    away: useConnection() === "disconnected",
    openId,
    open,
    // What is gone shows everything again.
    collection: collection === null || collections.some(({ id }) => id === collection) ? collection : undefined,
    showCollection,
    tag: notes.some(({ tags }) => tag !== undefined && tags.includes(tag)) ? tag : undefined,
    showTag,
    query,
    search,
    move: async (id: string, collection: string | null) => {
      const note = notes.find((note) => note.id === id)
      if (note === undefined || note.collection === collection) return
      const exit = await moving.invoke({ id, collection })
      if (Exit.isSuccess(exit)) await tellDone(`Moved "${note.title}" to ${collectionName(collections, collection)}`)
    }
  }
}

export const collectionName = (collections: ReadonlyArray<CollectionItem>, id: string | null): string =>
  id === null ? "no collection" : collections.find((collection) => collection.id === id)?.name ?? "a collection"

export type Notebook = ReturnType<typeof useNotebookState>

export const NotebookContext = createContext<Notebook | undefined>(undefined)

export const useNotebook = (): Notebook => useContext(NotebookContext)!
