import { Icon } from "../Icon.tsx"
import { useNotebook } from "../useNotebook.ts"
import { useUndo } from "./useUndo.ts"

/** The buttons stay focusable when there is nothing left: whoever undoes by keyboard keeps their place. */
export const UndoBar = () => {
  const { away } = useNotebook()
  const { canRedo, canUndo, redo, redoMessage, undo, undoMessage } = useUndo()
  return (
    <div className="undo-bar" role="group" aria-label="Undo and redo">
      <button type="button" aria-disabled={away || !canUndo} onClick={() => !away && canUndo && void undo()}>
        <Icon name="undo" /> <span>Undo</span> <span className="what">{canUndo ? undoMessage : ""}</span>
      </button>
      <button type="button" aria-disabled={away || !canRedo} onClick={() => !away && canRedo && void redo()}>
        <Icon name="redo" /> <span>Redo</span> <span className="what">{canRedo ? redoMessage : ""}</span>
      </button>
    </div>
  )
}
