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
    if (Exit.isSuccess(await invoke({ ids: [note.id] }))) open(undefined)
  }

  return (
    <button type="button" className="plain" disabled={away} onClick={() => void remove()}>
      <Icon name="trash" /> Delete note
    </button>
  )
}
