/**
 * Serves operations over HTTP and WebSocket on Node's own server.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { Devtools } from "../devtools/Devtools.ts"
import { formatOf } from "../remote/internal/exchange.ts"
import { makeNdjson } from "../remote/internal/ndjson.ts"
import { internalsOf, OperationServer } from "../remote/OperationServer.ts"
import { type DevtoolsRoutes, devtoolsRoutes } from "./internal/serving/devtools.ts"
import { answerRequests } from "./internal/serving/requests.ts"
import { answerSites } from "./internal/serving/sites.ts"
import { Sockets } from "./internal/serving/sockets.ts"
import type { StaticSite } from "./StaticSite.ts"

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
  /** Pages and other files. An address that none of the above answers belongs to the site with the longest path. */
  readonly sites?: ReadonlyArray<StaticSite> | undefined
  /**
   * Where the page of the devtools is, when `Devtools` is in the context; nobody but this machine reaches it. `false`:
   * nowhere. Default `"/_opbus"`.
   */
  readonly devtools?: string | false | undefined
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
  /** Where the devtools are; `undefined`: nowhere. */
  readonly devtoolsUrl: string | undefined
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
    const devtools = yield* devtoolsOf(paths)
    const sockets = new Sockets(
      new Map([
        [webSocket, { server: calls, gate, format: ndjson }],
        [webSocketBinary, { server: calls, gate, format: binary }],
        ...devtools?.sockets ?? []
      ])
    )
    const sites = paths?.sites ?? []
    const answer = answerRequests(
      endpoint,
      http,
      (request, response) => devtools?.answer(request, response) === true || answerSites(sites, gate, request, response)
    )
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
      const devtools = yield* devtoolsOf(options)
      return {
        host,
        port,
        url: `http://${at}${http}`,
        webSocketUrl: `ws://${at}${webSocket}`,
        devtoolsUrl: devtools === undefined ? undefined : `http://${localName(at)}${devtools.path}`
      }
    })
  )

/** The devtools of the context, where they are wanted. */
const devtoolsOf = (paths: Paths | undefined): Effect.Effect<DevtoolsRoutes | undefined> =>
  Effect.map(
    Effect.serviceOption(Devtools),
    (devtools) =>
      Option.isNone(devtools) || paths?.devtools === false
        ? undefined
        : devtoolsRoutes(devtools.value, paths?.devtools ?? "/_opbus")
  )

/** By the address of all interfaces nobody is reached. */
const localName = (at: string): string => at.replace(/^(?:0\.0\.0\.0|\[::\])(?=:)/, "127.0.0.1")

const pathsOf = ({ http = "/rpc", webSocket = "/ws", webSocketBinary = "/ws/binary" }: Paths = {}) => ({
  http,
  webSocket,
  webSocketBinary
})
