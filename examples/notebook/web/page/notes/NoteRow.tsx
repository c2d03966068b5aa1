import type { Ref } from "react"
import { useDraggableNote } from "../drag/useDraggableNote.ts"
import { Icon } from "../Icon.tsx"
import { collectionName, type NoteItem, useNotebook } from "../useNotebook.ts"

interface NoteRowProps {
  readonly count: number
  readonly index: number
  readonly note: NoteItem
  readonly onFocus: () => void
  readonly reachable: boolean
  readonly ref: Ref<HTMLLIElement>
  readonly top: number
}

/** Dragged by mouse or finger anywhere on it; by keyboard with its handle. */
export const NoteRow = ({ count, index, note, onFocus, reachable, ref, top }: NoteRowProps) => {
  const { collection, collections, open, openId } = useNotebook()
  const { dragging, handle, row } = useDraggableNote(note)
  const tabIndex = reachable ? 0 : -1
  return (
    <li
      ref={ref}
      data-index={index}
      data-dragging={dragging}
      aria-setsize={count}
      aria-posinset={index + 1}
      style={{ transform: `translateY(${top}px)` }}
      onFocus={onFocus}
    >
      <div className="note" data-open={openId === note.id} {...row}>
        <button
          type="button"
          className="open"
          tabIndex={tabIndex}
          aria-current={openId === note.id}
          onClick={() => open(note.id)}
        >
          <span className="title">{note.title}</span>
          <span className="details">
            {note.tags.map((tag) => <span key={tag} className="tag">{tag}</span>)}
            {collection === undefined && note.collection !== null && (
              <span className="in">{collectionName(collections, note.collection)}</span>
            )}
          </span>
        </button>
        <button
          type="button"
          className="handle"
          {...handle}
          tabIndex={tabIndex}
          aria-label={`Move "${note.title}" to a collection`}
        >
          <Icon name="grip" />
        </button>
      </div>
    </li>
  )
}
