/**
 * The events of this session as they were received, for the export.
 */
import type { InvocationMessage } from "../../../protocol/InvocationMessage.ts"

/** How many are kept by default: as many as the timeline. */
const defaultCapacity = 50_000

/**
 * The newest events, and how many others there were.
 *
 * Invariant: within an epoch events are counted without gaps from 1, so what is missing is known from what is there.
 */
export class Recorder {
  private events: Array<InvocationMessage> = []
  private start = 0
  /** The newest sequence of each epoch, that is, how many events there were. */
  private readonly published = new Map<string, number>()
  private readonly capacity: number

  constructor(capacity: number = defaultCapacity) {
    this.capacity = capacity
  }

  /** Takes an event. One that was taken before, because of a reconnection, is passed over. */
  record(event: InvocationMessage): void {
    if (event.sequence <= (this.published.get(event.epoch) ?? 0)) return
    this.published.set(event.epoch, event.sequence)
    this.events.push(event)
    if (this.events.length - this.start > this.capacity) this.start++
    // Given back in large pieces, so that an event costs the same however many there are.
    if (this.start > this.capacity) {
      this.events = this.events.slice(this.start)
      this.start = 0
    }
  }

  /** In the order in which they were published. */
  get invocations(): ReadonlyArray<InvocationMessage> {
    return this.events.slice(this.start)
  }

  /** How many had been published that are not here. */
  get dropped(): number {
    let published = 0
    for (const count of this.published.values()) published += count
    return published - (this.events.length - this.start)
  }
}

/** What this page has received. */
export const recorder = new Recorder()
