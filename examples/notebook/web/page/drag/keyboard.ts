/**
 * Dragging by keyboard: the arrow keys go from collection to collection, in the order of the page.
 */
import type { SensorContext } from "@dnd-kit/core"

const steps = new Map([["ArrowDown", 1], ["ArrowRight", 1], ["ArrowUp", -1], ["ArrowLeft", -1]])

/** The id of the target after, or before, the one chosen. */
export const nextTarget = (
  event: KeyboardEvent,
  { droppableContainers }: SensorContext,
  chosen: string | undefined
): string | undefined => {
  const step = steps.get(event.code)
  if (step === undefined) return chosen
  event.preventDefault()
  const targets = droppableContainers.getEnabled().flatMap(({ id, node: { current: node } }) =>
    node === null ? [] : [{ id: String(id), node }]
  ).sort((a, b) => a.node.compareDocumentPosition(b.node) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1)
  const at = targets.findIndex(({ id }) => id === chosen)
  const next = targets[at < 0 ? (step > 0 ? 0 : targets.length - 1) : (at + step + targets.length) % targets.length]
  next?.node.scrollIntoView({ block: "nearest", inline: "nearest" })
  return next?.id
}
