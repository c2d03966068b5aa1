import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Deployer } from "opbus/node"
import { RemoteInvoker } from "opbus/remote"
import { Exposed } from "./definitions.ts"
import { Wire } from "./servers.ts"
import { suite } from "./suite.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "opbus-conformance-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const deployed = Effect.gen(function*() {
  const built = yield* Deployer.build({
    app: fileURLToPath(new URL("edgeApp.ts", import.meta.url)),
    operations: Array.from(Exposed.operations.keys()),
    target: "workerd",
    out: yield* folder,
    name: "conformance"
  })
  return yield* Deployer.start(built)
})

const wire = new Wire()

suite(
  "workerd",
  Layer.unwrap(
    Effect.map(deployed, ({ endpoint: url }) => RemoteInvoker.layerHttp({ url, fetch: wire.fetch }))
  ),
  {
    wire: () => wire.text,
    // A worker's frame has at most 4 MiB, and it bears 64 calls of one request.
    large: 2_000_000,
    concurrent: 64,
    buffered: 12
  }
)
