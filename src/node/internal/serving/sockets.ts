import { type WebSocket, WebSocketServer } from "@effect/platform-node/NodeWS"
import type { IncomingMessage } from "node:http"
import type { Duplex } from "node:stream"
import type { Peer } from "../../../remote/internal/connection.ts"
import { type Format, write } from "../../../remote/internal/exchange.ts"
import { admit, type GateOptions } from "../../../remote/internal/gate.ts"
import { Malformed } from "../../../remote/internal/ndjson.ts"
import type { Server } from "../../../remote/internal/server.ts"
import type * as wire from "../../../remote/internal/wire.ts"
import { headersOf } from "./requests.ts"

/** Bytes that may wait in a socket before answers are held back. */
const highWaterMark = 1024 * 1024

/** How much larger than a frame may be what is still read, so that it is refused by name. */
const readable = 4

/**
 * What is spoken at an address, and who may connect.
 *
 * @internal
 */
export interface SocketRoute {
  readonly server: Server
  readonly gate: GateOptions
  readonly format: Format
}

/**
 * Upgrades requests of `node:http` to WebSocket connections and serves them.
 *
 * @internal
 */
export class Sockets {
  private readonly servers = new Map<Server, WebSocketServer>()
  private readonly routes: ReadonlyMap<string, SocketRoute>

  /** `routes`: by path. */
  constructor(routes: ReadonlyMap<string, SocketRoute>) {
    this.routes = routes
    for (const { server } of routes.values()) {
      if (this.servers.has(server)) continue
      this.servers.set(
        server,
        new WebSocketServer({
          noServer: true,
          perMessageDeflate: false,
          maxPayload: readable * server.options.limits.frameSize
        })
      )
    }
  }

  readonly upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    socket.on("error", () => socket.destroy())
    const route = this.routes.get((request.url ?? "/").split("?")[0]!)
    if (route === undefined) return refuse(socket, "404 Not Found", "Not found.")
    const headers = headersOf(request)
    const admission = admit(route.gate, headers, request.socket.remoteAddress, "upgrade")
    if (admission.status !== 200) {
      return refuse(socket, "403 Forbidden", `This connection is not accepted: ${admission.why}.`)
    }
    this.servers.get(route.server)!.handleUpgrade(request, socket, head, (client) => {
      serve(route.server, route.format, client, { headers, local: admission.local })
    })
  }

  /** Ends all connections; what a client does not end in turn is cut off soon. */
  close(): void {
    for (const server of this.servers.values()) {
      for (const client of server.clients) {
        client.close(1001)
        setTimeout(() => client.terminate(), 500).unref()
      }
      server.close()
    }
  }
}

const refuse = (socket: Duplex, status: string, message: string): void => {
  const body = JSON.stringify({ _tag: "Refused", message }) + "\n"
  socket.end(
    `HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
  )
}

/**
 * Serves one socket until it closes; then what runs for it is interrupted.
 *
 * Answers that are ready at the same time go out as one frame. A client that does not read what it is sent is disconnected
 * when four answers wait for each call that it may have running.
 */
const serve = (server: Server, format: Format, socket: WebSocket, peer: Omit<Peer, "codecs">): void => {
  const parser = format.serialization.makeUnsafe()
  const backlog = 4 * server.options.limits.concurrency
  let pending: Array<wire.FromServer> = []
  let scheduled = false

  const flush = (): void => {
    scheduled = false
    if (pending.length === 0 || socket.readyState !== socket.OPEN) return
    // What was sent calls this again when it has left.
    if (socket.bufferedAmount > highWaterMark) return
    const messages = pending
    pending = []
    const frames = write(parser, messages)
    if (frames !== undefined) socket.send(frames, flush)
  }
  const connection = server.connect({
    acks: true,
    send: (message) => {
      // Many answers at once are no sign of a client that does not read: what it has not taken of earlier ones is.
      if (pending.push(message) > backlog) flush()
      if (pending.length > backlog) return socket.terminate()
      if (scheduled) return
      scheduled = true
      queueMicrotask(flush)
    }
  }, { ...peer, codecs: format.codecs })

  const read = (data: string | Uint8Array): ReadonlyArray<unknown> => {
    try {
      return parser.decode(data)
    } catch {
      return [new Malformed("a frame is not in the serialisation that the server speaks, or too large", true)]
    }
  }
  socket.on("message", (data: Buffer, isBinary) => {
    for (const message of read(isBinary ? data : data.toString())) {
      connection.receive(message)
      if (message instanceof Malformed && message.fatal) {
        // The framing is lost: why is still said.
        flush()
        return socket.close(1007)
      }
    }
  })
  socket.on("error", () => socket.terminate())
  socket.on("close", () => {
    pending = []
    connection.close()
  })
}
