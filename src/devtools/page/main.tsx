import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { OpbusProvider } from "../../react/OpbusProvider.ts"
import { App } from "./App.tsx"
import { appBus } from "./connection.ts"
import "./style.css"
import { feed } from "./timeline/feed.ts"
import "./timeline/timeline.css"
import "./operations/operations.css"

feed.start()

const root = document.getElementById("root")
if (root !== null) {
  createRoot(root).render(
    <StrictMode>
      <OpbusProvider bus={appBus}>
        <App />
      </OpbusProvider>
    </StrictMode>
  )
}
