/**
 * Whether a service takes calls.
 *
 * **Invariants**
 *
 * - Every reason to be closed is kept apart: a service that is quarantined while memory is critical takes calls again only
 *   when both are over.
 * - `Shutdown` is never taken back.
 *
 * @since 0.1.0
 */
import { type Reason, ServiceUnavailable } from "./ServiceUnavailable.ts"

/** The gravest first: it is what callers are told. */
const gravity: ReadonlyArray<Reason> = [
  "Shutdown",
  "NotLoaded",
  "Refused",
  "Crashed",
  "Escalated",
  "Quarantined",
  "Pressure"
]

/**
 * Whether a service takes calls: a plain cell, because it is read before every call.
 *
 * **When to use**
 *
 * Use `closed` before anything of the service runs. The health monitor, the pressure dispatcher and the heal loop write it;
 * use `close` and `open` directly to take a service out of use by hand.
 *
 * @category models
 * @since 0.1.0
 */
export class Admission {
  /** The name of the service. */
  readonly service: string
  /** What a call fails with now; `undefined` when calls are taken. */
  closed: ServiceUnavailable | undefined = undefined
  /** The same without `Pressure`, for the few commands that a service answers under critical pressure too. */
  closedAtCritical: ServiceUnavailable | undefined = undefined
  private readonly reasons = new Map<Reason, ServiceUnavailable>()

  constructor(service: string) {
    this.service = service
  }

  /** Refuses calls for this reason from now on. */
  close(reason: Reason, message: string): void {
    this.reasons.set(reason, new ServiceUnavailable({ service: this.service, reason, message }))
    this.update()
  }

  /** Takes this reason back; `Shutdown` stays. */
  open(reason: Exclude<Reason, "Shutdown">): void {
    this.reasons.delete(reason)
    this.update()
  }

  /** Whether it is closed for this reason, among others. */
  has(reason: Reason): boolean {
    return this.reasons.has(reason)
  }

  /** All reasons that it is closed for, the gravest first. */
  get all(): ReadonlyArray<ServiceUnavailable> {
    return gravity.flatMap((reason) => this.reasons.get(reason) ?? [])
  }

  private update(): void {
    const all = this.all
    this.closed = all[0]
    this.closedAtCritical = all.find(({ reason }) => reason !== "Pressure")
  }
}

/**
 * An admission that is open.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (service: string): Admission => new Admission(service)
