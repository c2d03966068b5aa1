import { NodeHttpClient } from "@effect/platform-node"
import { createORPCClient } from "@orpc/client"
import { RPCLink } from "@orpc/client/fetch"
import type { RouterClient } from "@orpc/server"
import { createTRPCClient, httpBatchLink, httpLink } from "@trpc/client"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { FetchHttpClient, type HttpClient } from "effect/http"
import * as Layer from "effect/Layer"
import { RpcClient, RpcSerialization } from "effect/rpc"
import * as Scope from "effect/Scope"
import { Socket } from "effect/socket"
import { Agent, request } from "node:http"
import { OperationInvoker, OperationRegistry } from "../../../src/index.ts"
import * as NodeHttpTransport from "../../../src/node/NodeHttpTransport.ts"
import { type HttpTransport, RemoteInvoker } from "../../../src/remote/index.ts"
import { build, forever } from "../harness/app.ts"
import { Complete } from "../harness/operations.ts"
import { decode, type Task } from "../limit.ts"
import { type Caller, inFibers, inLoops } from "./load.ts"
import { type orpcRouter, Tasks, type trpcRouter } from "./peers.ts"
import type { HttpSubject, SocketSubject } from "./subjects.ts"

const opbus = async (remote: Layer.Layer<RemoteInvoker.RemoteInvoker>): Promise<Caller> => {
  const context = await build(
    OperationInvoker.layer.pipe(Layer.provideMerge(OperationRegistry.layer), Layer.provideMerge(remote))
  )
  const { invokeRemote } = Context.get(context, OperationInvoker)
  return inFibers(context, (task) => invokeRemote(Complete, task))
}

const opbusHttp = (port: number, transport?: HttpTransport.HttpTransport): Promise<Caller> =>
  opbus(RemoteInvoker.layerHttp({ url: `http://127.0.0.1:${port}/rpc`, transport }))

const opbusSocket = (port: number): Promise<Caller> =>
  opbus(
    RemoteInvoker.layerWebSocket({ url: `ws://127.0.0.1:${port}/ws` }).pipe(
      Layer.provide(Socket.layerWebSocketConstructorGlobal)
    )
  )

const effect = async (protocol: Layer.Layer<RpcClient.Protocol>): Promise<Caller> => {
  const client = await Effect.runPromise(
    RpcClient.make(Tasks, { disableTracing: true }).pipe(
      Effect.provideContext(await build(protocol)),
      Effect.provideService(Scope.Scope, forever)
    )
  )
  return inFibers(Context.empty(), (task) => client.complete(task))
}

const effectHttp = (
  port: number,
  client: Layer.Layer<HttpClient.HttpClient>,
  batch?: { readonly window: number }
): Promise<Caller> =>
  effect(
    RpcClient.layerProtocolHttp({ url: `http://127.0.0.1:${port}/rpc`, batch }).pipe(
      Layer.provide([client, RpcSerialization.layerNdjson])
    )
  )

/** A client of `node:http` with connections that are kept. */
const bare = (port: number): Caller => {
  const agent = new Agent({ keepAlive: true })
  const options = { host: "127.0.0.1", port, path: "/rpc", method: "POST", agent }
  return inLoops((task) =>
    new Promise<unknown>((resolve, reject) => {
      const body = JSON.stringify(task)
      const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
      request({ ...options, headers }, (response) => {
        let text = ""
        response.setEncoding("utf8").on("data", (part: string) => text += part)
        response.on("end", () => resolve(decode(JSON.parse(text))))
      }).on("error", reject).end(body)
    })
  )
}

const bareFetch = (port: number): Caller =>
  inLoops(async (task) => {
    const response = await fetch(`http://127.0.0.1:${port}/rpc`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(task)
    })
    return decode(await response.json())
  })

const bareSocket = async (port: number): Promise<Caller> => {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/ws`)
  await new Promise((resolve) => socket.addEventListener("open", resolve))
  const waiting = new Map<number, (task: Task) => void>()
  let next = 0
  socket.addEventListener("message", ({ data }) => {
    const [id, output] = JSON.parse(data as string) as [number, unknown]
    waiting.get(id)!(decode(output))
    waiting.delete(id)
  })
  return inLoops((task) =>
    new Promise((resolve) => {
      waiting.set(next, resolve)
      socket.send(JSON.stringify([next++, task]))
    })
  )
}

type Callers<S extends string> = { readonly [N in S]: (port: number) => Caller | Promise<Caller> }

export const httpCallers: Callers<HttpSubject> = {
  opbus: (port) => opbusHttp(port, NodeHttpTransport.make()),
  "opbus, fetch and routes": (port) => opbusHttp(port),
  "effect/rpc": (port) => effectHttp(port, NodeHttpClient.layerNodeHttp),
  "effect/rpc, fetch": (port) => effectHttp(port, FetchHttpClient.layer),
  "effect/rpc, batched 1 ms": (port) => effectHttp(port, NodeHttpClient.layerNodeHttp, { window: 1 }),
  tRPC: (port) => {
    const client = createTRPCClient<typeof trpcRouter>({ links: [httpLink({ url: `http://127.0.0.1:${port}/rpc` })] })
    return inLoops((task) => client.complete.mutate(task))
  },
  "tRPC, batched": (port) => {
    const link = httpBatchLink({ url: `http://127.0.0.1:${port}/rpc` })
    const client = createTRPCClient<typeof trpcRouter>({ links: [link] })
    return inLoops((task) => client.complete.mutate(task))
  },
  oRPC: (port) => {
    const client: RouterClient<typeof orpcRouter> = createORPCClient(
      new RPCLink({ url: `http://127.0.0.1:${port}/rpc` })
    )
    return inLoops((task) => client.complete(task))
  },
  "node:http, fetch": bareFetch,
  "node:http": bare
}

export const socketCallers: Callers<SocketSubject> = {
  opbus: opbusSocket,
  "opbus, routes": opbusSocket,
  "effect/rpc": (port) =>
    effect(
      RpcClient.layerProtocolSocket().pipe(
        Layer.provide(Socket.layerWebSocket(`ws://127.0.0.1:${port}/ws`)),
        Layer.provide([Socket.layerWebSocketConstructorGlobal, RpcSerialization.layerNdjson])
      )
    ),
  ws: bareSocket
}
