/**
 * Which handlers are there right now.
 *
 * The registry keeps a stack of registrations per key. The newest one serves; closing a registration removes only itself,
 * in any order, so plugins can be added and removed while the application runs.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { Broadcast } from "./internal/broadcast.ts"
import { Closure } from "./internal/closure.ts"
import { difference } from "./internal/difference.ts"
import { currentFrame } from "./internal/frame.ts"
import { type AnyHandler, Registration } from "./internal/registration.ts"
import { suggest } from "./internal/suggest.ts"
import type * as Operation from "./Operation.ts"
import { OperationError } from "./OperationError.ts"

/**
 * How a handler is registered.
 *
 * @category models
 * @since 0.1.0
 */
export interface HandlerOptions {
  /** Allows a different definition under a key that is registered already. Default `false`. */
  readonly override?: boolean | undefined
  /**
   * How long calls in flight may go on after the registration's scope has begun to close, before they are interrupted.
   * Default 5 seconds.
   */
  readonly drain?: Duration.Input | undefined
}

/**
 * A change of the registry: the key is served by a new registration, or by the one below, or by none.
 *
 * @category models
 * @since 0.1.0
 */
export interface RegistryChange {
  readonly _tag: "Registered" | "Removed"
  readonly key: string
  /** The definition that serves the key now. */
  readonly operation: Operation.Any | undefined
}

type AnyMiddleware = (handler: AnyHandler, operation: Operation.Any) => AnyHandler

/** @internal */
export interface RegistryInternals {
  /** What was around the registry when it was built, and so is not specific to any plugin. */
  readonly surroundings: Context.Context<never>
  readonly active: ReadonlyMap<string, Registration>
  readonly addMiddleware: (
    applies: (operation: Operation.Any) => boolean,
    wrap: AnyMiddleware
  ) => Effect.Effect<void, never, Scope.Scope>
  readonly notFound: (key: string) => OperationError
}

const InternalsTypeId = "~opbus/operation/OperationRegistry/internals" as const

/** @internal */
export const registryInternals = (registry: object): RegistryInternals =>
  (registry as { readonly [InternalsTypeId]: RegistryInternals })[InternalsTypeId]

/**
 * The registry of handlers.
 *
 * **When to use**
 *
 * Use `op.toLayer` and `group.toLayer` to register the handlers of a plugin. Use this service directly to register
 * without a layer, to list what there is, and to follow changes.
 *
 * @category services
 * @since 0.1.0
 */
export class OperationRegistry extends Context.Service<OperationRegistry, {
  /**
   * Registers a handler until the scope closes. The services it needs are taken from the context here and now.
   *
   * Fails with `Incompatible` when another definition holds the key, unless `override` is set.
   */
  readonly register: <Op extends Operation.Any, R = never>(
    operation: Op,
    handler: Operation.HandlerOf<Op, R>,
    options?: HandlerOptions
  ) => Effect.Effect<void, OperationError, Operation.Provided<R> | Scope.Scope>
  /** The definition that serves a key now. */
  readonly lookup: (key: string) => Operation.Any | undefined
  /** The definitions that are served now, in the order of their keys. */
  readonly list: Effect.Effect<ReadonlyArray<Operation.Any>>
  /** Follows registrations and removals from the moment of subscription. */
  readonly changes: Stream.Stream<RegistryChange>
}>()("opbus/operation/OperationRegistry") {
  /**
   * An empty registry.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<OperationRegistry> = Layer.effect(
    OperationRegistry,
    Effect.contextWith((surroundings: Context.Context<never>) => Effect.sync(() => make(surroundings)))
  )
}

const make = (surroundings: Context.Context<never>): (typeof OperationRegistry)["Service"] => {
  const stacks = new Map<string, Array<Registration>>()
  const active = new Map<string, Registration>()
  const middlewares: Array<{ readonly applies: (operation: Operation.Any) => boolean; readonly wrap: AnyMiddleware }> =
    []
  const changes = new Broadcast<RegistryChange>()

  const compose = (registration: Registration) => {
    const applying = middlewares.filter(({ applies }) => applies(registration.operation))
    registration.handler = applying.length === 0
      ? registration.original
      : applying.reduce((handler, { wrap }) => wrap(handler, registration.operation), registration.isolated)
  }

  const add = (registration: Registration) => {
    compose(registration)
    const stack = stacks.get(registration.key)
    if (stack === undefined) stacks.set(registration.key, [registration])
    else stack.push(registration)
    active.set(registration.key, registration)
    changes.publish({ _tag: "Registered", key: registration.key, operation: registration.operation })
  }

  const remove = (registration: Registration) => {
    const stack = stacks.get(registration.key)!
    stack.splice(stack.indexOf(registration), 1)
    const top = stack[stack.length - 1]
    if (top === undefined) {
      stacks.delete(registration.key)
      active.delete(registration.key)
    } else {
      active.set(registration.key, top)
    }
    changes.publish({ _tag: "Removed", key: registration.key, operation: top?.operation })
  }

  /** Waits for the calls in flight, but never for one that is closing its own registration. */
  const drain = (registration: Registration, patience: Duration.Input) =>
    Effect.withFiber<void>((fiber) => {
      for (let frame = currentFrame(fiber.context); frame !== undefined; frame = frame.parent) {
        if (registration.has(frame)) return Effect.void
      }
      return Effect.timeoutOrElse(registration.awaitIdle, {
        duration: patience,
        orElse: () =>
          Effect.suspend(() => {
            registration.interruptAll()
            return registration.awaitIdle
          })
      })
    })

  const register = (operation: Operation.Any, handler: AnyHandler, options?: HandlerOptions) =>
    Effect.uninterruptible(Effect.contextWith((context: Context.Context<Scope.Scope>) => {
      const current = active.get(operation.key)
      if (current !== undefined && current.operation !== operation && options?.override !== true) {
        const differs = difference(current.operation, operation)
        if (differs !== undefined) {
          return Effect.fail(
            new OperationError({ key: operation.key, reason: { _tag: "Incompatible", difference: differs } })
          )
        }
      }
      const registration = new Registration(operation, handler, new Closure(context, surroundings))
      add(registration)
      return Effect.addFinalizer(() => {
        remove(registration)
        return drain(registration, options?.drain ?? "5 seconds")
      })
    }))

  const service: (typeof OperationRegistry)["Service"] = {
    register: register as (typeof OperationRegistry)["Service"]["register"],
    lookup: (key) => active.get(key)?.operation,
    list: Effect.sync(() =>
      Array.from(active.values(), (registration) => registration.operation).sort((a, b) => a.key < b.key ? -1 : 1)
    ),
    changes: changes.stream
  }
  const internals: RegistryInternals = {
    surroundings,
    active,
    addMiddleware: (applies, wrap) =>
      Effect.suspend(() => {
        const middleware = { applies, wrap }
        const recompose = () => {
          for (const stack of stacks.values()) for (const registration of stack) compose(registration)
        }
        middlewares.push(middleware)
        recompose()
        return Effect.addFinalizer(() =>
          Effect.sync(() => {
            middlewares.splice(middlewares.indexOf(middleware), 1)
            recompose()
          })
        )
      }),
    notFound: (key) =>
      new OperationError({ key, reason: { _tag: "HandlerNotFound", suggestions: suggest(key, active.keys()) } })
  }
  return Object.defineProperty(service, InternalsTypeId, { value: internals })
}
