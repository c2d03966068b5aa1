import { Layer } from "effect"
import { layerWebSocketConstructorGlobal } from "effect/socket/Socket"
import { Opbus } from "opbus"
import { OpbusProvider } from "opbus/react"
import { BusClient } from "opbus/reactivity"
import { RemoteHistory, RemoteInvoker } from "opbus/remote"
import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "./App.tsx"
import "./style.css"

/** Operations run on the server, as the actor "me": that is whose actions undo takes back. */
const Server = RemoteHistory.layer.pipe(
  Layer.provideMerge(RemoteInvoker.layerWebSocket({
    url: `${location.origin.replace(/^http/, "ws")}/ws`,
    actor: "me"
  })),
  Layer.provide(layerWebSocketConstructorGlobal)
)

const Bus = BusClient.layer.pipe(Layer.provide(Server), Layer.provide(Opbus.layer))

createRoot(document.getElementById("root")!).render(
  <StrictMode>
    <OpbusProvider layer={Bus} fallback={<p className="quiet">Connecting…</p>}>
      <App />
    </OpbusProvider>
  </StrictMode>
)
