import { OpbusProvider } from "opbus/react"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./App.tsx"
import { makePage, PageContext } from "./page.ts"
import "./style.css"
import { takeWindowId } from "./windowId.ts"

const page = makePage(await takeWindowId())

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <PageContext value={page}>
      <OpbusProvider bus={page.bus}>
        <App />
      </OpbusProvider>
    </PageContext>
  </StrictMode>
)
