import { useDraggable } from "@dnd-kit/core"
import type { SyntheticEvent } from "react"
import { type NoteItem, useNotebook } from "../useNotebook.ts"

/** The whole row is dragged by mouse and finger; the keyboard has a handle, so that Enter and Space on the row open it. */
export const useDraggableNote = (note: NoteItem) => {
  const { attributes, isDragging, listeners = {}, setActivatorNodeRef, setNodeRef } = useDraggable({
    id: note.id,
    data: { note },
    disabled: useNotebook().away
  })
  const { onKeyDown, ...pointer } = listeners as Record<string, (event: SyntheticEvent) => void>
  return {
    dragging: isDragging,
    row: { ref: setNodeRef, ...pointer },
    handle: { ref: setActivatorNodeRef, onKeyDown, ...attributes, role: undefined }
  }
}
