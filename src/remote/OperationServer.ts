/**
 * Serves operations to other processes.
 *
 * A server answers calls of exactly the operations it exposes. Transports carry them: routes for HTTP and WebSocket, a
 * worker's port, or a fetch handler.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { RpcSerialization, RpcServer } from "../internal/effect/rpc.ts"
import type * as Operation from "../operation/Operation.ts"
import { isOperation } from "../operation/Operation.ts"
import type * as OperationGroup from "../operation/OperationGroup.ts"
import { OperationInvoker } from "../operation/OperationInvoker.ts"
import type { Authorize, RemoteCall, Verdict } from "./internal/authorization.ts"
import { builtinsOf } from "./internal/builtins.ts"
import { formatOf } from "./internal/exchange.ts"
import { toFetchHandler } from "./internal/fetchServer.ts"
import type { GateOptions } from "./internal/gate.ts"
import { HttpEndpoint } from "./internal/http.ts"
import { type Limits, limitsOf } from "./internal/limits.ts"
import { makeNdjson } from "./internal/ndjson.ts"
import { serveProtocol } from "./internal/protocolServer.ts"
import { handleHttp, handleSocket } from "./internal/routerServer.ts"
import { Server } from "./internal/server.ts"
import { ResultStore } from "./ResultStore.ts"

export type { Limits, RemoteCall, Verdict }

/**
 * What a server lets others do.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<R = never> {
  /** What is reachable: operations, groups or keys. Nothing else is. */
  readonly expose: ReadonlyArray<Operation.Any | OperationGroup.Any | string>
  /**
   * Decides about each call. Without it, calls from this machine are allowed and all others are refused.
   */
  readonly authorize?: ((call: RemoteCall) => Effect.Effect<Verdict, never, R>) | undefined
  /**
   * Where the history of remote calls is kept. `"server"` (default): with the session's actor, and clients undo through
   * `RemoteHistory`. `"client"`: callers that keep a history of their own are not recorded here.
   */
  readonly history?: "server" | "client" | undefined
  /** Lets clients watch the server's invocations. Default: `false`. */
  readonly observe?: boolean | {
    /** How many events are kept for those that come back. Default 1,024. */
    readonly replay?: number | undefined
  } | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Names by which clients reach the server. Default: this machine's own, or any if there is an authorizer. */
  readonly hosts?: ReadonlyArray<string> | undefined
  /** Origins of web pages that may call, besides the server's own. */
  readonly origins?: ReadonlyArray<string> | undefined
}

/**
 * How values are written. `"ndjson"` is text that people can read; `"binary"` is smaller.
 *
 * @category models
 * @since 0.1.0
 */
export type Serialization = "ndjson" | "binary"

/**
 * Answers remote calls.
 *
 * **When to use**
 *
 * Use with one or several transports: `OperationServer.layerHttp({ path: "/rpc" }).pipe(Layer.provide(OperationServer.layer({ expose: [Notes] })))`.
 *
 * @category services
 * @since 0.1.0
 */
