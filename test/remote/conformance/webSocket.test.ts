import * as Layer from "effect/Layer"
import { RemoteInvoker } from "opbus/remote"
import { over, stacks, Wire } from "./servers.ts"
import { suite } from "./suite.ts"

for (const stack of stacks) {
  for (const serialization of ["ndjson", "binary"] as const) {
    const wire = new Wire()
    suite(
      `WebSocket, ${serialization}, ${stack}`,
      over(
        stack,
        ({ webSocket }) =>
          RemoteInvoker.layerWebSocket({ url: webSocket(serialization), serialization }).pipe(
            Layer.provide(wire.webSockets)
          )
      ),
      { wire: () => wire.text, loneSurrogates: serialization === "binary" ? "replaced" : "kept" }
    )
  }
}
