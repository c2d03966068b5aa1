/**
 * What owns memory, handles or connections, as the health monitor, the pressure dispatcher and the heal loop see it.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Admission } from "./Admission.ts"
import type { HealthStatus } from "./HealthStatus.ts"
import type { PressureLevel } from "./PressureLevel.ts"
import type { ServiceUnavailable } from "./ServiceUnavailable.ts"

export * from "./HealthStatus.ts"
export { PressureLevel } from "./PressureLevel.ts"

/**
 * Where a service runs: in the native module, in a process of its own, or here.
 *
 * @category models
 * @since 0.1.0
 */
export type Kind = "rust" | "sidecar" | "typescript"

/**
 * The contracts that a service can fulfil.
 *
 * @category models
 * @since 0.1.0
 */
export type Trait = "ManagedService" | "Lifecycle" | "MetricsEmitter" | "Configurable"

/**
 * Something that can be adjusted while a service runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parameter {
  readonly name: string
  readonly description: string
}

/**
 * A service has no such parameter, or does not take the value.
 *
 * @category errors
 * @since 0.1.0
 */
export class ParameterRefused
  extends Schema.TaggedError<ParameterRefused>("opbus/native/ManagedService/ParameterRefused")("ParameterRefused", {
    service: Schema.String,
    parameter: Schema.String,
    message: Schema.String
  })
{}

/**
 * The parameters of a service; `E` is how asking can fail.
 *
 * @category models
 * @since 0.1.0
 */
export interface Parameters<out E = never> {
  readonly list: Effect.Effect<ReadonlyArray<Parameter>, E>
  /** The value, or `undefined` when there is no such parameter. */
  readonly get: (name: string) => Effect.Effect<Schema.Json | undefined, E>
  readonly set: (name: string, value: Schema.Json) => Effect.Effect<void, ParameterRefused | E>
}

/**
 * A service that says how it is, gives way under pressure and heals itself; the same whether it is written in Rust or in
 * TypeScript.
 *
 * **When to use**
 *
 * Use the one in `ServiceDefinition.Instance`; the `ServiceRegistry` lists those of an application.
 *
 * **Details**
 *
 * Everything but `admission` fails with `ServiceUnavailable` when the service is shut down or its process has ended.
 * A closed admission does not stop these: an escalated service can still be asked how it is.
 *
 * @category models
 * @since 0.1.0
 */
export interface ManagedService {
  readonly name: string
  readonly kind: Kind
  readonly traits: ReadonlyArray<Trait>
  readonly health: Effect.Effect<HealthStatus, ServiceUnavailable>
  /** Tells the service how scarce memory is. */
  readonly pressureResponse: (level: PressureLevel) => Effect.Effect<void, ServiceUnavailable>
  /** Asks the service to give up everything it can do without. */
  readonly shedLoad: Effect.Effect<void, ServiceUnavailable>
  /** Asks the service to repair itself; `false` when it cannot. */
  readonly heal: Effect.Effect<boolean, ServiceUnavailable>
  /** Ends the service for good; every call from then on is a `ServiceUnavailable`. */
  readonly shutdown: Effect.Effect<void>
  /** What it measures, `null` without the trait `MetricsEmitter`. */
  readonly metrics: Effect.Effect<Schema.Json, ServiceUnavailable>
  /** What its figures are named by; its name unless it says otherwise. */
  readonly metricPrefix: string
  /** None without the trait `Configurable`. */
  readonly parameters: Parameters<ServiceUnavailable>
  readonly admission: Admission
}

/**
 * What a service written in TypeScript gives, besides its commands. What it needs, it closes over when it is made.
 *
 * **When to use**
 *
 * Use for the object that the `make` of a generated `…TypeScript.ts` returns; the generated `…Implementation` adds the
 * commands.
 *
 * @category models
 * @since 0.1.0
 */
export interface Implementation {
  readonly health: Effect.Effect<HealthStatus>
  readonly pressureResponse: (level: PressureLevel) => Effect.Effect<void>
  readonly shedLoad: Effect.Effect<void>
  readonly heal: Effect.Effect<boolean>
  /** Runs once, when the service is shut down or its scope closes. */
  readonly shutdown: Effect.Effect<void>
  /** Runs once, before the service takes calls: the trait `Lifecycle`. */
  readonly initialize?: Effect.Effect<void, ServiceUnavailable>
  /** The trait `MetricsEmitter`. */
  readonly metrics?: Effect.Effect<Schema.Json>
  readonly metricPrefix?: string
  /** The trait `Configurable`. */
  readonly parameters?: Parameters
  /**
   * The commands that are answered under critical pressure too, because they do not take memory or refuse by themselves.
   * None unless it says so.
   */
  readonly admitsAtCritical?: ReadonlyArray<string>
}
