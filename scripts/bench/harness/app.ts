import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { OperationInvoker, OperationRegistry } from "../../../src/index.ts"
import { Counter, listener } from "../limit.ts"

/** Keeps everything alive until the process ends. */
export const forever: Scope.Scope = Effect.runSync(Scope.make())

/** The context that a layer builds. */
export const build = <A, E>(layer: Layer.Layer<A, E>): Promise<Context.Context<A>> =>
  Effect.runPromise(Layer.buildWithScope(layer, forever))

export type Base = OperationInvoker | OperationRegistry | Counter

/** An application with an invoker, the handlers, and the one service they read. */
export const appLayer = <A, E>(handlers: Layer.Layer<A, E, Base>): Layer.Layer<A | Base, E> =>
  handlers.pipe(
    Layer.provideMerge(OperationInvoker.layer),
    Layer.provideMerge(OperationRegistry.layer),
    Layer.provideMerge(Layer.sync(Counter, () => ({ value: 0 })))
  )

/** Adds the listener of the limit as an observer. */
export const observed = (context: Context.Context<OperationInvoker>): Promise<void> =>
  Effect.runPromiseWith(context)(
    OperationInvoker.use((invoker) => invoker.observe(listener)).pipe(Effect.provideService(Scope.Scope, forever))
  )
