import { useVirtualizer } from "@tanstack/react-virtual"
import { type KeyboardEvent, useEffect, useRef, useState } from "react"
import { type NoteItem, useNotebook } from "../useNotebook.ts"
import { NoteRow } from "./NoteRow.tsx"

/** Below this, all rows are there. */
const many = 300

interface NoteListProps {
  readonly label: string
  readonly notes: ReadonlyArray<NoteItem>
}

/** Where a key leads from one row. */
const targetOf = (key: string, from: number, count: number): number | undefined => {
  switch (key) {
    case "ArrowDown":
      return from + 1
    case "ArrowUp":
      return from - 1
    case "Home":
      return 0
    case "End":
      return count - 1
    default:
      return undefined
  }
}

/** One row can be reached with Tab, the others from there with the arrow keys. */
export const NoteList = ({ label, notes }: NoteListProps) => {
  const { openId } = useNotebook()
  const scroller = useRef<HTMLDivElement>(null)
  const [current, setCurrent] = useState<string>()
  const rows = useVirtualizer({
    count: notes.length,
    getScrollElement: () => scroller.current,
    getItemKey: (index) => notes[index]!.id,
    estimateSize: () => 58,
    overscan: notes.length <= many ? notes.length : 12,
    useFlushSync: false
  })

  const indexOf = (id: string | undefined) => notes.findIndex((note) => note.id === id)
  const reachable = Math.max(0, indexOf(current) >= 0 ? indexOf(current) : indexOf(openId))

  const goTo = (index: number) => {
    setCurrent(notes[index]!.id)
    rows.scrollToIndex(index)
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-index="${index}"] .open`)?.focus({ preventScroll: true })
    )
  }

  const onKeyDown = (event: KeyboardEvent) => {
    const to = targetOf(event.key, reachable, notes.length)
    // What is being dragged takes the arrow keys to the collections.
    const dragging = event.currentTarget.querySelector("[data-dragging=true]") !== null
    if (dragging || to === undefined || notes[to] === undefined) return
    event.preventDefault()
    goTo(to)
  }

  // When the row that has the focus goes away, dragged to another collection say, the one in its place gets it.
  const focused = useRef<number>(undefined)
  useEffect(() => {
    const index = focused.current
    if (index === undefined || notes.length === 0 || document.activeElement !== document.body) return
    goTo(Math.min(index, notes.length - 1))
  }, [notes])

  return (
    <div className="scroller" ref={scroller}>
      <ul
        className="notes"
        aria-label={label}
        onBlur={({ relatedTarget }) => {
          if (relatedTarget !== null) focused.current = undefined
        }}
        onKeyDown={onKeyDown}
        style={{ height: rows.getTotalSize() }}
      >
        {rows.getVirtualItems().map(({ index, key, start }) => (
          <NoteRow
            key={key}
            count={notes.length}
            index={index}
            note={notes[index]!}
            onFocus={() => {
              setCurrent(notes[index]!.id)
              focused.current = index
            }}
            reachable={index === reachable}
            ref={rows.measureElement}
            top={start}
          />
        ))}
      </ul>
    </div>
  )
}
