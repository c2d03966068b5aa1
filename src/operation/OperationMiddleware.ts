/**
 * Wraps handlers: of one operation, of a group, or of all.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { Closure } from "./internal/closure.ts"
import * as Operation from "./Operation.ts"
import type { OperationError } from "./OperationError.ts"
import type * as OperationGroup from "./OperationGroup.ts"
import { OperationRegistry, registryInternals } from "./OperationRegistry.ts"

/**
 * The call that a middleware wraps. Who calls, and why, is in `OperationContext`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Call {
  readonly operation: Operation.Any
  /** Valid input, as the handler will see it. */
  readonly input: unknown
}

/**
 * What a middleware applies to.
 *
 * @category models
 * @since 0.1.0
 */
export type Target = "all" | Operation.Any | OperationGroup.Any | ((operation: Operation.Any) => boolean)

/**
 * Wraps the handlers of a target while the layer is alive.
 *
 * **When to use**
 *
 * Use for what belongs around many handlers: permission, metrics, a transaction. A refusal is an `OperationError`.
 *
 * **Details**
 *
 * Middlewares are composed into the handler when either is registered, never per call; the one added last is outermost.
 * What the middleware needs is closed over by its layer; the handler keeps its own services. Under a synchronous operation
 * a middleware must be synchronous too. `stream` wraps the handlers of stream operations, which `effect` never sees.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = <R = never, RS = never>(options: {
  readonly for: Target
  readonly effect?: <A, E>(next: Effect.Effect<A, E>, call: Call) => Effect.Effect<A, E | OperationError, R>
  readonly stream?: <A, E>(next: Stream.Stream<A, E>, call: Call) => Stream.Stream<A, E | OperationError, RS>
}): Layer.Layer<never, never, OperationRegistry | Operation.Provided<R | RS>> =>
  Layer.effectDiscard(Effect.gen(function*() {
    const registry = registryInternals(yield* OperationRegistry)
    const closure = new Closure(yield* Effect.context<never>(), registry.surroundings)
    const merge = (context: Context.Context<never>) => closure.merge(context)
    yield* registry.addMiddleware(applies(options.for), (handler, operation) => {
      // The handler is called when the middleware runs `next`: what it refuses has not even begun.
      if (operation.stream) {
        const wrap = options.stream
        if (wrap === undefined) return handler
        return (input) => {
          const next = Stream.suspend(() => handler(input) as Stream.Stream<any, any>)
          return Stream.updateContext(wrap(next, { operation, input }) as Stream.Stream<any, any>, merge)
        }
      }
      const wrap = options.effect
      if (wrap === undefined) return handler
      return (input) => {
        const next = Effect.suspend(() => handler(input) as Effect.Effect<any, any>)
        return Effect.updateContext(wrap(next, { operation, input }) as Effect.Effect<any, any>, merge)
      }
    })
  })) as Layer.Layer<never, never, OperationRegistry | Operation.Provided<R | RS>>

const applies = (target: Target): (operation: Operation.Any) => boolean => {
  if (target === "all") return () => true
  if (Operation.isOperation(target)) return (operation) => operation.key === target.key
  if ("operations" in target) return (operation) => target.operations.has(operation.key)
  return target
}
