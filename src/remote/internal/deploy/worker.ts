import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { FollowupScheduler } from "../../../operation/FollowupScheduler.ts"
import type * as Operation from "../../../operation/Operation.ts"
import { OperationInvoker } from "../../../operation/OperationInvoker.ts"
import { OperationRegistry } from "../../../operation/OperationRegistry.ts"
import type { ExecutionContext, Worker } from "../../EdgeWorker.ts"
import type { Authorize } from "../authorization.ts"
import { toFetchHandler } from "../fetchServer.ts"
import { HttpEndpoint } from "../http.ts"
import { type Limits, limitsOf } from "../limits.ts"
import { Server } from "../server.ts"

type Env = Readonly<Record<string, unknown>>
type Base = OperationRegistry | OperationInvoker | FollowupScheduler

interface BuildOptions {
  readonly layer: (env: Env) => Layer.Layer<any, unknown, Base>
  readonly path: string
  readonly exposed: ReadonlySet<string>
  readonly limits: Partial<Limits> | undefined
  readonly prepare: ((operation: Operation.Any) => void) | undefined
  readonly access: (env: Env) => { readonly authorize: Authorize; readonly anyHost: boolean }
}

/** What is there once the layers are built. */
interface Running {
  readonly handle: (request: Request) => Promise<Response>
  readonly followups: (typeof FollowupScheduler)["Service"]
}

/** Smaller than a server's: a worker has 128 MiB for everything. */
const edgeLimits: Partial<Limits> = { frameSize: 4 * 1024 * 1024, concurrency: 64 }

/** @internal */
export const build = (options: BuildOptions): Worker => {
  const limits = limitsOf({ ...edgeLimits, ...options.limits })
  const base = FollowupScheduler.layer.pipe(
    Layer.provideMerge(OperationInvoker.layer),
    Layer.provideMerge(registry(options.prepare))
  )

  const start = (env: Env): Effect.Effect<Running, unknown> =>
    Effect.suspend(() => {
      const scope = Scope.makeUnsafe()
      const app = Layer.provideMerge(options.layer(env), base)
      const running = Effect.map(Layer.buildWithScope(app, scope), (context): Running => {
        const missing = Array.from(options.exposed).filter((key) =>
          Context.get(context, OperationRegistry).lookup(key) === undefined
        )
        if (missing.length > 0) throw new Error(`no handler of ${missing.join(", ")} is in its layers`)
        const { anyHost, authorize } = options.access(env)
        const server = new Server(Context.get(context, OperationInvoker), Context.empty(), {
          exposed: options.exposed,
          authorize,
          history: "server",
          limits,
          results: undefined,
          builtins: new Map()
        })
        const endpoint = new HttpEndpoint(server, { authorized: anyHost })
        return {
          handle: toFetchHandler(endpoint, options.path),
          followups: Context.get(context, FollowupScheduler)
        }
      })
      return Effect.onError(running, (cause) => Scope.close(scope, Exit.failCause(cause)))
    })

  let running: Running | undefined
  let starting: Promise<Running | undefined> | undefined

  const ensure = (env: Env): Promise<Running | undefined> =>
    starting ??= Effect.runPromiseExit(start(env)).then((exit) => {
      if (Exit.isSuccess(exit)) return running = exit.value
      starting = undefined
      console.error(`opbus: the worker cannot start: ${oneLine(Cause.squash(exit.cause))}`)
      return undefined
    })

  return {
    fetch: async (request, env, context) => {
      const current = running ?? await ensure(env)
      if (current === undefined) return unavailable()
      const response = await current.handle(request)
      await keepAlive(current, context)
      return response
    }
  }
}

const unavailable = (): Response =>
  new Response(`${JSON.stringify({ _tag: "Refused", message: "The worker could not start; its log says why." })}\n`, {
    status: 503,
    headers: { "content-type": "application/json" }
  })

const oneLine = (error: unknown): string =>
  String(error instanceof Error && error.message !== "" ? error.message : error).split("\n")[0]!.slice(0, 500)

/** The platform ends a worker that has answered, unless it is told that something is left to do. */
const keepAlive = async ({ followups }: Running, context: ExecutionContext | undefined): Promise<void> => {
  if (context === undefined) return
  const pending = Effect.runSync(followups.pending)
  if (pending.length > 0) context.waitUntil(Effect.runPromise(followups.awaitIdle))
}

/** A registry that lets each definition be prepared before anything of it is compiled. */
const registry = (prepare: ((operation: Operation.Any) => void) | undefined): Layer.Layer<OperationRegistry> =>
  prepare === undefined ? OperationRegistry.layer : Layer.effect(
    OperationRegistry,
    Effect.map(OperationRegistry, (registry) => {
      const register: typeof registry.register = (operation, handler, options) =>
        Effect.suspend(() => {
          prepare(operation)
          return registry.register(operation, handler, options)
        })
      // Its internals are found through the prototype.
      return Object.create(registry, { register: { value: register, enumerable: true } })
    })
  ).pipe(Layer.provide(OperationRegistry.layer))
