/**
 * Tells the services of an application how scarce memory is.
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
import * as Stream from "effect/Stream"
import * as Asker from "./internal/asker.ts"
import { whyOf } from "./internal/messages.ts"
import { levelOf, type Limits, limitsOf, type Thresholds } from "./internal/thresholds.ts"
import type { ManagedService } from "./ManagedService.ts"
import type { PressureLevel } from "./PressureLevel.ts"
import { PressureSource, type PressureUnreadable, type Reading } from "./PressureSource.ts"
import { ServiceRegistry } from "./ServiceRegistry.ts"
import type { ServiceUnavailable } from "./ServiceUnavailable.ts"
import { SystemEvents } from "./SystemEvents.ts"

export type { Thresholds } from "./internal/thresholds.ts"

/**
 * When memory counts as scarce, and how often that is looked at.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** From one reading to the next. Default 1 second. */
  readonly interval?: Duration.Input | undefined
  /** From which share of the limit on. Default 0.75, 0.85 and 0.95. */
  readonly usage?: Partial<Thresholds> | undefined
  /** From which share of the last ten seconds on, in percent, in which work waited for memory. Default 10, 30 and 60. */
  readonly stall?: Partial<Thresholds> | undefined
  /** How far below its threshold a level ends, as a share of it. Default 0.05. */
  readonly hysteresis?: number | undefined
  /** How long a service may take to answer. Default 5 seconds. */
  readonly deadline?: Duration.Input | undefined
  /** From the answers of the services to the reading that decides whether they have to shed load. Default 250 ms. */
  readonly settle?: Duration.Input | undefined
}

/**
 * Reads how scarce memory is, and tells the services of the registry.
 *
 * **When to use**
 *
 * `ManagedServices.layer` has it. Use `check` for a reading at once, for example right after a large allocation.
 *
 * **Details**
 *
 * - A service is told once per change of the level, and once when it comes while memory is scarce.
 * - At `critical` no service takes calls, from before it is told until the level is lower.
 * - When the level is still `critical` after the services have answered, they are asked once to shed load.
 * - A level is reached at its threshold, and left only some way below it.
 * - A reading that fails changes nothing, and is logged once.
 *
 * @category services
 * @since 0.1.0
 */
export class PressureDispatcher extends Context.Service<PressureDispatcher, {
  /** The level of the last reading. */
  readonly level: Effect.Effect<PressureLevel>
  /** The last reading; `undefined` before the first one. */
  readonly reading: Effect.Effect<Reading | undefined>
  /** Reads now, and returns when the services have answered, or their time is over. */
  readonly check: Effect.Effect<PressureLevel, PressureUnreadable>
}>()("opbus/native/PressureDispatcher") {
  /**
   * Reads from the moment the layer is built, as long as it is alive. Dies with a `TypeError` when the thresholds make no
   * sense.
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options?: Options
  ): Layer.Layer<PressureDispatcher, never, PressureSource | ServiceRegistry | SystemEvents> =>
    Layer.effect(PressureDispatcher, Effect.suspend(() => make(limitsOf(options), options)))
}

const make = Effect.fnUntraced(function*(limits: Limits, options?: Options) {
  const source = yield* PressureSource
  const registry = yield* ServiceRegistry
  const { publish } = yield* SystemEvents
  const settle = options?.settle ?? "250 millis"
  const asker = yield* Asker.make<void>(Duration.toMillis(options?.deadline ?? "5 seconds"))
  const one = yield* Semaphore.make(1)
  const told = new WeakMap<ManagedService, PressureLevel>()
  let level: PressureLevel = "normal"
  let latest: Reading | undefined
  let shedDue = false
  let unreadable = false

  const request = Effect.fnUntraced(function*(
    service: ManagedService,
    request: PressureLevel | "shed",
    effect: Effect.Effect<void, ServiceUnavailable>
  ) {
    const answer = yield* asker.ask(service, effect)
    if (Option.isSome(answer) && answer.value._tag === "Success") return
    if (service.admission.has("Shutdown")) return
    const reason = Option.isSome(answer) && answer.value._tag === "Failure"
      ? whyOf(answer.value.cause)
      : "it did not answer in time"
    const at = yield* Clock.currentTimeMillis
    yield* publish({ _tag: "system.pressure.unanswered", at, service: service.name, request, reason })
    yield* Effect.logWarning(`The service "${service.name}" was asked to give way (${request}): ${reason}`)
  })

  const closeIfCritical = (service: ManagedService) => {
    if (level !== "critical") return
    service.admission.close(
      "Pressure",
      `The service "${service.name}" takes no calls while memory is critical. Try again later.`
    )
  }

  /** Tells all that have not heard of the level yet. */
  const tell = Effect.gen(function*() {
    const services = yield* registry.list
    const deaf = services.filter((service) => (told.get(service) ?? "normal") !== level)
    for (const service of deaf) {
      told.set(service, level)
      closeIfCritical(service)
    }
    yield* Effect.forEach(deaf, (service) => request(service, level, service.pressureResponse(level)), {
      concurrency: "unbounded",
      discard: true
    })
    // Only when it has heard that there is room does it take calls again.
    if (level !== "critical") { for (const service of deaf) service.admission.open("Pressure") }
  })

  const change = Effect.fnUntraced(function*(reading: Reading) {
    const from = level
    latest = reading
    level = levelOf(limits, from, reading)
    if (level === from) return
    shedDue = level === "critical"
    const at = yield* Clock.currentTimeMillis
    yield* publish({ _tag: "system.pressure.changed", at, from, to: level, reading })
  })

  const shed = Effect.fnUntraced(function*(reading: Reading) {
    const services = yield* registry.list
    shedDue = false
    yield* Effect.forEach(services, (service) => request(service, "shed", service.shedLoad), {
      concurrency: "unbounded",
      discard: true
    })
    const at = yield* Clock.currentTimeMillis
    yield* publish({ _tag: "system.load.shed", at, services: services.map(({ name }) => name), reading })
  })

  const check: Effect.Effect<PressureLevel, PressureUnreadable> = Semaphore.withPermit(
    one,
    Effect.gen(function*() {
      yield* change(yield* source.read)
      yield* tell
      if (!shedDue) return level
      yield* Effect.sleep(settle)
      const again = yield* source.read
      yield* change(again)
      if (level === "critical") yield* shed(again)
      else yield* tell
      return level
    })
  )

  const attempt = Effect.matchEffect(check, {
    onSuccess: () =>
      Effect.sync(() => {
        unreadable = false
      }),
    onFailure: (error) => {
      if (unreadable) return Effect.void
      unreadable = true
      return Effect.logWarning(error.message)
    }
  })

  yield* Effect.forkScoped(Effect.repeat(attempt, Schedule.spaced(options?.interval ?? "1 second")))
  // A service that comes while memory is scarce hears of it at once, and takes no calls even while others still answer.
  const greet = Stream.runForEach(registry.changes, ({ _tag, service }) => {
    if (_tag === "Removed") return Effect.void
    closeIfCritical(service)
    return Semaphore.withPermit(one, tell)
  })
  yield* Effect.forkScoped(greet, { startImmediately: true })
  return { level: Effect.sync(() => level), reading: Effect.sync(() => latest), check }
})
