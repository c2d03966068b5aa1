import type { RefObject } from "react"
import { UndoBar } from "./history/UndoBar.tsx"
import { Icon } from "./Icon.tsx"
import { LayoutSwitch } from "./layout/LayoutSwitch.tsx"
import { NewNoteButton } from "./notes/NewNoteButton.tsx"
import { SearchField } from "./notes/SearchField.tsx"
import { usePage } from "./page.ts"
import { useNotebook } from "./useNotebook.ts"
import { windowName } from "./windowId.ts"

interface HeaderProps {
  readonly empty: boolean
  readonly historyButton: RefObject<HTMLButtonElement | null>
  readonly onHistory: () => void
  readonly onImport: () => void
  readonly showsHistory: boolean
}

export const Header = ({ empty, historyButton, onHistory, onImport, showsHistory }: HeaderProps) => {
  const { away } = useNotebook()
  return (
    <header>
      <h1>
        Notebook <small>{windowName(usePage().windowId)}</small>
      </h1>
      {!empty && <SearchField />}
      <div className="tools">
        <LayoutSwitch />
        <button type="button" ref={historyButton} aria-expanded={showsHistory} onClick={onHistory}>
          <Icon name="clock" /> <span className="wide">History</span>
        </button>
        <a className="button" href="/_opbus" target="_blank" rel="noreferrer">
          <Icon name="tools" /> <span className="wide">Devtools</span>
        </a>
      </div>
      <div className="work">
        {!empty && (
          <>
            <NewNoteButton />
            <button type="button" onClick={onImport} disabled={away}>
              <Icon name="folder" /> <span className="wide">Import a folder</span>
            </button>
          </>
        )}
        <UndoBar />
      </div>
    </header>
  )
}
