import { RemoteInvoker } from "opbus/remote"
import { over, stacks, Wire } from "./servers.ts"
import { suite } from "./suite.ts"

for (const stack of stacks) {
  for (const serialization of ["ndjson", "binary"] as const) {
    const wire = new Wire()
    suite(
      `HTTP, ${serialization}, ${stack}`,
      over(stack, ({ http: url }) => RemoteInvoker.layerHttp({ url, serialization, fetch: wire.fetch })),
      {
        wire: () => wire.text,
        // The buffers of both ends of the connection.
        buffered: 12,
        loneSurrogates: serialization === "binary" ? "replaced" : "kept"
      }
    )
  }
}
