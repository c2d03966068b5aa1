import { type CollisionDetection, pointerWithin } from "@dnd-kit/core"

/** The target under the pointer, or the one that the arrow keys have chosen. */
export const overKeyboardOrPointer = (chosen: string | undefined): CollisionDetection => (args) =>
  args.pointerCoordinates === null ? (chosen === undefined ? [] : [{ id: chosen }]) : pointerWithin(args)
