import {
  DndContext,
  type DragEndEvent,
  DragOverlay,
  type KeyboardCoordinateGetter,
  KeyboardSensor,
  MouseSensor,
  TouchSensor,
  useSensor,
  useSensors
} from "@dnd-kit/core"
import { type ReactNode, useEffect, useState } from "react"
import { useNotebook } from "../useNotebook.ts"
import { announcements, instructions } from "./announcements.ts"
import { atHand } from "./atHand.ts"
import { noteOf, targetOf } from "./data.ts"
import { type KeyboardTarget, stepOf, targetAfter } from "./keyboard.ts"
import { overKeyboardOrPointer } from "./overKeyboardOrPointer.ts"

/** Notes are dragged to collections: by mouse, by finger after a moment, or by keyboard from target to target. */
export const Drag = ({ children }: { readonly children: ReactNode }) => {
  const { move } = useNotebook()
  const [title, setTitle] = useState<string>()
  /** Where the arrow keys have got to. */
  const [chosen, choose] = useState<KeyboardTarget>()
  useEffect(() => {
    chosen?.node.scrollIntoView({ block: "nearest", inline: "nearest" })
  }, [chosen])

  const coordinateGetter: KeyboardCoordinateGetter = (event, { context }) => {
    const step = stepOf(event)
    if (step === 0) return
    event.preventDefault()
    choose((chosen) => targetAfter(context, chosen, step))
  }
  const sensors = useSensors(
    useSensor(MouseSensor, { activationConstraint: { distance: 6 } }),
    useSensor(TouchSensor, { activationConstraint: { delay: 220, tolerance: 8 } }),
    useSensor(KeyboardSensor, { coordinateGetter })
  )

  const end = () => {
    setTitle(undefined)
    choose(undefined)
  }
  const drop = ({ active, over }: DragEndEvent) => {
    end()
    const target = targetOf(over)
    if (target !== undefined) void move(noteOf(active).id, target.collection)
  }

  return (
    <DndContext
      accessibility={{ announcements, screenReaderInstructions: instructions }}
      collisionDetection={overKeyboardOrPointer(chosen?.id)}
      onDragCancel={end}
      onDragEnd={drop}
      onDragStart={({ active }) => setTitle(noteOf(active).title)}
      sensors={sensors}
    >
      {children}
      <DragOverlay dropAnimation={null} modifiers={[atHand(chosen)]}>
        {title !== undefined && <div className="dragged">{title}</div>}
      </DragOverlay>
    </DndContext>
  )
}
