import { Exit } from "effect"
import { CreateNote } from "../../../plugins/notes/operations.ts"
import { titleFieldId } from "../editor/Editor.tsx"
import { Icon } from "../Icon.tsx"
import { useAction } from "../useAction.ts"
import { useNotebook } from "../useNotebook.ts"

/** Makes a note where one is looking, and puts the cursor into its title. */
export const NewNoteButton = () => {
  const { away, collection, open, search, tag } = useNotebook()
  const create = useAction(CreateNote)

  const start = async () => {
    const exit = await create.invoke({
      title: "Untitled note",
      ...(tag === undefined ? undefined : { tags: [tag] }),
      ...(typeof collection === "string" ? { collection } : undefined)
    })
    if (!Exit.isSuccess(exit)) return
    search("")
    focusTitleOf(exit.value.id)
    open(exit.value.id)
  }

  return (
    <button type="button" className="primary" disabled={away} onClick={() => void start()}>
      <Icon name="plus" /> New note
    </button>
  )
}

/** The field is there when the note has been read. */
const focusTitleOf = (id: string): void => {
  const deadline = Date.now() + 3_000
  const look = () => {
    const field = document.getElementById(titleFieldId(id)) as HTMLInputElement | null
    if (field !== null) field.select()
    else if (Date.now() < deadline) requestAnimationFrame(look)
  }
  look()
}
