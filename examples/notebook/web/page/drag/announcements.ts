/**
 * Dragging, for those who hear the page.
 */
import type { Announcements, ScreenReaderInstructions } from "@dnd-kit/core"
import { noteOf, targetOf } from "./data.ts"

export const instructions: ScreenReaderInstructions = {
  draggable:
    "Press Space to pick the note up, the arrow keys to choose a collection, Space to drop it there, Escape to leave it."
}

export const announcements: Announcements = {
  onDragStart: ({ active }) => `Picked up "${noteOf(active).title}". Choose a collection with the arrow keys.`,
  onDragOver: ({ over }) => over === null ? "Over no collection." : `Over "${targetOf(over)!.name}".`,
  onDragEnd: ({ active, over }) =>
    over === null
      ? `"${noteOf(active).title}" stays where it was.`
      : `Dropped "${noteOf(active).title}" on "${targetOf(over)!.name}".`,
  onDragCancel: ({ active }) => `"${noteOf(active).title}" stays where it was.`
}
