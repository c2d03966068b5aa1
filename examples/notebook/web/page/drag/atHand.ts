import type { Modifier } from "@dnd-kit/core"
import type { KeyboardTarget } from "./keyboard.ts"

/** Where somebody took hold of it, by mouse or by finger. */
const takenAt = (event: Event): { readonly clientX: number; readonly clientY: number } | undefined =>
  event instanceof MouseEvent ? event : "touches" in event ? (event as TouchEvent).touches[0] : undefined

/** What is dragged is shown beside the pointer, wherever it was taken; by keyboard, at the target. */
export const atHand =
  (chosen: KeyboardTarget | undefined): Modifier => ({ activatorEvent, draggingNodeRect, transform }) => {
    if (draggingNodeRect === null || activatorEvent === null) return transform
    if (chosen !== undefined) {
      const { left, top } = chosen.node.getBoundingClientRect()
      return { ...transform, x: left + 24 - draggingNodeRect.left, y: top + 24 - draggingNodeRect.top }
    }
    const taken = takenAt(activatorEvent)
    if (taken === undefined) return transform
    return {
      ...transform,
      x: transform.x + taken.clientX + 12 - draggingNodeRect.left,
      y: transform.y + taken.clientY + 8 - draggingNodeRect.top
    }
  }
