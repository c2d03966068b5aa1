/**
 * `npm start`: the page at /, the operations at /rpc and /ws, the devtools at /_opbus.
 */
import { NodeRuntime } from "@effect/platform-node"
import { Console, Effect, Layer } from "effect"
import { fileURLToPath } from "node:url"
import { Devtools } from "opbus/devtools"
import { OperationHttpServer, PageBundle } from "opbus/node"
import { OperationServer } from "opbus/remote"
import App, { expose } from "./app.ts"

const port = Number(process.env["PORT"] ?? 4400)

/** Only this machine is answered; docs/security.md of opbus says how to let others in. */
const Server = Layer.unwrap(Effect.gen(function*() {
  const page = yield* PageBundle.make({
    entry: fileURLToPath(new URL("page/main.tsx", import.meta.url)),
    title: "To-dos",
    cache: "node_modules/.cache/opbus"
  })
  return OperationHttpServer.OperationHttpServer.pipe(
    Effect.flatMap(({ url }) => {
      const { origin } = new URL(url)
      return Console.log(`To-dos    ${origin}\nDevtools  ${origin}/_opbus\n\nCtrl-C ends it.`)
    }),
    Layer.effectDiscard,
    Layer.provide(OperationHttpServer.layer({ port, sites: [page] })),
    Layer.provide(OperationServer.layer({ expose, observe: true })),
    Layer.provide(Devtools.layer({ expose, title: "To-dos" })),
    Layer.provide(App)
  )
}))

NodeRuntime.runMain(Layer.launch(Server))
