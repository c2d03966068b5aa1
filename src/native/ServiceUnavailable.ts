/**
 * The failure of a service that does not take calls.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * Why a service does not take calls.
 *
 * **Details**
 *
 * - `Pressure`: memory is at the level `critical`; it takes calls again when the level is lower.
 * - `Quarantined`: it was late to say how it is; it takes calls again when it answers.
 * - `Escalated`: it could not heal itself; somebody has to look at it, and then `SelfHeal.reopen`.
 * - `Crashed`: its process has ended; healing starts a new one.
 * - `NotLoaded`: it is not there: no native module or sidecar that was built for these specs, or none that runs.
 * - `Refused`: it does not take what it is given: its config, or an input that is larger than a message to its process may be.
 * - `Shutdown`: it was shut down for good.
 *
 * @category models
 * @since 0.1.0
 */
export const Reason = Schema.Literals([
  "Pressure",
  "Shutdown",
  "Quarantined",
  "Escalated",
  "NotLoaded",
  "Refused",
  "Crashed"
])

/**
 * Why a service does not take calls.
 *
 * @category models
 * @since 0.1.0
 */
export type Reason = typeof Reason.Type

/**
 * A service does not take calls; nothing of it was run.
 *
 * **When to use**
 *
 * Every command of a service can fail with it. Use `reason` to decide whether to try again; `message` is one line that says
 * what is the matter and what to do.
 *
 * @category errors
 * @since 0.1.0
 */
export class ServiceUnavailable
  extends Schema.TaggedError<ServiceUnavailable>("opbus/native/ServiceUnavailable")("ServiceUnavailable", {
    service: Schema.String,
    reason: Reason,
    message: Schema.String
  })
{}

/**
 * Tells whether a value is a `ServiceUnavailable`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isServiceUnavailable = (u: unknown): u is ServiceUnavailable => u instanceof ServiceUnavailable
