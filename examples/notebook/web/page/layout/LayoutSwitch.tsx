import { useHistory, useOperation, useUndoShortcuts } from "opbus/react"
import { useRef, useSyncExternalStore } from "react"
import { LayoutMode, SetLayoutMode } from "../../../plugins/workspace/operations.ts"
import { Icon } from "../Icon.tsx"
import { usePage } from "../page.ts"

export const useLayoutMode = () => {
  const { screen } = usePage()
  return useSyncExternalStore(screen.subscribe, () => screen.mode)
}

const names = { list: "List", deck: "Deck", solo: "Solo" }

/** The layout has a history of its own: Ctrl-Z while one of these is focused goes back to the layout before. */
export const LayoutSwitch = () => {
  const mode = useLayoutMode()
  const setMode = useOperation(SetLayoutMode)
  const history = useHistory("layout", { side: "here" })
  const toolbar = useRef<HTMLDivElement>(null)
  useUndoShortcuts({ scope: "layout", side: "here", ref: toolbar })

  return (
    <div className="layouts" role="group" aria-label="Layout" ref={toolbar}>
      {LayoutMode.literals.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={mode === each}
          title={`${names[each]} (Ctrl+Z here goes back${history.canUndo ? "" : ", once there is something before"})`}
          onClick={() => void setMode.invoke({ mode: each })}
        >
          <Icon name={each} /> <span className="wide">{names[each]}</span>
        </button>
      ))}
    </div>
  )
}
