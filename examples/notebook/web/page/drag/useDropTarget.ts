import { useDroppable } from "@dnd-kit/core"
import type { Target } from "./data.ts"

export const useDropTarget = (place: "sidebar" | "column", collection: string | null, name: string) => {
  const data: Target = { collection, name }
  const { isOver, setNodeRef } = useDroppable({ id: `${place} ${collection ?? ""}`, data: { ...data } })
  return { isOver, ref: setNodeRef }
}
