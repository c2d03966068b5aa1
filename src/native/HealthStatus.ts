/**
 * How a service is.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * How a service is, by its own word.
 *
 * **Details**
 *
 * `Degraded` still does its work, only worse; `Unhealthy` does not, and is asked to heal itself.
 *
 * @category models
 * @since 0.1.0
 */
export const HealthStatus = Schema.Union([
  Schema.TaggedStruct("Healthy", {}),
  Schema.TaggedStruct("Degraded", { reason: Schema.String }),
  Schema.TaggedStruct("Unhealthy", { reason: Schema.String })
]).annotate({ identifier: "HealthStatus" })

/**
 * How a service is, by its own word.
 *
 * @category models
 * @since 0.1.0
 */
export type HealthStatus = typeof HealthStatus.Type

/**
 * A service that does its work.
 *
 * @category constructors
 * @since 0.1.0
 */
export const healthy: HealthStatus = { _tag: "Healthy" }

/**
 * A service that does its work, only worse.
 *
 * @category constructors
 * @since 0.1.0
 */
export const degraded = (reason: string): HealthStatus => ({ _tag: "Degraded", reason })

/**
 * A service that does not do its work.
 *
 * @category constructors
 * @since 0.1.0
 */
export const unhealthy = (reason: string): HealthStatus => ({ _tag: "Unhealthy", reason })
