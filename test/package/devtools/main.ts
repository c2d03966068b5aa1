/** Serves the devtools from the installed package, where no bundler is, and looks at the page. */
import { Effect, Layer } from "effect"
import { strict as assert } from "node:assert"
import { Opbus } from "opbus"
import { Devtools } from "opbus/devtools"
import { OperationHttpServer } from "opbus/node"
import { OperationServer } from "opbus/remote"

await assert.rejects(import("esbuild" as string), { code: "ERR_MODULE_NOT_FOUND" })

const server = OperationHttpServer.layer({ port: 0 }).pipe(
  Layer.provide([OperationServer.layer({ expose: [] }), Devtools.layer({ expose: [] })]),
  Layer.provide(Opbus.layer)
)

const look = Effect.gen(function*() {
  const { devtoolsUrl } = yield* OperationHttpServer.OperationHttpServer
  const get = (url: string) => Effect.promise(() => fetch(new URL(url, devtoolsUrl)))
  const page = yield* get("")
  assert.equal(page.status, 200)
  const html = yield* Effect.promise(() => page.text())
  const assets = Array.from(html.matchAll(/(?:src|href)="(\/[^"]+)"/g), ([, url]) => url!)
  assert.ok(assets.length >= 2)
  for (const asset of assets) assert.equal((yield* get(asset)).status, 200)
  console.log(`ok: ${assets.length} files`)
})

await Effect.runPromise(Effect.provide(look, server))
