/**
 * Callers that may not invoke everything: an agent, a plugin, somebody remote.
 *
 * An operation's access level is its `Operation.Permission`; a spec's `accessLevel` becomes it.
 *
 * **Invariants**
 *
 * - A limit holds for everything that is invoked below it: nested, by key, remotely, as a follow-up. It is never widened.
 * - An operation without an access level is refused to every limited caller.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { CurrentLimit, refusalOf } from "./internal/accessLimit.ts"
import * as Operation from "./Operation.ts"
import { OperationContext } from "./OperationContext.ts"
import type { OperationError } from "./OperationError.ts"
import * as OperationMiddleware from "./OperationMiddleware.ts"
import type { OperationRegistry } from "./OperationRegistry.ts"

/**
 * The access levels a caller may use; `undefined` is all of them, and operations without one.
 *
 * @category models
 * @since 0.1.0
 */
export type Limit = ReadonlyArray<string> | undefined

/**
 * Runs an effect, or a stream, as a caller that may only invoke operations with one of these access levels.
 *
 * **When to use**
 *
 * Use around what an agent or a plugin does: `AccessLevel.limitedTo(["ai-safe"])(run)`. Provide `AccessLevel.layer` once, so
 * that handlers are guarded.
 *
 * **Details**
 *
 * A limit within a limit leaves what both allow.
 *
 * @category combinators
 * @since 0.1.0
 */
export const limitedTo = (levels: ReadonlyArray<string>): {
  <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R>
  <A, E, R>(self: Stream.Stream<A, E, R>): Stream.Stream<A, E, R>
} => {
  const limit = <R>(context: Context.Context<R>): Context.Context<R> => {
    const outer = Context.get(context, CurrentLimit)
    return Context.add(
      context,
      CurrentLimit,
      outer === undefined ? Array.from(levels) : outer.filter((level) => levels.includes(level))
    ) as Context.Context<R>
  }
  return ((self: Effect.Effect<unknown> | Stream.Stream<unknown>) =>
    Stream.isStream(self) ? Stream.updateContext(self, limit) : Effect.updateContext(self, limit)) as never
}

/**
 * The access levels that may be used here.
 *
 * @category getters
 * @since 0.1.0
 */
export const current: Effect.Effect<Limit> = Effect.contextWith((context: Context.Context<never>) =>
  Effect.succeed(Context.get(context, CurrentLimit))
)

/**
 * Tells whether a limit allows an operation.
 *
 * @category guards
 * @since 0.1.0
 */
export const allows = (limit: Limit, operation: Operation.Any): boolean => refusalOf(limit, operation) === undefined

/**
 * Refuses with `Denied` what a caller's limit does not allow.
 *
 * **When to use**
 *
 * Provide it with the handlers of an application in which some callers are limited.
 *
 * **Details**
 *
 * `of` limits actors, wherever they call from: it is asked with the actor of each invocation. Both limits have to allow an
 * operation.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: {
  readonly of?: ((actor: string | undefined) => Limit) | undefined
}): Layer.Layer<never, never, OperationRegistry> => {
  const refused = (operation: Operation.Any): Effect.Effect<OperationError | undefined, never, OperationContext> =>
    Effect.contextWith((context: Context.Context<OperationContext>) => {
      const refusal = refusalOf(Context.get(context, CurrentLimit), operation)
      if (refusal !== undefined || options?.of === undefined) return Effect.succeed(refusal)
      return Effect.succeed(refusalOf(options.of(Context.get(context, OperationContext).actor), operation))
    })
  return OperationMiddleware.layer({
    for: "all",
    effect: <A, E>(next: Effect.Effect<A, E>, { operation }: OperationMiddleware.Call) =>
      Effect.flatMap(
        refused(operation),
        (refusal): Effect.Effect<A, E | OperationError> => refusal === undefined ? next : Effect.fail(refusal)
      ),
    stream: <A, E>(next: Stream.Stream<A, E>, { operation }: OperationMiddleware.Call) =>
      Stream.unwrap(Effect.map(
        refused(operation),
        (refusal): Stream.Stream<A, E | OperationError> => refusal === undefined ? next : Stream.fail(refusal)
      ))
  })
}

/**
 * Decides about remote calls by the same rule: an `authorize` for `OperationServer.layer`.
 *
 * **When to use**
 *
 * Use with a function that tells from a call's headers what its caller may do.
 *
 * **Details**
 *
 * `limitOf` gives the limit, and optionally whom the call is on behalf of; with `layer({ of })` the same limit then holds for
 * what its handler invokes. A limited caller may neither watch invocations nor use the history.
 *
 * @category constructors
 * @since 0.1.0
 */
export const authorize = <Call extends { readonly operation: Operation.Any | undefined }, R = never>(
  limitOf: (call: Call) => Effect.Effect<{ readonly limit: Limit; readonly actor?: string | undefined }, never, R>
) =>
(call: Call): Effect.Effect<boolean | { readonly denied: string } | { readonly actor: string }, never, R> =>
  Effect.map(limitOf(call), ({ actor, limit }) => {
    if (limit !== undefined) {
      if (call.operation === undefined) return { denied: "a limited caller may only invoke operations" }
      const refusal = refusalOf(limit, call.operation)
      if (refusal?.reason._tag === "Denied") return { denied: refusal.reason.why }
    }
    return actor === undefined ? true : { actor }
  })

/**
 * The access level of an operation.
 *
 * @category getters
 * @since 0.1.0
 */
export const levelOf = (operation: Operation.Any): string | undefined =>
  Operation.annotation(operation, Operation.Permission)
