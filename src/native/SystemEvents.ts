/**
 * What happens to the services of an application, as a stream of events.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Stream from "effect/Stream"
import { Broadcast } from "../operation/internal/broadcast.ts"
import type { HealthStatus } from "./HealthStatus.ts"
import type { Kind } from "./ManagedService.ts"
import type { PressureLevel } from "./PressureLevel.ts"
import type { Reading } from "./PressureSource.ts"
import type { Reason } from "./ServiceUnavailable.ts"

/**
 * How one service is, and whether it takes calls.
 *
 * @category models
 * @since 0.1.0
 */
export interface ServiceHealth {
  readonly service: string
  readonly kind: Kind
  readonly health: HealthStatus
  /** It did not answer in time. */
  readonly late: boolean
  /** Why it does not take calls; empty when it does. */
  readonly closed: ReadonlyArray<Reason>
}

/**
 * How all services are. `at` is milliseconds since the epoch, here and in all events.
 *
 * @category events
 * @since 0.1.0
 */
export interface HealthSnapshot {
  readonly _tag: "system.health.snapshot"
  readonly at: number
  readonly services: ReadonlyArray<ServiceHealth>
}

/**
 * A service was late to say how it is; it takes no calls until it answers in time.
 *
 * @category events
 * @since 0.1.0
 */
export interface ServiceQuarantined {
  readonly _tag: "system.service.quarantined"
  readonly at: number
  readonly service: string
  readonly deadlineMillis: number
}

/**
 * A quarantined service has answered in time.
 *
 * @category events
 * @since 0.1.0
 */
export interface ServiceReleased {
  readonly _tag: "system.service.released"
  readonly at: number
  readonly service: string
}

/**
 * An unhealthy service does its work again.
 *
 * @category events
 * @since 0.1.0
 */
export interface ServiceHealed {
  readonly _tag: "system.service.healed"
  readonly at: number
  readonly service: string
  /** How often it was asked to heal itself; 0 when it recovered before that. */
  readonly attempts: number
}

/**
 * An attempt to heal a service came to nothing; another follows, or the escalation.
 *
 * @category events
 * @since 0.1.0
 */
export interface HealFailed {
  readonly _tag: "system.service.heal-failed"
  readonly at: number
  readonly service: string
  readonly attempt: number
  readonly reason: string
}

/**
 * A service could not heal itself and takes no calls until somebody reopens it.
 *
 * @category events
 * @since 0.1.0
 */
export interface ServiceEscalated {
  readonly _tag: "system.service.escalated"
  readonly at: number
  readonly service: string
  readonly attempts: number
  readonly reason: string
}

/**
 * Somebody has reopened an escalated service.
 *
 * @category events
 * @since 0.1.0
 */
export interface ServiceReopened {
  readonly _tag: "system.service.reopened"
  readonly at: number
  readonly service: string
}

/**
 * Memory has become scarcer, or less scarce.
 *
 * @category events
 * @since 0.1.0
 */
export interface PressureChanged {
  readonly _tag: "system.pressure.changed"
  readonly at: number
  readonly from: PressureLevel
  readonly to: PressureLevel
  readonly reading: Reading
}

/**
 * A service was told about pressure, or asked to shed load, and failed or did not answer in time.
 *
 * @category events
 * @since 0.1.0
 */
export interface PressureUnanswered {
  readonly _tag: "system.pressure.unanswered"
  readonly at: number
  readonly service: string
  readonly request: PressureLevel | "shed"
  readonly reason: string
}

/**
 * Memory was still critical after the services had answered, and they were asked to shed load.
 *
 * @category events
 * @since 0.1.0
 */
export interface LoadShed {
  readonly _tag: "system.load.shed"
  readonly at: number
  readonly services: ReadonlyArray<string>
  readonly reading: Reading
}

/**
 * What happens to the services of an application.
 *
 * @category events
 * @since 0.1.0
 */
export type SystemEvent =
  | HealthSnapshot
  | ServiceQuarantined
  | ServiceReleased
  | ServiceHealed
  | HealFailed
  | ServiceEscalated
  | ServiceReopened
  | PressureChanged
  | PressureUnanswered
  | LoadShed

/**
 * The events of an application's services.
 *
 * **When to use**
 *
 * Use `events` to show or log what happens, and to alert somebody of a `system.service.escalated`.
 *
 * **Details**
 *
 * A subscriber that does not keep up loses the oldest of its 1024 waiting events; it never holds up who publishes.
 *
 * @category services
 * @since 0.1.0
 */
export class SystemEvents extends Context.Service<SystemEvents, {
  readonly publish: (event: SystemEvent) => Effect.Effect<void>
  /** Follows what happens from the moment of subscription. */
  readonly events: Stream.Stream<SystemEvent>
}>()("opbus/native/SystemEvents") {
  /**
   * Events within this process.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<SystemEvents> = Layer.effect(
    SystemEvents,
    Effect.sync(() => {
      const broadcast = new Broadcast<SystemEvent>()
      return { publish: (event) => Effect.sync(() => broadcast.publish(event)), events: broadcast.stream }
    })
  )
}
