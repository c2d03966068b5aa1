import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Devtools } from "../../devtools/Devtools.ts"
import * as OperationHttpServer from "../../node/OperationHttpServer.ts"
import { internalsOf as serverInternals, OperationServer } from "../../remote/OperationServer.ts"
import { type CliFailure, usage } from "./failure.ts"

export { Devtools }

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

/** @internal */
export interface Listening {
  readonly port: number
  /** Takes no connection and no call any more, and waits for the operations that run. */
  readonly drain: Effect.Effect<void>
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
    const operations = yield* OperationServer
    const devtools = yield* Effect.serviceOption(Devtools)
    const servers = [operations, ...(Option.isNone(devtools) ? [] : [devtools.value.app, devtools.value.tools])]
    const server = createServer({ requestTimeout })
    server.maxConnections = maxConnections
    yield* OperationHttpServer.attach(server)
    const close = Effect.sync(() => void (server.listening && server.close()))
    // Whoever is still connected when everything has ended has nothing to wait for.
    yield* Effect.addFinalizer(() => Effect.andThen(close, Effect.sync(() => server.closeAllConnections())))
    yield* Effect.callback<void, CliFailure>((resume) => {
      const failed = (cause: unknown) => resume(Effect.fail(refusal(address, cause)))
      server.once("error", failed)
      server.listen(address.port, address.host, () => {
        server.off("error", failed)
        resume(Effect.void)
      })
    })
    const { port } = server.address() as AddressInfo
    return {
      port,
      drain: close.pipe(
        Effect.andThen(Effect.forEach(servers, ({ drain }) => drain, { concurrency: "unbounded" })),
        Effect.andThen(Effect.sync(() => server.closeIdleConnections()))
      ),
      interrupt: Effect.andThen(
        Effect.forEach(servers, (one) => serverInternals(one).server.close, { concurrency: "unbounded" }),
        Effect.sleep(pause)
      )
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

/** Answers leave in the turns of the event loop after the last call has ended. */
const pause = "25 millis"

/** @internal */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)

/**
 * Whether who calls a loopback address of this machine reaches what listens there.
 *
 * @internal
 */
export const isReachedLocally = (host: string): boolean => isLoopback(host) || host === "0.0.0.0" || host === "::"

/** @internal */
export const urlsOf = (host: string, port: number, devtools: boolean) => {
  const name = host.includes(":") ? `[${host}]` : host
  // Only by a local name do the devtools answer.
  const local = isLoopback(host) ? name : "127.0.0.1"
  return [
    ...paths.map(({ path, protocol, transport }) => ({ transport, url: `${protocol}://${name}:${port}${path}` })),
    ...(devtools ? [{ transport: "devtools", url: `http://${local}:${port}/_opbus` }] : [])
  ]
}
