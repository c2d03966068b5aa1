import { Exit } from "effect"
import { type FormEvent, useRef, useState } from "react"
import { CreateCollection } from "../../../plugins/collections/operations.ts"
import { Icon } from "../Icon.tsx"
import { useAction } from "../useAction.ts"
import { useNotebook } from "../useNotebook.ts"

export const NewCollection = () => {
  const { away } = useNotebook()
  const [name, setName] = useState<string>()
  const button = useRef<HTMLButtonElement>(null)
  const create = useAction(CreateCollection)

  const close = () => {
    setName(undefined)
    requestAnimationFrame(() => button.current?.focus())
  }
  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (name !== undefined && Exit.isSuccess(await create.invoke({ name: name.trim() }))) close()
  }

  if (name === undefined) {
    return (
      <button type="button" className="plain" ref={button} disabled={away} onClick={() => setName("")}>
        <Icon name="plus" /> New collection
      </button>
    )
  }
  return (
    <form
      className="new-collection"
      onSubmit={(event) => void submit(event)}
      onKeyDown={(event) => event.key === "Escape" && close()}
    >
      <input
        aria-label="Name of the collection"
        placeholder="Name"
        autoFocus
        required
        pattern=".*\S.*"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" disabled={away}>Add</button>
    </form>
  )
}
