import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { internalsOf } from "../../operation/internal/invoker.ts"
import { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { OperationRegistry } from "../../operation/OperationRegistry.ts"
import { defaultLimits } from "../../remote/internal/limits.ts"
import { internalsOf as serverInternals, OperationServer } from "../../remote/OperationServer.ts"
import { type CliFailure, usage } from "./failure.ts"

/** @internal */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Connections at the same time; more are closed as they come. */
const maxConnections = 1_024

/** Milliseconds to receive a whole request. */
const requestTimeout = 60_000

/**
 * Where a server is, by transport.
 *
 * @internal
 */
export const paths = [
  { transport: "http", protocol: "http", path: "/rpc" },
  { transport: "websocket", protocol: "ws", path: "/ws" },
  { transport: "websocket, binary", protocol: "ws", path: "/ws/binary" }
] as const

const routes = HttpRouter.serve(
  Layer.mergeAll(
    OperationServer.layerHttp({ path: "/rpc" }),
    OperationServer.layerWebSocket({ path: "/ws" }),
    OperationServer.layerWebSocket({ path: "/ws/binary", serialization: "binary" })
  ),
  { disableListenLog: true, disableLogger: true }
)

/** @internal */
export interface Listening {
  readonly port: number
  /** Takes no connection any more. */
  readonly close: Effect.Effect<void>
  /** Closes the connections on which nothing happens. */
  readonly closeIdle: Effect.Effect<void>
  /** Interrupts what still runs or watches, and lets it be told. */
  readonly interrupt: Effect.Effect<void>
}

/**
 * Listens for an `OperationServer` over HTTP and WebSocket until the scope closes.
 *
 * @internal
 */
export const listen = (address: Address): Effect.Effect<Listening, CliFailure, Scope.Scope | OperationServer> =>
  Effect.gen(function*() {
    const calls = serverInternals(yield* OperationServer).server
    const server = createServer({ requestTimeout })
    server.maxConnections = maxConnections
    const http = NodeHttpServer.layer(() => server, {
      host: address.host,
      port: address.port,
      gracefulShutdownTimeout: 0,
      websocket: { maxPayload: defaultLimits.frameSize }
    })
    yield* Effect.catchTag(
      Layer.build(Layer.provide(routes, http)),
      "ServeError",
      ({ cause }) => Effect.fail(refusal(address, cause))
    )
    const close = Effect.sync(() => void (server.listening && server.close()))
    // Whoever is still connected when everything has ended has nothing to wait for.
    yield* Effect.addFinalizer(() => Effect.andThen(close, Effect.sync(() => server.closeAllConnections())))
    const { port } = server.address() as AddressInfo
    return {
      port,
      close,
      closeIdle: Effect.sync(() => server.closeIdleConnections()),
      interrupt: Effect.andThen(calls.close, Effect.sleep(pause))
    }
  })

const refusal = ({ host, port }: Address, cause: unknown): CliFailure => {
  const code = (cause as { readonly code?: unknown } | null)?.code
  const why = code === "EADDRINUSE"
    ? `port ${port} of ${host} is in use; choose another one with --port, 0 takes a free one`
    : code === "EACCES"
    ? `this user may not listen on port ${port}; choose one above 1023 with --port`
    : `cannot listen on ${host}: ${code === undefined ? String(cause) : String(code)}; correct --host`
  return usage("Listen", why, cause)
}

/** How often it is looked whether calls have begun while others were waited for. */
const pause = "25 millis"

/**
 * Waits until no operation runs any more. Those who watch are not waited for.
 *
 * @internal
 */
export const idle = ({ closeIdle }: Listening): Effect.Effect<void, never, OperationInvoker | OperationRegistry> =>
  Effect.gen(function*() {
    const internals = internalsOf(yield* OperationInvoker)
    const registry = yield* OperationRegistry
    for (let quiet = 0; quiet < 2;) {
      quiet++
      for (const { key } of yield* registry.list) {
        const waiting = yield* Effect.forkChild(internals.lookup(key)?.awaitIdle ?? Effect.void, {
          startImmediately: true
        })
        if (waiting.pollUnsafe() === undefined) quiet = 0
        yield* Fiber.join(waiting)
      }
      yield* Effect.sleep(pause)
      yield* closeIdle
    }
  })

/** @internal */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)

/** @internal */
export const urlsOf = (host: string, port: number) =>
  paths.map(({ path, protocol, transport }) => ({
    transport,
    url: `${protocol}://${host.includes(":") ? `[${host}]` : host}:${port}${path}`
  }))
