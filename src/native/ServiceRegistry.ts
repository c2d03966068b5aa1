/**
 * The managed services of an application.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import { Broadcast } from "../operation/internal/broadcast.ts"
import type { ManagedService } from "./ManagedService.ts"

/**
 * A service has come or gone.
 *
 * @category models
 * @since 0.1.0
 */
export interface RegistryChange {
  readonly _tag: "Registered" | "Removed"
  readonly service: ManagedService
}

/**
 * The managed services of an application: what the health monitor, the pressure dispatcher, the heal loop and
 * `opbus services` look after.
 *
 * **When to use**
 *
 * Provide its layer below those of the services: they register themselves when it is around. Services that are made
 * without it work, but nobody looks after them.
 *
 * @category services
 * @since 0.1.0
 */
export class ServiceRegistry extends Context.Service<ServiceRegistry, {
  /** Adds a service until the scope closes. */
  readonly register: (service: ManagedService) => Effect.Effect<void, never, Scope.Scope>
  /** The services there are, in the order in which they came. Two may share a name. */
  readonly list: Effect.Effect<ReadonlyArray<ManagedService>>
  /** The newest service of a name. */
  readonly get: (name: string) => Effect.Effect<Option.Option<ManagedService>>
  /** Follows what comes and goes from the moment of subscription. */
  readonly changes: Stream.Stream<RegistryChange>
}>()("opbus/native/ServiceRegistry") {
  /**
   * An empty registry.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<ServiceRegistry> = Layer.effect(ServiceRegistry, Effect.sync(() => make()))
}

/**
 * Adds a service to the registry that is around, if there is one.
 *
 * **When to use**
 *
 * Use in what makes services; those of opbus do it themselves.
 *
 * @category constructors
 * @since 0.1.0
 */
export const registerIfPresent = (service: ManagedService): Effect.Effect<void, never, Scope.Scope> =>
  Effect.flatMap(
    Effect.serviceOption(ServiceRegistry),
    (registry) => Option.isSome(registry) ? registry.value.register(service) : Effect.void
  )

const make = (): (typeof ServiceRegistry)["Service"] => {
  const services = new Set<ManagedService>()
  const changes = new Broadcast<RegistryChange>()
  return {
    register: (service) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => {
          services.add(service)
          changes.publish({ _tag: "Registered", service })
        }),
        () =>
          Effect.sync(() => {
            services.delete(service)
            changes.publish({ _tag: "Removed", service })
          })
      )),
    list: Effect.sync(() => Array.from(services)),
    get: (name) =>
      Effect.sync(() => Option.fromUndefinedOr(Array.from(services).findLast((service) => service.name === name))),
    changes: changes.stream
  }
}
