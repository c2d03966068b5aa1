import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { Item } from "./item.ts"

/**
 * What comes after an attempt.
 *
 * - `ended`: the call leaves its lane.
 * - `wait`: it is tried again after so many milliseconds.
 * - `lost`: this process does not deliver any more.
 *
 * @internal
 */
export type Next =
  | { readonly _tag: "ended" }
  | { readonly _tag: "wait"; readonly millis: number }
  | { readonly _tag: "lost" }

/** Who waits until a lane is empty, or has tried and failed. */
interface Flusher {
  /** Attempts that began before do not count. */
  readonly since: number
  readonly resume: () => void
}

class Lane {
  readonly name: string
  readonly items: Array<Item> = []
  /** Closed while the first call waits for its next try. */
  readonly wake = Latch.makeUnsafe(true)
  /** The next wait is passed over. */
  hurry = false
  closed = false
  flushers: Array<Flusher> = []

  constructor(name: string) {
    this.name = name
  }
}

/**
 * The order of delivery.
 *
 *     lane "a"   a1 ◄─ on its way   a2  a3        one fiber per lane
 *     lane "b"   b1 ◄─ waits until its next try   b2
 *
 * Invariants: only the first call of a lane is ever attempted, and the next one not before it has left; an empty lane
 * costs nothing; whoever flushes is answered when all lanes are empty or have tried since.
 *
 * @internal
 */
export class Lanes {
  private readonly lanes = new Map<string, Lane>()
  private readonly fork: (effect: Effect.Effect<void>) => void
  private readonly attempt: (item: Item) => Effect.Effect<Next>
  private attempts = 0

  constructor(fork: (effect: Effect.Effect<void>) => void, attempt: (item: Item) => Effect.Effect<Next>) {
    this.fork = fork
    this.attempt = attempt
  }

  push(item: Item): void {
    item.queued = true
    const { lane: name } = item.call
    const known = this.lanes.get(name)
    if (known !== undefined) {
      known.items.push(item)
      return
    }
    const lane = new Lane(name)
    lane.items.push(item)
    this.lanes.set(name, lane)
    this.fork(this.run(lane))
  }

  /** Takes a call out that is not on its way. */
  remove(item: Item): void {
    const lane = this.lanes.get(item.call.lane)
    const at = lane === undefined ? -1 : lane.items.indexOf(item)
    if (lane === undefined || at === -1) return
    lane.items.splice(at, 1)
    item.queued = false
    if (at === 0) {
      lane.hurry = true
      lane.wake.openUnsafe()
    }
  }

  /** The first calls, which may be on their way. */
  get heads(): ReadonlyArray<Item> {
    return Array.from(this.lanes.values()).flatMap(({ items }) => items.slice(0, 1))
  }

  /** What is on its way ends by itself; nothing else begins. */
  clear(): void {
    for (const lane of this.lanes.values()) {
      lane.closed = true
      for (const item of lane.items) item.queued = false
      lane.wake.openUnsafe()
      this.answer(lane, Infinity)
    }
    this.lanes.clear()
  }

  /** Tries everything now, and waits until it has been delivered or tried. */
  readonly flush: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach(
      Array.from(this.lanes.values()),
      (lane) =>
        Effect.callback<void>((resume) => {
          if (lane.items.length === 0) return resume(Effect.void)
          lane.flushers.push({ since: this.attempts, resume: () => resume(Effect.void) })
          lane.hurry = true
          lane.wake.openUnsafe()
        }),
      { concurrency: "unbounded", discard: true }
    )
  )

  private answer(lane: Lane, began: number): void {
    const waiting = lane.flushers
    if (waiting.length === 0) return
    lane.flushers = waiting.filter(({ since }) => since >= began)
    for (const { resume, since } of waiting) if (since < began) resume()
  }

  private run(lane: Lane): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (lane.closed) return Effect.void
      const item = lane.items[0]
      if (item === undefined) {
        this.lanes.delete(lane.name)
        this.answer(lane, Infinity)
        return Effect.void
      }
      lane.hurry = false
      const began = ++this.attempts
      return Effect.flatMap(this.attempt(item), (next) => {
        switch (next._tag) {
          case "ended": {
            if (lane.items[0] === item) lane.items.shift()
            return this.run(lane)
          }
          case "wait": {
            this.answer(lane, began)
            if (lane.hurry || lane.closed || lane.items[0] !== item) return this.run(lane)
            lane.wake.closeUnsafe()
            return Effect.andThen(Effect.raceFirst(Effect.sleep(next.millis), lane.wake.await), this.run(lane))
          }
          case "lost":
            // It was taken out while it waited for its turn; the others of the lane go on.
            return lane.closed || lane.items[0] === item ? Effect.void : this.run(lane)
        }
      })
    })
  }
}
