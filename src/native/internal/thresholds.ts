import { levels, type PressureLevel, rank } from "../PressureLevel.ts"
import type { Reading } from "../PressureSource.ts"

/**
 * From where on a level holds.
 *
 * @category models
 * @since 0.1.0
 */
export interface Thresholds {
  readonly warning: number
  readonly high: number
  readonly critical: number
}

/** @internal */
export interface Limits {
  readonly usage: Thresholds
  readonly stall: Thresholds
  readonly hysteresis: number
}

/** @internal */
export const limitsOf = (options?: {
  readonly usage?: Partial<Thresholds> | undefined
  readonly stall?: Partial<Thresholds> | undefined
  readonly hysteresis?: number | undefined
}): Limits => {
  const limits: Limits = {
    usage: { warning: 0.75, high: 0.85, critical: 0.95, ...options?.usage },
    stall: { warning: 10, high: 30, critical: 60, ...options?.stall },
    hysteresis: options?.hysteresis ?? 0.05
  }
  for (const name of ["usage", "stall"] as const) {
    const { critical, high, warning } = limits[name]
    if (!(warning > 0 && high >= warning && critical >= high)) {
      throw new TypeError(
        `PressureDispatcher: the thresholds of ${name} have to rise, but are ${warning}, ${high} and ${critical}. Correct the options.`
      )
    }
  }
  if (!(limits.hysteresis >= 0 && limits.hysteresis < 1)) {
    throw new TypeError(
      `PressureDispatcher: the hysteresis is a share from 0 to below 1, not ${limits.hysteresis}. Correct the options.`
    )
  }
  return limits
}

/**
 * The level of a reading. Up at the threshold; down only where the value is below the threshold by the hysteresis, so that a
 * value that trembles around a threshold changes nothing.
 *
 * @internal
 */
export const levelOf = (limits: Limits, before: PressureLevel, reading: Reading): PressureLevel =>
  levels[
    Math.max(
      level(limits.usage, limits.hysteresis, before, reading.usage),
      reading.stall === undefined ? 0 : level(limits.stall, limits.hysteresis, before, reading.stall)
    )
  ]!

const level = (thresholds: Thresholds, hysteresis: number, before: PressureLevel, value: number): number => {
  const { critical, high, warning } = thresholds
  return [warning, high, critical].findLastIndex((threshold, index) => {
    const end = rank(before) >= index + 1 ? threshold * (1 - hysteresis) : threshold
    return value >= end
  }) + 1
}
