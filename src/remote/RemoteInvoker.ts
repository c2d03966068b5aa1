/**
 * The transports behind `invokeRemote`.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import type * as Worker from "effect/workers/Worker"
import type { WorkerError } from "effect/workers/WorkerError"
import { RpcClient, RpcSerialization } from "../internal/effect/rpc.ts"
import { ConnectionWatch, withRemoteInternals } from "../operation/internal/remoteInternals.ts"
import { RemoteInvoker } from "../operation/RemoteInvoker.ts"
import { DeploymentRegistry } from "./DeploymentRegistry.ts"
import type { HttpTransport } from "./HttpTransport.ts"
import { Client } from "./internal/client.ts"
import { makeDeploymentsInvoker } from "./internal/deploymentsInvoker.ts"
import { type Format, formatOf } from "./internal/exchange.ts"
import { HttpChannel } from "./internal/httpChannel.ts"
import { makeInProcessChannel } from "./internal/inProcessChannel.ts"
import { makeNdjson } from "./internal/ndjson.ts"
import { makeProtocolChannel } from "./internal/protocolChannel.ts"
import { type ClientOptions, makeRemoteInvoker } from "./internal/remoteInvoker.ts"
import { makeSocketChannel } from "./internal/socketChannel.ts"
import { internalsOf, OperationServer, type Serialization } from "./OperationServer.ts"

export { RemoteInvoker }

/**
 * How a client presents itself, and what it speaks.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Must be that of the server. Default `"ndjson"`. */
  readonly serialization?: Serialization | undefined
  /** A secret that groups this client's calls and finds its history again. Default: a new random one. */
  readonly session?: string | undefined
  /** On whose behalf it calls. Believed only by a server that has no authorizer, on the same machine. */
  readonly actor?: string | undefined
  /** Who keeps the history of its calls, if the server leaves the choice. Default `"server"`. */
  readonly history?: "server" | "client" | undefined
}

/**
 * How an HTTP client calls.
 *
 * @category models
 * @since 0.1.0
 */
export interface HttpOptions extends Options {
  readonly url: string
  /** Sent with every request, for example a token. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Default: the platform's. */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** What carries the requests, instead of `fetch`: on Node `NodeHttpTransport.make()` of `opbus/node` is faster. */
  readonly transport?: HttpTransport | undefined
  /** Calls made in the same turn of the event loop share a request, at most so many. Default 64; 1 turns it off. */
  readonly batch?: number | undefined
}

/**
 * How calls reach a worker.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerOptions extends Omit<Options, "serialization"> {
  /** How many workers share the calls. Default 1. */
  readonly size?: number | undefined
  /** How many calls one worker has at the same time; further ones wait. Default 256. */
  readonly concurrency?: number | undefined
}

/**
 * How a WebSocket client calls.
 *
 * @category models
 * @since 0.1.0
 */
export interface WebSocketOptions extends Options {
  readonly url: string
  /** How long a silent connection is believed. Default 10 seconds. */
  readonly pingInterval?: Duration.Input | undefined
}

