/**
 * What is dragged, and where to.
 */
import type { Active, Over } from "@dnd-kit/core"
import type { NoteItem } from "../useNotebook.ts"

export interface Target {
  readonly collection: string | null
  readonly name: string
}

export const noteOf = (active: Active): NoteItem => (active.data.current as { readonly note: NoteItem }).note

export const targetOf = (over: Over | null): Target | undefined => over?.data.current as Target | undefined
