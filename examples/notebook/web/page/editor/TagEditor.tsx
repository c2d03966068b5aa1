import { Exit } from "effect"
import { type FormEvent, useId, useRef, useState } from "react"
import type { Note } from "../../../model.ts"
import { TagNote } from "../../../plugins/notes/operations.ts"
import { Icon } from "../Icon.tsx"
import { useAction } from "../useAction.ts"
import { useNotebook } from "../useNotebook.ts"

export const TagEditor = ({ note: { id, tags } }: { readonly note: Note }) => {
  const { away, notes } = useNotebook()
  const { invoke } = useAction(TagNote)
  const [text, setText] = useState("")
  const field = useRef<HTMLInputElement>(null)
  const known = useId()

  const add = async (event: FormEvent) => {
    event.preventDefault()
    const added = text.split(",").map((tag) => tag.trim()).filter((tag) => tag !== "")
    if (added.length > 0 && Exit.isSuccess(await invoke({ id, add: added }))) setText("")
  }
  const remove = (tag: string) => {
    field.current?.focus()
    void invoke({ id, remove: [tag] })
  }

  return (
    <form className="tag-editor" onSubmit={(event) => void add(event)}>
      <ul aria-label="Tags of this note">
        {tags.map((tag) => (
          <li key={tag} className="tag">
            <span>{tag}</span>
            <button
              type="button"
              className="plain"
              aria-label={`Remove the tag "${tag}"`}
              disabled={away}
              onClick={() => remove(tag)}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
      <input
        ref={field}
        aria-label="Add a tag"
        placeholder="Add a tag"
        list={known}
        maxLength={100}
        value={text}
        readOnly={away}
        onChange={(event) => setText(event.target.value)}
      />
      <datalist id={known}>
        {Array.from(new Set(notes.flatMap((note) => note.tags))).map((tag) => <option key={tag} value={tag} />)}
      </datalist>
    </form>
  )
}
