/**
 * Dragging by keyboard: the arrow keys go from target to target, in the order of the page.
 */
import type { SensorContext } from "@dnd-kit/core"

export interface KeyboardTarget {
  readonly id: string
  readonly node: HTMLElement
}

const steps = new Map([["ArrowDown", 1], ["ArrowRight", 1], ["ArrowUp", -1], ["ArrowLeft", -1]])

/** How far a key goes. */
export const stepOf = ({ code }: KeyboardEvent): number => steps.get(code) ?? 0

const precedes = (a: HTMLElement, b: HTMLElement) =>
  (a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING) !== 0

/** The target after, or before, the one chosen; past the last one comes the first. */
export const targetAfter = (
  { droppableContainers }: SensorContext,
  chosen: KeyboardTarget | undefined,
  step: number
): KeyboardTarget | undefined => {
  const targets = droppableContainers.getEnabled()
    .flatMap(({ id, node: { current: node } }) => node === null ? [] : [{ id: String(id), node }])
    .sort((a, b) => precedes(a.node, b.node) ? -1 : 1)
  const at = targets.findIndex(({ id }) => id === chosen?.id)
  return targets.at(at < 0 ? Math.min(0, step) : (at + step) % targets.length)
}
