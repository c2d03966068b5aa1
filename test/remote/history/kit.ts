import { NodeHttpServer } from "@effect/platform-node"
import { Effect, Exit, Layer, Schema, Scope, Stream } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { Socket } from "effect/socket"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:http"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { HistoryTracker, Operation, OperationContext, OperationInvoker, type OperationRegistry } from "opbus"
import type { HistoryStore } from "opbus/history"
import { SqlHistoryStore } from "opbus/history/SqlHistoryStore"
import { OperationServer, RemoteHistory, RemoteInvoker, ResultStore } from "opbus/remote"
import type { Options as ServerOptions } from "opbus/remote/OperationServer"
import type { HttpOptions } from "opbus/remote/RemoteInvoker"
import { LibsqlClient } from "opbus/sql"
import { bus, Create, Erase, handlers, Mail, mappings, Read, World, Write } from "../../history/kit.ts"

class Refused extends Schema.TaggedError<Refused>()("Refused", { at: Schema.DateFromString }) {}

/** Reports progress and then waits as long as it is told. */
export const Slow = Operation.make({
  meta: { key: "slow" },
  input: Schema.Struct({ millis: Schema.Int, secret: Schema.String.pipe(Operation.sensitive) }),
  output: Schema.DateFromString,
  progress: Schema.Struct({ at: Schema.DateFromString })
})

/** Fails with a typed error, or dies. */
export const Fails = Operation.make({ meta: { key: "fails" }, input: Schema.Literals(["fail", "die"]), error: Refused })

export const Count = Operation.make({ meta: { key: "count" }, input: Schema.Int, output: Schema.Int, stream: true })

/** Synchronous where it runs. */
export const Now = Operation.make({ meta: { key: "now" }, output: Schema.DateFromString, executionMode: "sync" })

/** Who the server thinks calls. */
export const WhoAmI = Operation.make({ meta: { key: "who" }, output: Schema.String })

export const epoch = new Date(0)

const more = Layer.mergeAll(
  Slow.toLayer(({ millis }) =>
    Effect.gen(function*() {
      const { progress } = yield* OperationContext
      yield* progress({ at: epoch })
      if (millis > 0) yield* Effect.sleep(millis)
      return epoch
    })
  ),
  Fails.toLayer((how) => how === "fail" ? Effect.fail(new Refused({ at: epoch })) : Effect.die(new Error("a secret"))),
  Count.toLayer((n) => Stream.range(1, n)),
  Now.toLayer(() => Effect.succeed(epoch)),
  WhoAmI.toLayer(() => Effect.map(OperationContext, ({ actor }) => actor ?? "nobody"))
)

