import * as Effect from "effect/Effect"
import { estimateBytes } from "../../operation/internal/events.ts"
import type { Invocation } from "../../operation/Invocation.ts"

/**
 * How much is kept.
 *
 * @internal
 */
export interface WindowBounds {
  readonly events: number
  readonly bytes: number
}

/**
 * The newest events, for any number of readers, each of which knows how far it has read.
 *
 * Invariants: what is kept is bounded by count and by bytes, however many readers there are and however slow; adding an
 * event runs no code of a reader.
 *
 * @internal
 */
export class ReplayWindow {
  /** The sequence of the newest event. */
  last: number
  private readonly bounds: WindowBounds
  private events: Array<Invocation> = []
  private sizes: Array<number> = []
  private head = 0
  private bytes = 0
  private waking = false
  private waiting = new Set<() => void>()

  /** `last`: the sequence of the newest event so far, which is not kept. */
  constructor(bounds: WindowBounds, last: number) {
    this.bounds = bounds
    this.last = last
  }

  /** The sequence of the oldest event that is kept; that of the next one when there is none. */
  get oldest(): number {
    return this.last + 1 - (this.events.length - this.head)
  }

  readonly add = (event: Invocation): void => {
    const size = estimateBytes(event)
    this.events.push(event)
    this.sizes.push(size)
    this.bytes += size
    this.last = event.sequence
    while (
      this.events.length - this.head > 1 &&
      (this.events.length - this.head > this.bounds.events || this.bytes > this.bounds.bytes)
    ) this.forget()
    if (this.waiting.size === 0 || this.waking) return
    this.waking = true
    queueMicrotask(this.wake)
  }

  /** The events after a sequence, at most so many; `undefined` when some of them are gone. */
  after(sequence: number, limit: number): ReadonlyArray<Invocation> | undefined {
    const { oldest } = this
    if (sequence + 1 < oldest) return undefined
    const from = this.head + sequence + 1 - oldest
    return this.events.slice(from, from + limit)
  }

  /** Waits for the next event. */
  readonly changed: Effect.Effect<void> = Effect.callback<void>((resume) => {
    const wake = () => resume(Effect.void)
    this.waiting.add(wake)
    return Effect.sync(() => void this.waiting.delete(wake))
  })

  private forget(): void {
    this.bytes -= this.sizes[this.head]!
    ;(this.events as Array<unknown>)[this.head] = undefined
    this.head++
    // Moved down once the space in front is as large as the rest: every event is moved at most once on average.
    if (this.head > 32 && this.head * 2 > this.events.length) {
      this.events = this.events.slice(this.head)
      this.sizes = this.sizes.slice(this.head)
      this.head = 0
    }
  }

  private readonly wake = (): void => {
    this.waking = false
    const { waiting } = this
    this.waiting = new Set()
    for (const resume of waiting) resume()
  }
}
