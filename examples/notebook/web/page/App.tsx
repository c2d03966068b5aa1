import { useRef, useState } from "react"
import { ConnectionBanner } from "./ConnectionBanner.tsx"
import { Drag } from "./drag/Drag.tsx"
import { Editor } from "./editor/Editor.tsx"
import { EmptyNotebook } from "./EmptyNotebook.tsx"
import { Header } from "./Header.tsx"
import { HistoryDrawer } from "./history/HistoryDrawer.tsx"
import { useUndoKeys } from "./history/useUndo.ts"
import { ImportDialog } from "./import/ImportDialog.tsx"
import { useLayoutMode } from "./layout/LayoutSwitch.tsx"
import { Deck } from "./notes/Deck.tsx"
import { NotesPane } from "./notes/NotesPane.tsx"
import { Sidebar } from "./notes/Sidebar.tsx"
import { Toasts } from "./Toasts.tsx"
import { NotebookContext, useNotebookState } from "./useNotebook.ts"

export const App = () => {
  const notebook = useNotebookState()
  const mode = useLayoutMode()
  const [importing, setImporting] = useState(false)
  const [showsHistory, setShowsHistory] = useState(false)
  const historyButton = useRef<HTMLButtonElement>(null)
  useUndoKeys()

  const { collections, loading, notes, openId } = notebook
  const empty = !loading && notes.length === 0 && collections.length === 0
  return (
    <NotebookContext value={notebook}>
      <div className="app" data-layout={mode} data-open={openId !== undefined}>
        <Header
          empty={empty}
          historyButton={historyButton}
          onHistory={() => setShowsHistory(!showsHistory)}
          onImport={() => setImporting(true)}
          showsHistory={showsHistory}
        />
        <ConnectionBanner />
        <main>
          {empty ? <EmptyNotebook onImport={() => setImporting(true)} /> : (
            <Drag>
              {mode !== "solo" && <Sidebar />}
              {(mode === "list" || (mode === "solo" && openId === undefined)) && <NotesPane />}
              {mode === "deck" && <Deck />}
              {(mode === "list" || openId !== undefined) && <Editor />}
            </Drag>
          )}
          {showsHistory && (
            <HistoryDrawer
              onClose={() => {
                setShowsHistory(false)
                historyButton.current?.focus()
              }}
            />
          )}
        </main>
        {importing && <ImportDialog onClose={() => setImporting(false)} />}
        <Toasts />
      </div>
    </NotebookContext>
  )
}
