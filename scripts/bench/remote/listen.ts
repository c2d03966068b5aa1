import { NodeHttpServer } from "@effect/platform-node"
import { RPCHandler } from "@orpc/server/node"
import { createHTTPServer } from "@trpc/server/adapters/standalone"
import * as Context from "effect/Context"
import { HttpRouter, HttpServer } from "effect/http"
import * as Layer from "effect/Layer"
import { RpcSerialization, RpcServer } from "effect/rpc"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { WebSocketServer } from "ws"
import * as OperationHttpServer from "../../../src/node/OperationHttpServer.ts"
import { OperationServer } from "../../../src/remote/index.ts"
import { appLayer, build } from "../harness/app.ts"
import { Complete } from "../harness/operations.ts"
import { complete, Counter, decode, encode, handler, type Task } from "../limit.ts"
import { counter, orpcRouter, Tasks, trpcRouter } from "./peers.ts"
import type { ServerKind } from "./subjects.ts"

const host = "127.0.0.1"

const listening = (server: Server): Promise<number> =>
  new Promise((resolve) => server.listen(0, host, () => resolve((server.address() as AddressInfo).port)))

const operations = OperationServer.layer({ expose: [Complete] }).pipe(
  Layer.provide(appLayer(Complete.toLayer(handler)))
)

/** Routes `/rpc` and `/ws` on Effect's own HTTP server. */
const routed = async <E>(routes: Layer.Layer<never, E, HttpRouter.HttpRouter>): Promise<number> => {
  const context = await build(
    HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
      Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host }))
    )
  )
  return (Context.get(context, HttpServer.HttpServer).address as { readonly port: number }).port
}

const answer = (text: string): string => {
  const task = decode(JSON.parse(text))
  counter.value++
  return JSON.stringify(encode(complete(task)) as Task)
}

export const listen: { readonly [K in ServerKind]: () => Promise<number> } = {
  opbus: async () => {
    const context = await build(OperationHttpServer.layer({ port: 0 }).pipe(Layer.provide(operations)))
    return Context.get(context, OperationHttpServer.OperationHttpServer).port
  },
  routes: () =>
    routed(Layer.merge(OperationServer.layerHttp(), OperationServer.layerWebSocket()).pipe(Layer.provide(operations))),
  effect: () =>
    routed(
      Layer.merge(
        RpcServer.layerHttp({ group: Tasks, path: "/rpc", protocol: "http", disableTracing: true }),
        RpcServer.layerHttp({ group: Tasks, path: "/ws", disableTracing: true })
      ).pipe(
        Layer.provide(Tasks.toLayer({ complete: handler })),
        Layer.provide(RpcSerialization.layerNdjson),
        Layer.provide(Layer.succeed(Counter, counter))
      )
    ),
  trpc: () => listening(createHTTPServer({ router: trpcRouter, basePath: "/rpc/" })),
  orpc: () => {
    const rpc = new RPCHandler(orpcRouter)
    return listening(createServer((request, response) => void rpc.handle(request, response, { prefix: "/rpc" })))
  },
  bare: () => {
    const server = createServer((request, response) => {
      let text = ""
      request.setEncoding("utf8").on("data", (part: string) => text += part).on("end", () => {
        const body = answer(text)
        response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(body) })
        response.end(body)
      })
    })
    new WebSocketServer({ server, path: "/ws" }).on("connection", (socket) => {
      socket.on("message", (data) => {
        const [id, input] = JSON.parse((data as Buffer).toString()) as [number, unknown]
        socket.send(`[${id},${answer(JSON.stringify(input))}]`)
      })
    })
    return listening(server)
  }
}
