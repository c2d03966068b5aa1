import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
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
        const shared = new Server(Context.get(context, OperationInvoker), Context.empty(), {
          exposed: options.exposed,
          authorize,
          history: "server",
          limits,
          results: undefined,
          builtins: new Map()
        })
        return {
          handle: (request) => {
            const server = serverOf(shared)
            const handler = toFetchHandler(new HttpEndpoint(server, { authorized: anyHost }), options.path)
            return handler(request).finally(server.settle)
          },
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
      if (running === undefined) {
        const building = ensure(env)
        context?.waitUntil(building)
        if (await building === undefined) return unavailable()
      }
      const response = await running!.handle(request)
      keepAlive(running!, context)
      return response
    }
  }
}

/** A server as one request sees it. */
interface RequestServer extends Server {
  /** The response is on its way; a stream may still be open. */
  readonly settle: () => void
}

/**
 * The server of one request: its calls run with a scheduler of their own, and the platform is told for as long as they run
 * that the request is not stuck.
 *
 * Invariant: a platform gives timers and connections to requests, and drops them with the request. A fiber that waits for
 * a lane is resumed by the one that leaves it, so it goes on by way of its own request's scheduler before its handler runs.
 */
const serverOf = (shared: Server): RequestServer => {
  // One that only waits for another request has nothing of its own going on, which the platform takes for a dead end.
  const alive = setInterval(() => {}, 1_000)
  let open = 0
  let settled = false
  const rest = () => {
    if (open === 0 && settled) clearInterval(alive)
  }
  const server: RequestServer = Object.create(shared, {
    context: { value: Context.add(shared.context, Scheduler.Scheduler, requestScheduler()) },
    connect: {
      value: (...args: Parameters<Server["connect"]>) => {
        open++
        return Server.prototype.connect.apply(server, args)
      }
    },
    disconnect: {
      value: (...args: Parameters<Server["disconnect"]>) => {
        open--
        rest()
        return Server.prototype.disconnect.apply(server, args)
      }
    },
    settle: {
      value: () => {
        settled = true
        rest()
      }
    }
  })
  return server
}

/** Runs tasks in the request that it was made in, whoever schedules them: a promise goes on where it is awaited. */
const requestScheduler = (): Scheduler.Scheduler => {
  let tasks: Array<() => void> = []
  let wake = () => {}
  const wait = (): void => {
    void new Promise<void>((resolve) => {
      wake = resolve
    }).then(() => {
      const due = tasks
      tasks = []
      wait()
      for (const task of due) task()
    })
  }
  wait()
  return new Scheduler.MixedScheduler("async", (task) => {
    tasks.push(task)
    wake()
    return () => {
      tasks = tasks.filter((one) => one !== task)
    }
  })
}

const unavailable = (): Response =>
  new Response(`${JSON.stringify({ _tag: "Refused", message: "The worker could not start; its log says why." })}\n`, {
    status: 503,
    headers: { "content-type": "application/json" }
  })

const oneLine = (error: unknown): string =>
  String(error instanceof Error && error.message !== "" ? error.message : error).split("\n")[0]!.slice(0, 500)

/** The platform drops what a request has begun once it is answered, unless it is told that something is left to do. */
const keepAlive = ({ followups }: Running, context: ExecutionContext | undefined): void => {
  if (context === undefined || Effect.runSync(followups.pending).length === 0) return
  context.waitUntil(Effect.runPromise(followups.awaitIdle))
}

/**
 * A registry that lets each definition be prepared before anything of it is compiled, and whose handlers begin in their own
 * request when they have waited for another.
 */
const registry = (prepare: ((operation: Operation.Any) => void) | undefined): Layer.Layer<OperationRegistry> =>
  Layer.effect(
    OperationRegistry,
    Effect.map(OperationRegistry, (registry) => {
      const register: typeof registry.register = (operation, handler, options) =>
        Effect.suspend(() => {
          prepare?.(operation)
          const { concurrency, stream } = operation
          const run = handler as (input: unknown) => Effect.Effect<unknown, unknown, unknown>
          const own = concurrency === "unbounded" || stream
            ? handler
            : ((input: unknown) => Effect.andThen(Effect.yieldNow, run(input))) as unknown as typeof handler
          return registry.register(operation, own, options)
        })
      // Its internals are found through the prototype.
      return Object.create(registry, { register: { value: register, enumerable: true } })
    })
  ).pipe(Layer.provide(OperationRegistry.layer))
