import { NodeHttpServer } from "@effect/platform-node"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { HttpRouter } from "effect/http"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as Scope from "effect/Scope"
import { Socket } from "effect/socket"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { OperationHttpServer } from "opbus/node"
import { OperationInvoker, OperationRegistry, type RemoteInvoker } from "opbus/operation"
import { OperationServer } from "opbus/remote"
import { Exposed } from "./definitions.ts"
import { Handlers } from "./handlers.ts"

type ServerOptions = Partial<Parameters<typeof OperationServer.layer<never>>[0]>

/** A server of the suite's operations, over a bus of its own. */
export const server = (
  options: ServerOptions = {}
): Layer.Layer<OperationServer | OperationInvoker | OperationRegistry> =>
  OperationServer.layer<never>({ expose: [Exposed], ...options }).pipe(
    Layer.provideMerge(Handlers),
    Layer.provideMerge(OperationInvoker.layer),
    Layer.provideMerge(OperationRegistry.layer),
    // What handlers die of is the server's to log.
    Layer.provide(Logger.layer([]))
  )

/** Where a listening server is. */
export interface Address {
  readonly port: number
  readonly http: string
  readonly webSocket: (serialization: "ndjson" | "binary") => string
}

const addressOf = (port: number): Address => ({
  port,
  http: `http://127.0.0.1:${port}/rpc`,
  webSocket: (serialization) => `ws://127.0.0.1:${port}/ws${serialization === "binary" ? "/binary" : ""}`
})

/** The two ways to listen: routes of Effect's server, and the server that serves nothing but operations. */
export const stacks = ["HttpRouter", "OperationHttpServer"] as const

export type Stack = (typeof stacks)[number]

const routes = Layer.mergeAll(
  OperationServer.layerHttp(),
  OperationServer.layerWebSocket(),
  OperationServer.layerWebSocket({ path: "/ws/binary", serialization: "binary" })
)

/** Listens for an operation server, and says where. */
export const listen = (
  stack: Stack,
  host = "127.0.0.1"
): Effect.Effect<Address, unknown, OperationServer | Scope.Scope> =>
  stack === "HttpRouter"
    ? Effect.gen(function*() {
      const node = createServer()
      yield* Layer.build(
        HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
          Layer.provideMerge(NodeHttpServer.layer(() => node, { port: 0, host, gracefulShutdownTimeout: 500 }))
        )
      )
      return addressOf((node.address() as AddressInfo).port)
    })
    : Effect.map(
      Layer.build(OperationHttpServer.layer({ port: 0, host })),
      (context) => addressOf(Context.get(context, OperationHttpServer.OperationHttpServer).port)
    )

/** A client of a server that lives as long as it does. */
export const over = (
  stack: Stack,
  client: (address: Address) => Layer.Layer<RemoteInvoker>
): Layer.Layer<RemoteInvoker, unknown> => Layer.unwrap(Effect.map(listen(stack), client)).pipe(Layer.provide(server()))

/** What came over the wire, as text: bytes that are no text stay recognisable. */
export class Wire {
  text = ""

  add(data: unknown): void {
    this.text += typeof data === "string" ? data : Buffer.from(data as Uint8Array).toString("latin1")
    if (this.text.length > 50_000_000) this.text = this.text.slice(-1_000_000)
  }

  /** A fetch that keeps what it receives. */
  readonly fetch: typeof globalThis.fetch = async (input, init) => {
    const response = await globalThis.fetch(input, init)
    const { body } = response
    if (body === null) return response
    const seen = body.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform: (chunk, controller) => {
          this.add(chunk)
          controller.enqueue(chunk)
        }
      })
    )
    return new Response(seen, response)
  }

  readonly webSockets: Layer.Layer<Socket.WebSocketConstructor> = Layer.succeed(
    Socket.WebSocketConstructor,
    (url, options) => {
      const socket = new globalThis.WebSocket(url, options as string)
      socket.addEventListener("message", ({ data }) => {
        if (data instanceof Blob) void data.arrayBuffer().then((bytes) => this.add(new Uint8Array(bytes)))
        else this.add(data instanceof ArrayBuffer ? new Uint8Array(data) : data)
      })
      return socket
    }
  )
}
