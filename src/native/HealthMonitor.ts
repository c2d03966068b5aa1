/**
 * Asks the services of an application how they are, again and again.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import type * as Stream from "effect/Stream"
import { Broadcast } from "../operation/internal/broadcast.ts"
import { type HealthStatus, unhealthy } from "./HealthStatus.ts"
import * as Asker from "./internal/asker.ts"
import { whyOf } from "./internal/messages.ts"
import type { ManagedService } from "./ManagedService.ts"
import { ServiceRegistry } from "./ServiceRegistry.ts"
import { type HealthSnapshot, SystemEvents } from "./SystemEvents.ts"

/**
 * How often services are asked, and how long they may take.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** From one round to the next. Default 10 seconds. */
  readonly interval?: Duration.Input | undefined
  /** How long a service may take to answer. Default 1 second. */
  readonly deadline?: Duration.Input | undefined
}

/**
 * What a service said, or that it did not.
 *
 * @category models
 * @since 0.1.0
 */
export interface Observation {
  readonly service: ManagedService
  readonly health: HealthStatus
  /** It did not answer in time. */
  readonly late: boolean
}

/**
 * Asks the services of the registry how they are, in rounds.
 *
 * **When to use**
 *
 * `ManagedServices.layer` has it. Use `poll` for a round at once, for example before a deployment, and `latest` to show how
 * the services are.
 *
 * **Details**
 *
 * All services are asked at once, so one that hangs holds up none of the others. One that does not answer within the deadline,
 * or holds up the thread for longer, is `Unhealthy` and takes no calls until it answers in time. Each round ends with the
 * event `system.health.snapshot`.
 *
 * @category services
 * @since 0.1.0
 */
export class HealthMonitor extends Context.Service<HealthMonitor, {
  /** Asks all services now. */
  readonly poll: Effect.Effect<HealthSnapshot>
  /** Asks one service now. */
  readonly check: (service: ManagedService) => Effect.Effect<Observation>
  /** What the last round gave. */
  readonly latest: Effect.Effect<Option.Option<HealthSnapshot>>
  /** What each round gives, with the services themselves. */
  readonly rounds: Stream.Stream<ReadonlyArray<Observation>>
}>()("opbus/native/HealthMonitor") {
  /**
   * Asks from the moment the layer is built, as long as it is alive.
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options?: Options
  ): Layer.Layer<HealthMonitor, never, ServiceRegistry | SystemEvents> => Layer.effect(HealthMonitor, make(options))
}

const make = Effect.fnUntraced(function*(options?: Options) {
  const registry = yield* ServiceRegistry
  const { publish } = yield* SystemEvents
  const deadlineMillis = Duration.toMillis(options?.deadline ?? "1 second")
  const asker = yield* Asker.make<HealthStatus>(deadlineMillis)
  const rounds = new Broadcast<ReadonlyArray<Observation>>()
  const oneRound = yield* Semaphore.make(1)
  let latest = Option.none<HealthSnapshot>()

  const quarantine = Effect.fnUntraced(function*(service: ManagedService) {
    if (service.admission.has("Quarantined")) return
    service.admission.close(
      "Quarantined",
      `The service "${service.name}" did not say within ${deadlineMillis} ms how it is. It takes calls again when it does.`
    )
    const at = yield* Clock.currentTimeMillis
    yield* publish({ _tag: "system.service.quarantined", at, service: service.name, deadlineMillis })
  })

  const release = Effect.fnUntraced(function*(service: ManagedService) {
    if (!service.admission.has("Quarantined")) return
    service.admission.open("Quarantined")
    const at = yield* Clock.currentTimeMillis
    yield* publish({ _tag: "system.service.released", at, service: service.name })
  })

  const check = Effect.fnUntraced(function*(service: ManagedService) {
    const answer = yield* asker.ask(service, service.health)
    if (Option.isNone(answer)) {
      yield* quarantine(service)
      const health = unhealthy(`did not say within ${deadlineMillis} ms how it is`)
      return { service, health, late: true } satisfies Observation
    }
    yield* release(service)
    const health = answer.value._tag === "Success" ? answer.value.value : unhealthy(whyOf(answer.value.cause))
    return { service, health, late: false } satisfies Observation
  })

  const poll = Semaphore.withPermit(
    oneRound,
    Effect.gen(function*() {
      const services = yield* registry.list
      const observations = yield* Effect.forEach(services, check, { concurrency: "unbounded" })
      const snapshot: HealthSnapshot = {
        _tag: "system.health.snapshot",
        at: yield* Clock.currentTimeMillis,
        services: observations.map(({ health, late, service }) => ({
          service: service.name,
          kind: service.kind,
          health,
          late,
          closed: service.admission.all.map(({ reason }) => reason)
        }))
      }
      latest = Option.some(snapshot)
      yield* publish(snapshot)
      rounds.publish(observations)
      return snapshot
    })
  )

  yield* Effect.forkScoped(Effect.repeat(poll, Schedule.spaced(options?.interval ?? "10 seconds")))
  return { poll, check, latest: Effect.sync(() => latest), rounds: rounds.stream }
})
