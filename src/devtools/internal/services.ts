import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { HealthStatus } from "../../native/HealthStatus.ts"
import * as Asker from "../../native/internal/asker.ts"
import { figuresOf, metricsOf, parametersOf } from "../../native/internal/inspect.ts"
import { whyOf } from "../../native/internal/messages.ts"
import type { ManagedService } from "../../native/ManagedService.ts"
import type { PressureDispatcher } from "../../native/PressureDispatcher.ts"
import type { SelfHeal } from "../../native/SelfHeal.ts"
import type { ServiceRegistry } from "../../native/ServiceRegistry.ts"
import type { SystemEvent as AnySystemEvent, SystemEvents } from "../../native/SystemEvents.ts"
import type { Services, SystemEvent } from "../DevtoolsMessages.ts"
import { Refused } from "../DevtoolsOperations.ts"
import { live } from "./live.ts"
import { oneLine } from "./text.ts"

/**
 * What an application has of services.
 *
 * @internal
 */
export interface ServiceSources {
  readonly registry: ServiceRegistry["Service"] | undefined
  readonly pressure: PressureDispatcher["Service"] | undefined
  readonly events: SystemEvents["Service"] | undefined
  readonly heal: SelfHeal["Service"] | undefined
}

/** Of what happened between two elements these are told. */
const toldEvents = 200

/** Parameters change seldom, and cost a question each: they are asked for in every so-manieth sample. */
const parametersEvery = 5

/**
 * How the services are, every second as long as somebody reads.
 *
 * Invariant: it only looks. Unlike the health monitor it takes no service out of use, and one that hangs has one open
 * question.
 *
 * @internal
 */
export const services = (sources: ServiceSources): Stream.Stream<Services> =>
  Stream.unwrap(Effect.gen(function*() {
    const { events, registry } = sources
    if (registry === undefined && sources.pressure === undefined) {
      return live({ read: sampleOf(sources, () => [], Effect.succeed([])), changes: [], poll: "1 hour" })
    }
    let waiting: Array<SystemEvent> = []
    if (events !== undefined) {
      const collect = Stream.runForEach(events.events, (event) =>
        Effect.sync(() => {
          const message = messageOf(event)
          if (message !== undefined) waiting.push(message)
          if (waiting.length > toldEvents) waiting = waiting.slice(-toldEvents)
        }))
      yield* Effect.forkScoped(collect, { startImmediately: true })
    }
    const asker = yield* Asker.make<HealthStatus>(1_000)
    const parameters = new WeakMap<ManagedService, Services["services"][number]["parameters"]>()
    let sample = 0
    const rows = Effect.gen(function*() {
      const fresh = sample++ % parametersEvery === 0
      const list = registry === undefined ? [] : yield* registry.list
      return yield* Effect.forEach(list, (service) =>
        Effect.gen(function*() {
          if (fresh || !parameters.has(service)) parameters.set(service, yield* parametersOf(service))
          return yield* rowOf(service, asker, parameters.get(service)!)
        }), { concurrency: "unbounded" })
    })
    const read = sampleOf(sources, () => {
      const told = waiting
      waiting = []
      return told
    }, rows)
    return live({ read, changes: [], poll: "1 second", always: true, spacing: () => 1_000 })
  }))

const sampleOf = (
  { pressure, registry }: ServiceSources,
  events: () => ReadonlyArray<SystemEvent>,
  rows: Effect.Effect<Services["services"]>
): Effect.Effect<Services> =>
  Effect.gen(function*() {
    const services = yield* rows
    const reading = pressure === undefined ? undefined : yield* pressure.reading
    return {
      enabled: registry !== undefined,
      services: services.toSorted((a, b) => a.service < b.service ? -1 : a.service > b.service ? 1 : 0),
      pressure: pressure === undefined
        ? null
        : { level: yield* pressure.level, usage: reading?.usage ?? null, from: reading?.from ?? null },
      at: yield* Clock.currentTimeMillis,
      events: events()
    }
  })

const rowOf = (
  service: ManagedService,
  asker: Asker.Asker<HealthStatus>,
  parameters: Services["services"][number]["parameters"]
): Effect.Effect<Services["services"][number]> =>
  Effect.gen(function*() {
    const answer = yield* asker.ask(service, service.health)
    const health: HealthStatus = Option.isNone(answer)
      ? { _tag: "Unhealthy", reason: "it does not say how it is" }
      : answer.value._tag === "Success"
      ? answer.value.value
      : { _tag: "Unhealthy", reason: whyOf(answer.value.cause) }
    const figures = figuresOf(service.metricPrefix, yield* metricsOf(service))
    return {
      service: service.name,
      kind: service.kind,
      health: health._tag === "Healthy" ? { _tag: "Healthy" } : { ...health, reason: oneLine(health.reason) },
      late: Option.isNone(answer),
      closed: service.admission.all.map(({ message, reason }) => ({ reason, message: oneLine(message) })),
      metrics: Object.fromEntries(
        figures.filter((figure): figure is readonly [string, number] => typeof figure[1] === "number")
      ),
      parameters
    }
  })

/** What a snapshot says the samples say. */
const messageOf = (event: AnySystemEvent): SystemEvent | undefined => {
  switch (event._tag) {
    case "system.health.snapshot":
      return undefined
    case "system.pressure.changed":
    case "system.load.shed":
      return { ...event, reading: { ...event.reading, stall: event.reading.stall ?? null } }
    default:
      return "reason" in event ? { ...event, reason: oneLine(event.reason) } : event
  }
}

/**
 * Lets an escalated service take calls again.
 *
 * @internal
 */
export const reopen = (heal: SelfHeal["Service"] | undefined) => ({ service }: { readonly service: string }) =>
  heal === undefined
    ? Effect.fail(new Refused({ reason: "Absent", message: "The application does not heal services." }))
    : Effect.flatMap(heal.reopen(service), (found) =>
      found ? Effect.void : Effect.fail(
        new Refused({ reason: "NotFound", message: `There is no escalated service "${oneLine(service, 100)}".` })
      ))
