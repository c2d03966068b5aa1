import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { HealthMonitor } from "../../native/HealthMonitor.ts"
import type { HealthStatus } from "../../native/HealthStatus.ts"
import type { ManagedService } from "../../native/ManagedService.ts"
import { indent, oneLine, table } from "./text.ts"

/**
 * What `opbus services` shows of one service.
 *
 * @internal
 */
export interface ServiceRow {
  readonly service: string
  readonly kind: string
  readonly traits: ReadonlyArray<string>
  readonly health: HealthStatus
  /** Why it takes no calls; empty when it does. */
  readonly closed: ReadonlyArray<{ readonly reason: string; readonly message: string }>
  readonly metricPrefix: string
  readonly metrics: Schema.Json
  readonly parameters: ReadonlyArray<{
    readonly name: string
    readonly description: string
    readonly value: Schema.Json
  }>
}

/** How long a service may take to say anything. */
const patience = "1 second"

/**
 * Asks a service everything. What it does not answer is left out: `services` is for looking at what is broken.
 *
 * @internal
 */
export const inspect = Effect.fnUntraced(
  function*(service: ManagedService, monitor: Option.Option<HealthMonitor["Service"]>) {
    const orElse = <A, E>(effect: Effect.Effect<A, E>, otherwise: A): Effect.Effect<A> =>
      Effect.catchCause(
        Effect.map(Effect.timeoutOption(effect, patience), (answer) => Option.getOrElse(answer, () => otherwise)),
        () => Effect.succeed(otherwise)
      )
    const health = Option.isSome(monitor)
      ? (yield* monitor.value.check(service)).health
      : yield* orElse(service.health, { _tag: "Unhealthy", reason: "it does not say how it is" })
    const metrics = yield* orElse(service.metrics, null)
    const list = yield* orElse(service.parameters.list, [])
    const parameters = yield* Effect.forEach(list, ({ description, name }) =>
      Effect.map(
        orElse(service.parameters.get(name), undefined),
        (value) => ({ name, description, value: value ?? null })
      ))
    const row: ServiceRow = {
      service: service.name,
      kind: service.kind,
      traits: service.traits,
      health,
      closed: service.admission.all.map(({ message, reason }) => ({ reason, message })),
      metricPrefix: service.metricPrefix,
      metrics,
      parameters
    }
    return row
  }
)

/**
 * All services for people: a table, then what each measures and can be set.
 *
 * @internal
 */
export const render = (rows: ReadonlyArray<ServiceRow>): string => {
  if (rows.length === 0) return "No services."
  const head = table(
    ["SERVICE", "KIND", "HEALTH", "CALLS"],
    rows.map((row) => [
      row.service,
      row.kind,
      row.health._tag === "Healthy" ? "healthy" : `${row.health._tag.toLowerCase()}: ${oneLine(row.health.reason, 80)}`,
      row.closed.length === 0 ? "taken" : `refused: ${row.closed.map(({ reason }) => reason).join(", ")}`
    ])
  )
  const details = rows.flatMap((row) => {
    const figures = figuresOf(row.metricPrefix, row.metrics)
    const settings = row.parameters.map(({ description, name, value }) =>
      [name, JSON.stringify(value), description] as const
    )
    if (figures.length === 0 && settings.length === 0) return []
    return [
      [
        row.service,
        ...figures.length === 0 ? [] : [indent(table(["METRIC", "VALUE"], figures))],
        ...settings.length === 0 ? [] : [indent(table(["PARAMETER", "VALUE", "DESCRIPTION"], settings))]
      ].join("\n")
    ]
  })
  return [head, ...details].join("\n\n")
}

const figuresOf = (prefix: string, metrics: Schema.Json): ReadonlyArray<readonly [name: string, value: string]> => {
  if (metrics === null) return []
  if (typeof metrics !== "object" || Array.isArray(metrics)) return [[prefix, JSON.stringify(metrics)]]
  return Object.entries(metrics).flatMap(([name, value]) => figuresOf(`${prefix}.${name}`, value))
}
