import { useVirtualizer } from "@tanstack/react-virtual"
import { type KeyboardEvent, useRef, useState } from "react"
import { type NoteItem, useNotebook } from "../useNotebook.ts"
import { NoteRow } from "./NoteRow.tsx"

/** Below this, all rows are there. */
const many = 300

interface NoteListProps {
  readonly label: string
  readonly notes: ReadonlyArray<NoteItem>
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

  const onKeyDown = (event: KeyboardEvent) => {
    const to = { ArrowDown: reachable + 1, ArrowUp: reachable - 1, Home: 0, End: notes.length - 1 }[event.key]
    if (event.defaultPrevented || to === undefined || notes[to] === undefined) return
    event.preventDefault()
    setCurrent(notes[to].id)
    rows.scrollToIndex(to)
    requestAnimationFrame(() =>
      scroller.current?.querySelector<HTMLElement>(`[data-index="${to}"] .open`)?.focus({ preventScroll: true })
    )
  }

  return (
    <div className="scroller" ref={scroller}>
      <ul className="notes" aria-label={label} onKeyDown={onKeyDown} style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, key, start }) => (
          <NoteRow
            key={key}
            count={notes.length}
            index={index}
            note={notes[index]!}
            onFocus={setCurrent}
            reachable={index === reachable}
            ref={rows.measureElement}
            top={start}
          />
        ))}
      </ul>
    </div>
  )
}
