/**
 * Lets a page look into the bus of an application.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { HistoryTracker } from "../history/HistoryTracker.ts"
import { UndoRegistry } from "../history/UndoRegistry.ts"
import type * as Operation from "../operation/Operation.ts"
import type * as OperationGroup from "../operation/OperationGroup.ts"
import { OperationInvoker } from "../operation/OperationInvoker.ts"
import { OperationRegistry } from "../operation/OperationRegistry.ts"
import { OperationServer, type RemoteCall, type Verdict } from "../remote/OperationServer.ts"
import { ResultStore } from "../remote/ResultStore.ts"
import { Tools } from "./DevtoolsOperations.ts"
import { toolHandlers } from "./internal/handlers.ts"

/**
 * What the devtools show, and what can be invoked from them.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** What the page may invoke: operations, groups or keys. Everything else is shown, and cannot be invoked. */
  readonly expose: ReadonlyArray<Operation.Any | OperationGroup.Any | string>
  /** What the page is called. Default `"opbus"`. */
  readonly title?: string | undefined
  /** How many events are kept for a page that is opened later. Default 20,000. */
  readonly replay?: number | undefined
  /** Asked about each call besides: only local callers come as far as that. */
  readonly authorize?: ((call: RemoteCall) => Effect.Effect<Verdict>) | undefined
}

/**
 * What a page of the devtools connects to.
 *
 * **When to use**
 *
 * Use `Devtools.layer` beside an `OperationServer`: `OperationHttpServer` serves the page at `/_opbus` when it is in the
 * context. `opbus serve` does it by itself.
 *
 * **Details**
 *
 * There are two servers: the one of the application, which invokes exactly what is exposed and lets its invocations be
 * watched, and one for the devtools' own operations, which live on a bus of their own. Both answer nobody but this
 * machine.
 *
 * @category services
 * @since 0.1.0
 */
export class Devtools extends Context.Service<Devtools, {
  readonly title: string
  /** The bus of the application. */
  readonly app: OperationServer["Service"]
  /** The operations of `DevtoolsOperations`. */
  readonly tools: OperationServer["Service"]
}>()("opbus/devtools/Devtools") {
  /**
   * Looks into the bus of the context. What the application has besides is shown: a history, an outbox, deployments,
   * services.
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options: Options
  ): Layer.Layer<Devtools, never, OperationInvoker | OperationRegistry> => Layer.effect(Devtools, make(options))
}

/** What the devtools' own bus must not take for its own. */
const ofApplication = [HistoryTracker, UndoRegistry, ResultStore, OperationInvoker, OperationRegistry] as const

/** A page sends little. */
const limits = { frameSize: 1024 * 1024, concurrency: 64, depth: 16 }

const make = (
  { authorize, expose, replay = 20_000, title = "opbus" }: Options
): Effect.Effect<Devtools["Service"], never, OperationInvoker | OperationRegistry | Scope.Scope> =>
  Effect.gen(function*() {
    const local = localOnly(authorize)
    const app = yield* Layer.build(OperationServer.layer({ expose, authorize: local, observe: { replay } }))
    const handlers = yield* toolHandlers(title, expose)
    // Fresh: a registry and an invoker of their own, whatever was built before.
    const bus = OperationServer.layer({ expose: [Tools], authorize: local, limits }).pipe(
      Layer.provideMerge(handlers),
      Layer.provide(Layer.fresh(OperationInvoker.layer)),
      Layer.provide(Layer.fresh(OperationRegistry.layer))
    )
    const tools = yield* Effect.updateContext(
      Layer.build(bus),
      (context: Context.Context<never>) => Context.omit(...ofApplication)(context) as Context.Context<Scope.Scope>
    )
    return Devtools.of({
      title,
      app: Context.get(app, OperationServer),
      tools: Context.get(tools, OperationServer)
    })
  })

const localOnly = (authorize: Options["authorize"]) => (call: RemoteCall): Effect.Effect<Verdict> =>
  !call.local
    ? Effect.succeed({ denied: "the devtools answer nobody but their own machine" })
    : authorize === undefined
    ? Effect.succeed(true)
    : authorize(call)