export const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(path.join(tmpdir(), "opbus-remote-history-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** A history in a file. */
export const storeIn = (file: string) =>
  SqlHistoryStore.layer.pipe(
    Layer.provide(LibsqlClient.layer({ url: file, synchronous: "NORMAL" })),
    Layer.orDie
  )

const trackerOn = (store: Layer.Layer<HistoryStore> | undefined): typeof HistoryTracker.layer =>
  store === undefined ? HistoryTracker.layer : HistoryTracker.layerStore.pipe(Layer.provide(store))

export const newWorld = (): World["Service"] => ({ cells: new Map(), log: [], faults: new Map() })

interface ServeOptions extends Partial<ServerOptions> {
  readonly world?: World["Service"]
  readonly port?: number
  readonly tracker?: "none"
  readonly store?: Layer.Layer<HistoryStore>
  readonly results?: boolean
}

/** Exposed is what makes entries; `note.delete` and `cell.restore`, which take some of it back, are not. */
export const serve = (
  { port = 0, results = false, store, tracker, world = newWorld(), ...options }: ServeOptions = {}
) =>
  Effect.gen(function*() {
    // What needs a history without one is not run.
    const history = (tracker === "none" ? Layer.empty : trackerOn(store)) as typeof HistoryTracker.layer
    const server = OperationServer.layer({
      expose: [Write, Create, Erase, Read, Mail, Slow, Fails, Count, Now, WhoAmI],
      ...options
    })
    const routes = Layer.mergeAll(
      OperationServer.layerHttp(),
      OperationServer.layerWebSocket(),
      OperationServer.layerWebSocket({ path: "/ws-binary", serialization: "binary" })
    )
    const app = HttpRouter.serve(routes, { disableListenLog: true, disableLogger: true }).pipe(
      Layer.provideMerge(server),
      Layer.provideMerge(Layer.mergeAll(handlers, more, tracker === "none" ? Layer.empty : mappings)),
      Layer.provideMerge(history),
      Layer.provideMerge(bus),
      Layer.provideMerge(results ? ResultStore.layerMemory() : Layer.empty),
      Layer.provideMerge(Layer.succeed(World, world)),
      Layer.provideMerge(NodeHttpServer.layer(createServer, { port, host: "127.0.0.1", gracefulShutdownTimeout: 100 }))
    )
    const scope = yield* Scope.fork(yield* Effect.scope)
    const context = yield* Layer.buildWithScope(Layer.fresh(app), scope)
    const { address } = yield* HttpServer.HttpServer.pipe(Effect.provideContext(context))
    return {
      world,
      port: (address as { readonly port: number }).port,
      cells: () => Object.fromEntries(world.cells),
      run: <A, E>(
        effect: Effect.Effect<A, E, HistoryTracker | OperationInvoker | World | OperationServer | Scope.Scope>
      ): Effect.Effect<A, E, Scope.Scope> => Effect.provideContext(effect, context as never),
      close: Scope.close(scope, Exit.void)
    }
  })

export const transports = ["http", "http binary", "websocket", "websocket binary"] as const
type Transport = (typeof transports)[number]

interface ConnectOptions extends Pick<HttpOptions, "session" | "actor" | "history" | "fetch"> {
  readonly transport?: Transport
  readonly store?: Layer.Layer<HistoryStore>
  readonly world?: World["Service"]
  /** What the client can run itself. */
  readonly local?: Layer.Layer<never, never, World | OperationInvoker | OperationRegistry | HistoryTracker>
  /** `false`: it has no undo mappings. */
  readonly mapped?: boolean
  /** For the history's requests. */
  readonly token?: string
}

const transportOf = ({ port }: { readonly port: number }, { transport = "http", ...options }: ConnectOptions) => {
  const serialization = transport.endsWith("binary") ? "binary" as const : "ndjson" as const
  return transport.startsWith("http")
    ? RemoteInvoker.layerHttp({ ...options, serialization, url: `http://127.0.0.1:${port}/rpc` })
    : RemoteInvoker.layerWebSocket({
      ...options,
      serialization,
      url: `ws://127.0.0.1:${port}/${serialization === "binary" ? "ws-binary" : "ws"}`
    }).pipe(Layer.provide(Socket.layerWebSocketConstructorGlobal))
}

/** A client with a bus and a history of its own, as another process would have. */
export const connect = (
  server: { readonly port: number },
  { local, mapped = true, store, token, world = newWorld(), ...options }: ConnectOptions = {}
) =>
  Effect.gen(function*() {
    const history = token === undefined
      ? RemoteHistory.layer
      : RemoteHistory.layerWith({ headers: Effect.succeed({ authorization: token }) })
    const app = Layer.mergeAll(history, mapped ? mappings : Layer.empty, local ?? Layer.empty).pipe(
      Layer.provideMerge(trackerOn(store)),
      Layer.provideMerge(bus),
      Layer.provideMerge(transportOf(server, options)),
      Layer.provideMerge(Layer.succeed(World, world))
    )
    const scope = yield* Scope.fork(yield* Effect.scope)
    const context = yield* Layer.buildWithScope(Layer.fresh(app), scope)
    return {
      run: <A, E>(
        effect: Effect.Effect<
          A,
          E,
          HistoryTracker | OperationInvoker | World | RemoteHistory | RemoteInvoker.RemoteInvoker | Scope.Scope
        >
      ): Effect.Effect<A, E, Scope.Scope> => Effect.provideContext(effect, context as never),
      close: Scope.close(scope, Exit.void)
    }
  })

export const write = (cell: string, value: string) => OperationInvoker.invokeRemote(Write, { cell, value })

/** The messages of live and undone entries of this client on the server. */
export const remoteStacks = Effect.map(RemoteHistory.entries, (entries) => ({
  live: entries.filter(({ status }) => status === "live").map(({ message }) => message),
  undone: entries.filter(({ status }) => status === "undone").map(({ message }) => message)
}))
