import { Icon } from "../Icon.tsx"
import { useNotebook } from "../useNotebook.ts"
import { useUndo } from "./useUndo.ts"

/**
 * The buttons stay focusable when there is nothing left: whoever undoes by keyboard keeps their place. What others stand
 * in the way of can be pressed as well, and then says who and why.
 */
export const UndoBar = () => {
  const { away } = useNotebook()
  const { canRedo, canUndo, redo, redoCount, redoMessage, undo, undoCount, undoMessage } = useUndo()
  return (
    <div className="undo-bar" role="group" aria-label="Undo and redo">
      <button
        type="button"
        aria-disabled={away || undoCount === 0}
        onClick={() => !away && undoCount > 0 && void undo()}
      >
        <Icon name="undo" /> <span>Undo</span> <span className="what">{canUndo ? undoMessage : whyNot(undoCount)}</span>
      </button>
      <button
        type="button"
        aria-disabled={away || redoCount === 0}
        onClick={() => !away && redoCount > 0 && void redo()}
      >
        <Icon name="redo" /> <span>Redo</span> <span className="what">{canRedo ? redoMessage : whyNot(redoCount)}</span>
      </button>
    </div>
  )
}

const whyNot = (count: number): string => count === 0 ? "" : "why not now?"
