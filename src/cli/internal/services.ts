import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { HealthMonitor } from "../../native/HealthMonitor.ts"
import type { HealthStatus } from "../../native/HealthStatus.ts"
import { figuresOf, healthOf, metricsOf, parametersOf } from "../../native/internal/inspect.ts"
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

/**
 * Asks a service everything. What it does not answer is left out: `services` is for looking at what is broken.
 *
 * @internal
 */
export const inspect = Effect.fnUntraced(
  function*(service: ManagedService, monitor: Option.Option<HealthMonitor["Service"]>) {
    const row: ServiceRow = {
      service: service.name,
      kind: service.kind,
      traits: service.traits,
      health: Option.isSome(monitor) ? (yield* monitor.value.check(service)).health : yield* healthOf(service),
      closed: service.admission.all.map(({ message, reason }) => ({ reason, message })),
      metricPrefix: service.metricPrefix,
      metrics: yield* metricsOf(service),
      parameters: yield* parametersOf(service)
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
    const figures = figuresOf(row.metricPrefix, row.metrics).map(([name, value]) => [name, JSON.stringify(value)])
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
