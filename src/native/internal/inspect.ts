import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Schema from "effect/Schema"
import type { HealthStatus } from "../HealthStatus.ts"
import type { ManagedService, Parameter } from "../ManagedService.ts"

/** How long a service may take to say anything. */
const patience = "1 second"

const orElse = <A, E>(effect: Effect.Effect<A, E>, otherwise: A): Effect.Effect<A> =>
  Effect.catchCause(
    Effect.map(Effect.timeoutOption(effect, patience), (answer) => Option.getOrElse(answer, () => otherwise)),
    () => Effect.succeed(otherwise)
  )

/**
 * How a service is, by its own word.
 *
 * @internal
 */
export const healthOf = (service: ManagedService): Effect.Effect<HealthStatus> =>
  orElse(service.health, { _tag: "Unhealthy", reason: "it does not say how it is" })

/**
 * What a service measures; `null` when it does not say.
 *
 * @internal
 */
export const metricsOf = (service: ManagedService): Effect.Effect<Schema.Json> => orElse(service.metrics, null)

/**
 * What can be adjusted of a service, as far as it says.
 *
 * @internal
 */
export const parametersOf = (
  service: ManagedService
): Effect.Effect<ReadonlyArray<Parameter & { readonly value: Schema.Json }>> =>
  Effect.flatMap(
    orElse(service.parameters.list, []),
    (list) =>
      Effect.forEach(list, ({ description, name }) =>
        Effect.map(
          orElse(service.parameters.get(name), undefined),
          (value) => ({ name, description, value: value ?? null })
        ))
  )

/**
 * The figures of what a service measures, by dotted name.
 *
 * @internal
 */
export const figuresOf = (
  prefix: string,
  metrics: Schema.Json
): ReadonlyArray<readonly [name: string, value: Exclude<Schema.Json, object | null> | Schema.JsonArray]> => {
  if (metrics === null) return []
  if (typeof metrics !== "object" || Array.isArray(metrics)) return [[prefix, metrics as never]]
  return Object.entries(metrics).flatMap(([name, value]) => figuresOf(`${prefix}.${name}`, value))
}
