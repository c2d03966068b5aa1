/**
 * Has unhealthy services heal themselves, and says so when they cannot.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberMap from "effect/FiberMap"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Pull from "effect/Pull"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { HealthMonitor, type Observation } from "./HealthMonitor.ts"
import * as Asker from "./internal/asker.ts"
import { whyOf } from "./internal/messages.ts"
import type { ManagedService } from "./ManagedService.ts"
import { ServiceRegistry } from "./ServiceRegistry.ts"
import { SystemEvents } from "./SystemEvents.ts"

/**
 * How often services are asked to heal themselves.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** How often, before it escalates. Default 5. */
  readonly attempts?: number | undefined
  /** How long to wait after an attempt that failed. Default 1, 2, 4 … and at most 30 seconds. */
  readonly backoff?: Schedule.Schedule<unknown> | undefined
  /** How long one attempt may take. Default 30 seconds. */
  readonly deadline?: Duration.Input | undefined
}

/**
 * Asks unhealthy services to heal themselves.
 *
 * **When to use**
 *
 * `ManagedServices.layer` has it. Use `reopen` when the cause of an escalation is gone.
 *
 * **Details**
 *
 * A service that the health monitor finds `Unhealthy` is asked to heal itself until it is not `Unhealthy` any more, which
 * is the event `system.service.healed`. After the last attempt comes `system.service.escalated`: the service takes no calls
 * and is left alone until it is reopened, even when it says that it is healthy.
 *
 * @category services
 * @since 0.1.0
 */
export class SelfHeal extends Context.Service<SelfHeal, {
  /** The services that could not heal themselves. */
  readonly escalated: Effect.Effect<ReadonlyArray<ManagedService>>
  /** Has the escalated services of a name take calls again; `false` when there is none. */
  readonly reopen: (service: string) => Effect.Effect<boolean>
}>()("opbus/native/SelfHeal") {
  /**
   * Heals from the moment the layer is built, as long as it is alive.
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options?: Options
  ): Layer.Layer<SelfHeal, never, HealthMonitor | ServiceRegistry | SystemEvents> =>
    Layer.effect(SelfHeal, make(options))
}

const make = Effect.fnUntraced(function*(options?: Options) {
  const registry = yield* ServiceRegistry
  const monitor = yield* HealthMonitor
  const { publish } = yield* SystemEvents
  const attempts = options?.attempts ?? 5
  const backoff = options?.backoff ?? Schedule.min([Schedule.exponential("1 second"), Schedule.spaced("30 seconds")])
  const asker = yield* Asker.make<boolean>(Duration.toMillis(options?.deadline ?? "30 seconds"))
  const repairs = yield* FiberMap.make<ManagedService>()

  const escalate = Effect.fnUntraced(function*(service: ManagedService, attempts: number, reason: string) {
    const { name } = service
    service.admission.close(
      "Escalated",
      `The service "${name}" could not heal itself in ${attempts} attempts: ${reason}. Remove the cause, then reopen it.`
    )
    const at = yield* Clock.currentTimeMillis
    yield* publish({ _tag: "system.service.escalated", at, service: name, attempts, reason })
    yield* Effect.logError(`The service "${name}" could not heal itself in ${attempts} attempts: ${reason}`)
  })

  /** Why an attempt failed; `undefined` when the service does its work again. */
  const attempt = Effect.fnUntraced(function*(service: ManagedService) {
    const answer = yield* asker.ask(service, service.heal)
    const { health } = yield* monitor.check(service)
    if (health._tag !== "Unhealthy") return undefined
    if (Option.isNone(answer)) return "healing took too long"
    if (answer.value._tag === "Failure") return whyOf(answer.value.cause)
    return answer.value.value ? `it is still unhealthy: ${health.reason}` : `it cannot heal itself: ${health.reason}`
  })

  const healed = Effect.fnUntraced(function*(service: ManagedService, attempts: number) {
    const at = yield* Clock.currentTimeMillis
    yield* publish({ _tag: "system.service.healed", at, service: service.name, attempts })
  })

  const repair = Effect.fnUntraced(function*(service: ManagedService) {
    const wait = yield* Schedule.toStepWithSleep(backoff)
    for (let count = 1;; count++) {
      const reason = yield* attempt(service)
      if (reason === undefined) return yield* healed(service, count)
      if (service.admission.has("Shutdown")) return
      const at = yield* Clock.currentTimeMillis
      yield* publish({ _tag: "system.service.heal-failed", at, service: service.name, attempt: count, reason })
      const again = count < attempts &&
        (yield* Pull.catchDone(Effect.as(wait(undefined), true), () => Effect.succeed(false)))
      if (!again) return yield* escalate(service, count, reason)
      const { health } = yield* monitor.check(service)
      if (health._tag !== "Unhealthy") return yield* healed(service, count)
    }
  })

  const consider = ({ health, service }: Observation) =>
    health._tag !== "Unhealthy" || service.admission.has("Shutdown") || service.admission.has("Escalated")
      ? Effect.void
      : FiberMap.run(repairs, service, repair(service), { onlyIfMissing: true })

  const follow = Stream.runForEach(monitor.rounds, (round) => Effect.forEach(round, consider, { discard: true }))
  yield* Effect.forkScoped(follow, { startImmediately: true })

  const escalated = Effect.map(
    registry.list,
    (services) => services.filter(({ admission }) => admission.has("Escalated"))
  )
  return {
    escalated,
    reopen: (name: string) =>
      Effect.gen(function*() {
        const found = (yield* escalated).filter((service) => service.name === name)
        for (const service of found) {
          service.admission.open("Escalated")
          const at = yield* Clock.currentTimeMillis
          yield* publish({ _tag: "system.service.reopened", at, service: name })
        }
        return found.length > 0
      })
  }
})
