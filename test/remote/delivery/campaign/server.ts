/**
 * The process that applies what is delivered.
 *
 *     node server.ts <database> <port> <joined|apart>
 */
import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { createServer } from "node:http"
import { OperationInvoker, OperationRegistry } from "opbus/operation"
import { OperationServer } from "opbus/remote/OperationServer"
import { consumer, Count, listenForMoments, say } from "./application.ts"

const [file, port, mode] = process.argv.slice(2) as [string, string, string]

const app = consumer(file, listenForMoments(), mode === "joined").pipe(
  Layer.provideMerge(OperationInvoker.layer.pipe(Layer.provideMerge(OperationRegistry.layer)))
)
const routes = OperationServer.layerHttp().pipe(
  Layer.provide(OperationServer.layer({ expose: [Count] })),
  Layer.provide(app)
)
const ready = Layer.effectDiscard(Effect.map(HttpServer.HttpServer, ({ address }) => {
  say(`ready ${address._tag === "UnixPathAddress" ? 0 : address.port}`)
}))
const main = Layer.mergeAll(HttpRouter.serve(routes, { disableLogger: true, disableListenLog: true }), ready).pipe(
  Layer.provide(NodeHttpServer.layer(createServer, { port: Number(port), host: "127.0.0.1" }))
)
await Effect.runPromise(Layer.launch(main)).catch((error) => say(`broken ${String(error).split("\n")[0]}`))