/**
 * Calls over HTTP.
 *
 * **When to use**
 *
 * Use where connections do not last, or go through what only knows HTTP. Calls that are made together share a request;
 * a single one never waits for others.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerHttp = (options: HttpOptions): Layer.Layer<RemoteInvoker> =>
  Layer.effect(RemoteInvoker, makeHttp(options))

const makeHttp = (options: HttpOptions) =>
  Effect.gen(function*() {
    const client = new Client()
    const identity = identityOf(options)
    const channel = new HttpChannel(yield* format(options.serialization), client, {
      url: options.url,
      fetch: options.fetch ?? globalThis.fetch,
      transport: options.transport,
      headers: { ...options.headers, "opbus-client": identity.session },
      batch: Math.max(1, options.batch ?? 64)
    })
    client.channel = channel
    yield* Effect.addFinalizer(() => Effect.sync(() => channel.close()))
    return makeRemoteInvoker(client, identity)
  })

/**
 * Calls each operation over HTTP where the `DeploymentRegistry` says that its key and version are deployed.
 *
 * **Details**
 *
 * The version is that of the caller's definition, or `version` of the call. A key that is not deployed fails with
 * `RemoteFunctionNotFound`, and a deployment whose schemas do not fit the caller's with `Incompatible`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDeployments = (
  options?: Omit<HttpOptions, "url">
): Layer.Layer<RemoteInvoker, never, DeploymentRegistry> =>
  Layer.effect(
    RemoteInvoker,
    Effect.gen(function*() {
      const registry = yield* DeploymentRegistry
      const scope = yield* Effect.scope
      const session = options?.session ?? globalThis.crypto.randomUUID()
      return withRemoteInternals(
        makeDeploymentsInvoker(registry, (url) => Scope.provide(makeHttp({ ...options, session, url }), scope)),
        { history: options?.history ?? "server" }
      )
    })
  )

/**
 * Calls over a WebSocket connection, which is made anew when it breaks.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWebSocket = (
  options: WebSocketOptions
): Layer.Layer<RemoteInvoker, never, Socket.WebSocketConstructor> =>
  Layer.effect(
    RemoteInvoker,
    Effect.gen(function*() {
      const client = new Client()
      const socket = yield* Socket.makeWebSocket(options.url)
      const watch = new ConnectionWatch()
      client.channel = yield* makeSocketChannel(yield* format(options.serialization), client, socket, {
        url: options.url,
        pingInterval: Duration.fromInputUnsafe(options.pingInterval ?? "10 seconds"),
        watch
      })
      return makeRemoteInvoker(client, identityOf(options), watch)
    })
  )

/**
 * Calls worker threads, or whatever else the platform's `Spawner` starts.
 *
 * **When to use**
 *
 * Use with `NodeWorker.layer(() => new Worker(file))` or `BrowserWorker.layer(…)`. The worker serves with
 * `OperationServer.layerProtocol` over `RpcServer.layerProtocolWorkerRunner`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWorker = (
  options?: WorkerOptions
): Layer.Layer<RemoteInvoker, WorkerError, Worker.WorkerPlatform | Worker.Spawner> =>
  Layer.provide(
    layerProtocol(options),
    RpcClient.layerProtocolWorker({ size: options?.size ?? 1, concurrency: options?.concurrency ?? 256 })
  )

/**
 * Calls over any client protocol of `effect/rpc`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerProtocol = (
  options?: Omit<Options, "serialization">
): Layer.Layer<RemoteInvoker, never, RpcClient.Protocol> =>
  Layer.effect(
    RemoteInvoker,
    Effect.gen(function*() {
      const client = new Client()
      client.channel = yield* makeProtocolChannel(yield* RpcClient.Protocol, client)
      return makeRemoteInvoker(client, identityOf(options))
    })
  )

/**
 * Calls a server in the same process, through the same frames as everybody else.
 *
 * **When to use**
 *
 * Use in tests, and where a part of an application may later move elsewhere.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerInProcess = (options?: Options): Layer.Layer<RemoteInvoker, never, OperationServer> =>
  Layer.effect(
    RemoteInvoker,
    Effect.gen(function*() {
      const { binary, server } = internalsOf(yield* OperationServer)
      const client = new Client()
      client.channel = yield* makeInProcessChannel(
        server,
        options?.serialization === "binary" ? binary : formatOf(makeNdjson(server.options.limits.frameSize)),
        client
      )
      return makeRemoteInvoker(client, identityOf(options))
    })
  )

const identityOf = (options: Options | undefined): ClientOptions => ({
  session: options?.session ?? globalThis.crypto.randomUUID(),
  actor: options?.actor,
  history: options?.history ?? "server"
})

const format = (serialization: Serialization | undefined): Effect.Effect<Format> =>
  serialization === "binary"
    ? Effect.map(
      Effect.provide(
        RpcSerialization.RpcSerialization,
        RpcSerialization.layerSchemaBinary({ maxFrameSize: "unbounded" })
      ),
      formatOf
    )
    : Effect.sync(() => formatOf(makeNdjson(Infinity)))
