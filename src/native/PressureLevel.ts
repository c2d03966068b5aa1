/**
 * How scarce memory is.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * The levels, from the lowest to the highest.
 *
 * @category constants
 * @since 0.1.0
 */
export const levels = ["normal", "warning", "high", "critical"] as const

/**
 * How scarce memory is.
 *
 * @category models
 * @since 0.1.0
 */
export const PressureLevel = Schema.Literals(levels).annotate({ identifier: "PressureLevel" })

/**
 * How scarce memory is.
 *
 * @category models
 * @since 0.1.0
 */
export type PressureLevel = typeof PressureLevel.Type

/**
 * The position of a level: 0 for `normal`, 3 for `critical`.
 *
 * @category getters
 * @since 0.1.0
 */
export const rank = (level: PressureLevel): number => levels.indexOf(level)
