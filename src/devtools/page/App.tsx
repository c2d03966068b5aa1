import { type ComponentType, type ReactElement, useEffect, useRef } from "react"
import { useConnection } from "../../react/useConnection.ts"
import { Catalogue } from "../DevtoolsOperations.ts"
import { type Connection, useLatest } from "./connection.ts"
import { ErrorBoundary } from "./ErrorBoundary.tsx"
import { HistoryPanel } from "./history/HistoryPanel.tsx"
import { OperationsPanel } from "./operations/OperationsPanel.tsx"
import { RemotePanel } from "./remote/RemotePanel.tsx"
import { hrefOf, type Panel, panels, useRoute } from "./route.ts"
import { ServicesPanel } from "./services/ServicesPanel.tsx"
import { ExportButton } from "./session/ExportButton.tsx"
import { TimelinePanel } from "./timeline/TimelinePanel.tsx"
import { Icon } from "./ui/icons.tsx"
import { plain } from "./ui/text.ts"
import { Text } from "./ui/Text.tsx"

const titles: { readonly [P in Panel]: string } = {
  timeline: "Timeline",
  operations: "Operations",
  history: "History",
  remote: "Remote",
  services: "Services"
}

const components: { readonly [P in Panel]: ComponentType } = {
  timeline: TimelinePanel,
  operations: OperationsPanel,
  history: HistoryPanel,
  remote: RemotePanel,
  services: ServicesPanel
}

/** The page: what it shows, whether that is up to date, and the ways to its panels. */
export const App = (): ReactElement => {
  const { panel } = useRoute()
  const { value } = useLatest(Catalogue, undefined)
  const connection = useConnection()
  const title = value?.app.title ?? "opbus"
  const main = useRef<HTMLElement>(null)
  const shown = useRef(panel)
  useEffect(() => {
    document.title = `${titles[panel]} – ${plain(title, 80)} – opbus devtools`
  }, [panel, title])
  useEffect(() => {
    // Whoever came by keyboard goes on in the panel, not at the top of the page.
    if (shown.current !== panel) main.current?.focus()
    shown.current = panel
  }, [panel])
  const Shown = components[panel]
  return (
    <div className="app">
      <a
        className="skip-link"
        href={hrefOf(panel)}
        onClick={(event) => {
          event.preventDefault()
          main.current?.focus()
        }}
      >
        Skip to the content
      </a>
      <header className="app-header">
        <h1 className="app-title">
          <Icon name="bus" size={18} />
          <Text value={title} limit={80} truncate />
          <span className="visually-hidden">devtools</span>
        </h1>
        <nav className="app-nav" aria-label="Panels">
          <ul>
            {panels.map((name) => (
              <li key={name}>
                <a href={hrefOf(name)} {...(name === panel ? { "aria-current": "page" as const } : {})}>
                  {titles[name]}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div className="app-tools">
          <ConnectionState connection={connection} />
          <ExportButton />
        </div>
      </header>
      {connection === "disconnected"
        ? (
          <p className="banner" data-tone="bad">
            <Icon name="alert" />
            The application cannot be reached. What is shown is from before; the page goes on by itself when it is back.
          </p>
        )
        : null}
      <main className="app-main" ref={main} tabIndex={-1} aria-label={titles[panel]}>
        <ErrorBoundary key={panel}>
          <Shown />
        </ErrorBoundary>
      </main>
    </div>
  )
}

const words: { readonly [C in Connection]: string } = {
  connecting: "Connecting…",
  connected: "Connected",
  disconnected: "Disconnected"
}

const ConnectionState = ({ connection }: { readonly connection: Connection }): ReactElement => (
  <div className="connection" data-state={connection} role="status">
    <span className="connection-dot" aria-hidden="true" />
    <span className="connection-word">{words[connection]}</span>
  </div>
)