export class OperationServer extends Context.Service<OperationServer, {
  /** Serves over a protocol of `effect/rpc` until interrupted. Whoever is at its other end counts as local. */
  readonly serve: (protocol: (typeof RpcServer.Protocol)["Service"]) => Effect.Effect<never>
  /** A web-standard fetch handler for everything below a path. */
  readonly fetchHandler: (path?: string) => (request: Request) => Promise<Response>
  /** How many calls run now. */
  readonly inFlight: Effect.Effect<number>
  /** Refuses new calls from here on, and waits until no operation runs any more. Those who watch are not waited for. */
  readonly drain: Effect.Effect<void>
}>()("opbus/remote/OperationServer") {
  /**
   * A server over the registry.
   *
   * **Details**
   *
   * Answers to calls with an idempotency key are kept by the `ResultStore` of the context; without one, in memory as long
   * as the process lives. A `HistoryTracker` in the context lets clients undo.
   *
   * @since 0.1.0
   */
  static readonly layer = <R = never>(
    options: Options<R>
  ): Layer.Layer<OperationServer, never, OperationInvoker | Exclude<R, Scope.Scope>> =>
    Layer.effect(OperationServer, make(options)) as any

  /**
   * Serves frames over HTTP: `POST <path>` takes frames of `effect/rpc`, `POST <path>/<key>` one plain JSON call.
   *
   * @since 0.1.0
   */
  static readonly layerHttp = (
    options?: { readonly path?: HttpRouter.PathInput | undefined }
  ): Layer.Layer<never, never, OperationServer | HttpRouter.HttpRouter> =>
    Layer.effectDiscard(Effect.gen(function*() {
      const { endpoint } = internalsOf(yield* OperationServer)
      const router = yield* HttpRouter.HttpRouter
      const path = options?.path ?? "/rpc"
      yield* router.add("POST", path, handleHttp(endpoint, path))
      yield* router.add("POST", `${path}/:key` as HttpRouter.PathInput, handleHttp(endpoint, path))
    }))

  /**
   * Serves frames over WebSocket connections.
   *
   * @since 0.1.0
   */
  static readonly layerWebSocket = (options?: {
    readonly path?: HttpRouter.PathInput | undefined
    readonly serialization?: Serialization | undefined
  }): Layer.Layer<never, never, OperationServer | HttpRouter.HttpRouter> =>
    Layer.effectDiscard(Effect.gen(function*() {
      const { binary, gate, server } = internalsOf(yield* OperationServer)
      const router = yield* HttpRouter.HttpRouter
      const format = options?.serialization === "binary"
        ? binary
        : formatOf(makeNdjson(server.options.limits.frameSize))
      yield* router.add("GET", options?.path ?? "/ws", handleSocket(server, format, gate))
    }))

  /**
   * Serves over whatever `effect/rpc` protocol is provided, for example `RpcServer.layerProtocolWorkerRunner` in a worker.
   *
   * @since 0.1.0
   */
  static readonly layerProtocol: Layer.Layer<never, never, OperationServer | RpcServer.Protocol> = Layer.effectDiscard(
    Effect.gen(function*() {
      const server = yield* OperationServer
      yield* Effect.forkScoped(server.serve(yield* RpcServer.Protocol))
    })
  )
}

interface Internals {
  readonly server: Server
  readonly gate: GateOptions
  readonly endpoint: HttpEndpoint
  readonly binary: ReturnType<typeof formatOf>
}

const InternalsTypeId = "~opbus/remote/OperationServer/internals" as const

/** @internal */
export const internalsOf = (service: object): Internals =>
  (service as { [InternalsTypeId]: Internals })[InternalsTypeId]

const make = <R>(options: Options<R>) =>
  Effect.gen(function*() {
    const context = yield* Effect.context<never>()
    const invoker = yield* OperationInvoker
    const limits = limitsOf(options.limits)
    const { authorize } = options
    const server = new Server(invoker, context, {
      exposed: new Set(keysOf(options.expose)),
      authorize: authorize as Authorize | undefined,
      history: options.history ?? "server",
      limits,
      results: Context.getOrUndefined(context, ResultStore) ??
        Context.get(yield* Layer.build(ResultStore.layerMemory()), ResultStore),
      builtins: yield* builtinsOf(invoker, context, options.observe ?? false)
    })
    yield* Effect.addFinalizer(() => server.close)
    const gate: GateOptions = {
      hosts: options.hosts,
      origins: options.origins,
      authorized: authorize !== undefined
    }
    const binary = formatOf(yield* binarySerialization(limits.frameSize))
    const endpoint = new HttpEndpoint(server, gate, binary)
    const service = OperationServer.of({
      serve: (protocol) => serveProtocol(server, protocol),
      fetchHandler: (path = "/rpc") => toFetchHandler(endpoint, path),
      inFlight: Effect.sync(() => server.inFlight),
      drain: server.drain
    })
    return Object.defineProperty(service, InternalsTypeId, {
      value: { server, gate, endpoint, binary } satisfies Internals
    })
  })

const binarySerialization = (maxFrameSize: number) =>
  Effect.provide(RpcSerialization.RpcSerialization, RpcSerialization.layerSchemaBinary({ maxFrameSize }))

function* keysOf(expose: Options["expose"]): Generator<string> {
  for (const item of expose) {
    if (typeof item === "string") yield item
    else if (isOperation(item)) yield item.key
    else yield* item.operations.keys()
  }
}
