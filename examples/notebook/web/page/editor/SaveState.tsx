import type { Note } from "../../../model.ts"
import { useNotebook } from "../useNotebook.ts"
import { useDraft } from "./useDraft.ts"

/** Whether the server has what was typed. */
export const SaveState = ({ note }: { readonly note: Note }) => {
  const { away } = useNotebook()
  const [, title] = useDraft(note.id, "title", note.title)
  const [, body] = useDraft(note.id, "body", note.body)
  const problem = title.problem ?? body.problem
  if (problem !== undefined) return <p className="save-state problem" role="status">Not saved: {problem}</p>
  const saved = title.saved && body.saved
  return <p className="save-state muted">{saved ? "Saved" : away ? "Kept here, not sent yet" : "Saving …"}</p>
}
