import { Exit } from "effect"
import type { Note } from "../../../model.ts"
import { DeleteNotes } from "../../../plugins/notes/operations.ts"
import { Icon } from "../Icon.tsx"
import { usePage } from "../page.ts"
import { useAction } from "../useAction.ts"
import { useNotebook } from "../useNotebook.ts"

export const DeleteNoteButton = ({ note }: { readonly note: Note }) => {
  const { away, open } = useNotebook()
  const { drafts } = usePage()
  const { invoke } = useAction(DeleteNotes, () => `Deleted "${note.title}"`)

  /** What was typed last is deleted with the note, so that undo brings back all of it. */
  const remove = async () => {
    await drafts.flush()
    if (!Exit.isSuccess(await invoke({ ids: [note.id] }))) return
    open(undefined)
    // This button is gone; whoever works by keyboard goes on in the list.
    setTimeout(() => document.querySelector<HTMLElement>(".note .open[tabindex=\"0\"]")?.focus())
  }

  return (
    <button type="button" className="plain" disabled={away} onClick={() => void remove()}>
      <Icon name="trash" /> Delete note
    </button>
  )
}
