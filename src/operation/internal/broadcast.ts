import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"

/**
 * Bounds of one subscriber's buffer.
 *
 * @internal
 */
export interface BufferBounds<A> {
  /** How many values may wait. */
  readonly capacity: number
  /** How many bytes may wait, measured by `sizeOf`. */
  readonly bytes: number
  readonly sizeOf: (value: A) => number
}

/**
 * Hands values to any number of streams.
 *
 * Invariants: publishing never waits, never fails and runs no code of a subscriber; every subscriber has its own bounded buffer, of which the oldest
 * values are dropped and counted; a subscriber sees what it sees in the order of publication.
 *
 * @internal
 */
export class Broadcast<A> {
  private readonly subscribers = new Set<Subscriber<A>>()
  private readonly bounds: BufferBounds<A>

  constructor(bounds?: BufferBounds<A>) {
    this.bounds = bounds ?? { capacity: 1024, bytes: Infinity, sizeOf: () => 0 }
  }

  get isEmpty(): boolean {
    return this.subscribers.size === 0
  }

  readonly publish = (value: A): void => {
    for (const subscriber of this.subscribers) subscriber.offer(value)
  }

  /** Per subscriber: how many values wait, and how many were dropped so far. */
  get buffers(): ReadonlyArray<{ readonly buffered: number; readonly dropped: number }> {
    return Array.from(this.subscribers, (subscriber) => ({
      buffered: subscriber.length,
      dropped: subscriber.dropped
    }))
  }

  readonly stream: Stream.Stream<A> = Stream.unwrap(Effect.suspend(() => {
    const subscriber = new Subscriber(this.bounds)
    this.subscribers.add(subscriber)
    return Effect.as(
      Effect.addFinalizer(() => Effect.sync(() => this.subscribers.delete(subscriber))),
      Stream.fromPull(Effect.succeed(subscriber.pull))
    )
  }))
}

class Subscriber<A> {
  dropped = 0
  private readonly bounds: BufferBounds<A>
  private values: Array<A> = []
  private sizes: Array<number> = []
  private head = 0
  private bytes = 0
  private waking = false
  private resume: ((effect: Effect.Effect<readonly [A, ...Array<A>]>) => void) | undefined

  constructor(bounds: BufferBounds<A>) {
    this.bounds = bounds
  }

  get length(): number {
    return this.values.length - this.head
  }

  offer(value: A): void {
    const size = this.bounds.sizeOf(value)
    this.values.push(value)
    this.sizes.push(size)
    this.bytes += size
    while (this.length > 1 && (this.length > this.bounds.capacity || this.bytes > this.bounds.bytes)) this.drop()
    // Not here and now: a resumed fiber runs until it suspends, and the publisher must not wait for that.
    if (this.resume !== undefined && !this.waking) {
      this.waking = true
      queueMicrotask(this.wake)
    }
  }

  private readonly wake = (): void => {
    this.waking = false
    const resume = this.resume
    if (resume === undefined || this.length === 0) return
    this.resume = undefined
    resume(Effect.succeed(this.take()))
  }

  private take(): readonly [A, ...Array<A>] {
    const values = this.head === 0 ? this.values : this.values.slice(this.head)
    this.values = []
    this.sizes = []
    this.head = 0
    this.bytes = 0
    return values as unknown as readonly [A, ...Array<A>]
  }

  private drop(): void {
    this.bytes -= this.sizes[this.head]!
    ;(this.values as Array<unknown>)[this.head] = undefined
    this.head++
    this.dropped++
    // Give the space in front back once it is as large as the rest: every value is moved at most once on average.
    if (this.head > 32 && this.head * 2 > this.values.length) {
      this.values = this.values.slice(this.head)
      this.sizes = this.sizes.slice(this.head)
      this.head = 0
    }
  }

  readonly pull: Effect.Effect<readonly [A, ...Array<A>]> = Effect.callback<readonly [A, ...Array<A>]>((resume) => {
    if (this.length > 0) return resume(Effect.succeed(this.take()))
    this.resume = resume
    return Effect.sync(() => {
      this.resume = undefined
    })
  })
}
