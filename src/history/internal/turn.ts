import * as Effect from "effect/Effect"

/** @internal */
export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

interface Waiter {
  granted: boolean
  resume: () => void
}

/**
 * One at a time, in the order of arrival (H5). An `effect/Semaphore` does the same at a price that an undo would feel.
 *
 * Invariant: while the turn is taken exactly one body runs, or one waiter has been granted it and will run next; a waiter
 * that is interrupted after that passes it on.
 *
 * @internal
 */
export class Turn {
  private taken = false
  private readonly waiting = new Set<Waiter>()
  private readonly changed: () => void

  constructor(changed: () => void) {
    this.changed = changed
  }

  get isTaken(): boolean {
    return this.taken
  }

  /** Waits for the turn, which can be interrupted; the body cannot, but for what it restores. */
  take<A, E, R>(body: (restore: Restore) => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    return Effect.uninterruptibleMask((restore) => {
      if (this.taken) return Effect.flatMap(this.wait(restore), () => this.run(body, restore))
      this.taken = true
      this.changed()
      return this.run(body, restore)
    })
  }

  private run<A, E, R>(
    body: (restore: Restore) => Effect.Effect<A, E, R>,
    restore: Restore
  ): Effect.Effect<A, E, R> {
    return Effect.onExitPrimitive(Effect.suspend(() => body(restore)), this.pass)
  }

  private wait(restore: Restore): Effect.Effect<void> {
    const waiter: Waiter = { granted: false, resume: () => {} }
    this.waiting.add(waiter)
    const granted = Effect.callback<void>((resume) => {
      // On a stack of its own: many that wait would else run one inside the other.
      waiter.resume = () => resume(Effect.yieldNow)
      if (waiter.granted) waiter.resume()
    })
    return Effect.onExitPrimitive(restore(granted), (exit) => {
      if (exit._tag === "Success") return undefined
      if (waiter.granted) this.pass()
      else this.waiting.delete(waiter)
      return undefined
    })
  }

  private readonly pass = (): undefined => {
    const [next] = this.waiting
    if (next === undefined) {
      this.taken = false
      this.changed()
      return
    }
    this.waiting.delete(next)
    next.granted = true
    next.resume()
  }
}
