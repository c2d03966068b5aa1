import * as Layer from "effect/Layer"
import { RemoteInvoker } from "opbus/remote"
import { server } from "./servers.ts"
import { suite } from "./suite.ts"

for (const serialization of ["ndjson", "binary"] as const) {
  suite(
    `in process, ${serialization}`,
    RemoteInvoker.layerInProcess({ serialization }).pipe(Layer.provide(server())),
    { loneSurrogates: serialization === "binary" ? "replaced" : "kept" }
  )
}
