import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import { type Change, type OutboxStore, OutboxStoreError } from "./outboxStore.ts"

interface Waiting {
  readonly change: Change
  /** Called in the order of the changes, before anybody goes on. */
  readonly committed: ((result: number) => void) | undefined
  readonly done: Deferred.Deferred<number, OutboxStoreError>
}

/** Bounds how long one commit blocks the others. */
const batchLimit = 512

/**
 * Group commit: whatever waits when a commit begins is part of it. One alone waits for nothing but the fibers that are
 * ready to run already.
 *
 * Invariants: one batch at a time, in the order of submission; a change that was submitted is written even when its
 * submitter is interrupted; a batch that fails as a whole is tried one by one, so that a bad change costs itself only;
 * whoever waits learns how it ended, also when the scope closes.
 *
 * @internal
 */
export class Writer {
  private readonly store: OutboxStore
  private readonly scope: Scope.Scope
  private waiting: Array<Waiting> = []
  private busy = false

  constructor(store: OutboxStore, scope: Scope.Scope) {
    this.store = store
    this.scope = scope
  }

  submit(change: Change, committed?: (result: number) => void): Effect.Effect<number, OutboxStoreError> {
    return Effect.uninterruptibleMask((restore) => {
      const done = Deferred.makeUnsafe<number, OutboxStoreError>()
      this.waiting.push({ change, committed, done })
      const outcome = restore(Deferred.await(done))
      if (this.busy) return outcome
      this.busy = true
      return Effect.flatMap(Effect.forkIn(this.work, this.scope), (fiber) => {
        fiber.addObserver(this.ended)
        return outcome
      })
    })
  }

  /** The scope was closed before the fiber came to an end of its own. */
  private readonly ended = (): void => {
    const left = this.waiting.splice(0)
    this.busy = false
    for (const { done } of left) {
      Deferred.doneUnsafe(done, Exit.fail(new OutboxStoreError({ message: "the outbox is being closed" })))
    }
  }

  private readonly work: Effect.Effect<void> = Effect.uninterruptible(Effect.suspend(() => {
    if (this.waiting.length === 0) return Effect.void
    const batch = this.waiting.splice(0, batchLimit)
    return Effect.flatMap(
      this.commit(batch),
      // Those who were answered may have something to write: they go first.
      () => this.waiting.length === 0 ? Effect.andThen(Effect.yieldNow, this.work) : this.work
    )
  }))

  private commit(batch: ReadonlyArray<Waiting>): Effect.Effect<void> {
    return Effect.flatMap(
      Effect.exit(this.store.write(batch.map(({ change }) => change))),
      (exit): Effect.Effect<void> => {
        if (exit._tag === "Success") {
          batch.forEach((one, i) => one.committed?.(exit.value[i]!))
          batch.forEach((one, i) => Deferred.doneUnsafe(one.done, Exit.succeed(exit.value[i]!)))
          return Effect.void
        }
        if (batch.length > 1) return Effect.forEach(batch, (one) => this.commit([one]), { discard: true })
        Deferred.doneUnsafe(batch[0]!.done, exit as Exit.Exit<never, OutboxStoreError>)
        return Effect.void
      }
    )
  }
}
