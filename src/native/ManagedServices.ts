/**
 * Everything that looks after the services of an application, as one layer.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import * as HealthMonitor from "./HealthMonitor.ts"
import * as PressureDispatcher from "./PressureDispatcher.ts"
import type { PressureSource } from "./PressureSource.ts"
import * as SelfHeal from "./SelfHeal.ts"
import { ServiceRegistry } from "./ServiceRegistry.ts"
import { SystemEvents } from "./SystemEvents.ts"

/**
 * How services are looked after.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  readonly health?: HealthMonitor.Options | undefined
  readonly pressure?: PressureDispatcher.Options | undefined
  readonly heal?: SelfHeal.Options | undefined
}

/**
 * The registry of services, their events, the health monitor, the pressure dispatcher and the heal loop.
 *
 * **When to use**
 *
 * Provide it below the layers of the services, together with `PressureSource.layerLinux`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options?: Options
): Layer.Layer<
  | HealthMonitor.HealthMonitor
  | PressureDispatcher.PressureDispatcher
  | SelfHeal.SelfHeal
  | ServiceRegistry
  | SystemEvents,
  never,
  PressureSource
> =>
  SelfHeal.SelfHeal.layer(options?.heal).pipe(
    Layer.provideMerge(HealthMonitor.HealthMonitor.layer(options?.health)),
    Layer.provideMerge(PressureDispatcher.PressureDispatcher.layer(options?.pressure)),
    Layer.provideMerge([ServiceRegistry.layer, SystemEvents.layer])
  )
