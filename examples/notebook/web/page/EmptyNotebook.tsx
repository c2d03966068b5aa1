import { Icon } from "./Icon.tsx"
import { NewNoteButton } from "./notes/NewNoteButton.tsx"
import { useNotebook } from "./useNotebook.ts"

export const EmptyNotebook = ({ onImport }: { readonly onImport: () => void }) => (
  <div className="empty">
    <h2>An empty notebook</h2>
    <p>
      Write notes, tag them, sort them into collections, and find them by their words. Everything can be undone, also
      tomorrow, and a second window undoes only what was done in it.
    </p>
    <p className="actions">
      <NewNoteButton />
      <button type="button" onClick={onImport} disabled={useNotebook().away}>
        <Icon name="folder" /> Import a folder
      </button>
    </p>
  </div>
)
