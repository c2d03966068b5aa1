import { useOperation } from "opbus/react"
import { type FormEvent, useEffect, useRef, useState } from "react"
import { ImportFolder } from "../../../plugins/import/operations.ts"
import { useTellDone } from "../useAction.ts"

/** While it runs, the only way out is to cancel it, which leaves nothing behind. */
export const ImportDialog = ({ onClose }: { readonly onClose: () => void }) => {
  const dialog = useRef<HTMLDialogElement>(null)
  const [folder, setFolder] = useState("node_modules")
  const tellDone = useTellDone()
  const { cancel, error, invoke, pending, progress, status } = useOperation(ImportFolder, {
    cancelOnUnmount: true,
    onSuccess: ({ name, notes }) => {
      onClose()
      void tellDone(`Imported ${notes.length} notes from ${name}`)
    }
  })
  useEffect(() => dialog.current?.showModal(), [])

  const submit = (event: FormEvent) => {
    event.preventDefault()
    void invoke({ folder })
  }

  return (
    <dialog
      ref={dialog}
      aria-labelledby="import"
      onCancel={(event) => {
        event.preventDefault()
        if (pending) cancel()
        else onClose()
      }}
    >
      <form onSubmit={submit}>
        <h2 id="import">Import a folder</h2>
        <p className="muted">
          Its Markdown files become the notes of a new collection. It is one step of undo, however many there are.
        </p>
        <label>
          Folder on this computer
          <input value={folder} onChange={(event) => setFolder(event.target.value)} required readOnly={pending} />
        </label>
        <div aria-live="polite" className="outcome">
          {pending && (
            <>
              <progress aria-label="Files read" value={progress?.done} max={progress?.total} />
              <p>
                {progress === undefined ? "Looking for files …" : `${progress.done} of ${progress.total} files read`}
              </p>
            </>
          )}
          {status === "interrupted" && <p>Cancelled. Nothing was imported.</p>}
          {status === "failure" && <p className="problem">{(error as Error).message}</p>}
        </div>
        <p className="actions">
          {pending
            ? <button type="button" onClick={cancel}>Cancel the import</button>
            : <button type="button" onClick={onClose}>Close</button>}
          <button type="submit" className="primary" aria-disabled={pending} disabled={folder.trim() === ""}>
            Import
          </button>
        </p>
      </form>
    </dialog>
  )
}
