/**
 * Serves operations over HTTP and WebSocket on Node's own server.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { formatOf } from "../remote/internal/exchange.ts"
import { makeNdjson } from "../remote/internal/ndjson.ts"
import { internalsOf, OperationServer } from "../remote/OperationServer.ts"
import { answerRequests } from "./internal/serving/requests.ts"
import { Sockets } from "./internal/serving/sockets.ts"

/**
 * Where operations are served.
 *
 * @category models
 * @since 0.1.0
 */
export interface Paths {
  /** `POST` takes frames here, and one plain JSON call below it. Default `"/rpc"`. */
  readonly http?: string | undefined
  /** WebSocket connections that speak newline-delimited JSON. Default `"/ws"`. */
  readonly webSocket?: string | undefined
  /** WebSocket connections that speak the binary serialisation. Default `"/ws/binary"`. */
  readonly webSocketBinary?: string | undefined
}

/**
 * How a server listens.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options extends Paths {
  /** `0` takes a free one. */
  readonly port: number
  /** Default `"127.0.0.1"`: nobody but this machine. */
  readonly host?: string | undefined
}

/**
 * A server cannot listen where it should.
 *
 * @category errors
 * @since 0.1.0
 */
export class ListenError extends Data.TaggedError("ListenError")<{
  readonly host: string
  readonly port: number
  readonly cause: unknown
}> {
  override get message(): string {
    const { code, message } = this.cause as { readonly code?: unknown; readonly message: string }
    const why = typeof code === "string" ? code : message
    return `Cannot listen on ${this.host}:${this.port} (${why}). Choose another host or port; port 0 takes a free one.`
  }
}

/**
 * A server that listens.
 *
 * **When to use**
 *
 * Use where nothing but operations is served: `OperationHttpServer.layer({ port: 4400 }).pipe(Layer.provide(OperationServer.layer({ expose: [Notes] })))`.
 * A server with routes of its own takes `OperationServer.layerHttp` and `OperationServer.layerWebSocket`, which cost more
 * per call.
 *
 * @category services
 * @since 0.1.0
 */
export class OperationHttpServer extends Context.Service<OperationHttpServer, {
  readonly host: string
  readonly port: number
  /** Where HTTP clients call. */
  readonly url: string
  /** Where WebSocket clients connect. */
  readonly webSocketUrl: string
}>()("opbus/node/OperationHttpServer") {}

/**
 * Answers the requests and upgrades of a server of `node:http`. When the scope closes, connections are ended.
 *
 * **When to use**
 *
 * Use when the server is made and listens elsewhere. It must have no other listeners for requests.
 *
 * @category running
 * @since 0.1.0
 */
export const attach = (
  server: Http.Server,
  paths?: Paths
): Effect.Effect<void, never, OperationServer | Scope.Scope> =>
  Effect.gen(function*() {
    const { binary, endpoint, gate, server: calls } = internalsOf(yield* OperationServer)
    const ndjson = formatOf(makeNdjson(calls.options.limits.frameSize))
    const { http, webSocket, webSocketBinary } = pathsOf(paths)
    const sockets = new Sockets(calls, gate, new Map([[webSocket, ndjson], [webSocketBinary, binary]]))
    const answer = answerRequests(endpoint, http)
    yield* Effect.acquireRelease(
      Effect.sync(() => void server.on("request", answer).on("upgrade", sockets.upgrade)),
      () =>
        Effect.sync(() => {
          server.off("request", answer).off("upgrade", sockets.upgrade)
          sockets.close()
        })
    )
  })

/**
 * A server of its own that listens until the scope closes.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<OperationHttpServer, ListenError, OperationServer> =>
  Layer.effect(
    OperationHttpServer,
    Effect.gen(function*() {
      const host = options.host ?? "127.0.0.1"
      const server = Http.createServer({ requestTimeout: 60_000 })
      yield* Effect.addFinalizer(() =>
        Effect.callback<void>((resume) => {
          if (!server.listening) return resume(Effect.void)
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
      )
      yield* attach(server, options)
      yield* Effect.callback<void, ListenError>((resume) => {
        const failed = (cause: unknown) => resume(Effect.fail(new ListenError({ host, port: options.port, cause })))
        server.once("error", failed)
        server.listen(options.port, host, () => {
          server.off("error", failed)
          resume(Effect.void)
        })
      })
      const { port } = server.address() as AddressInfo
      const at = `${host.includes(":") ? `[${host}]` : host}:${port}`
      const { http, webSocket } = pathsOf(options)
      return { host, port, url: `http://${at}${http}`, webSocketUrl: `ws://${at}${webSocket}` }
    })
  )

const pathsOf = ({ http = "/rpc", webSocket = "/ws", webSocketBinary = "/ws/binary" }: Paths = {}) => ({
  http,
  webSocket,
  webSocketBinary
})
