import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Tracer from "effect/Tracer"
import type { InvocationFrame } from "../../operation/internal/frame.ts"
import type { HistoryBatch, HistoryJoin, HistoryStoreBackend } from "../HistoryStore.ts"

/**
 * A transaction that is begun before a handler and ended after the commit of its invocation.
 *
 * A fiber of its own holds it open and waits for the decision: the handler runs on the caller's fiber, with the
 * transaction in its context, and nothing of it is visible before output is valid and the entry is written (H10).
 *
 * @internal
 */
export class Joined {
  private readonly decision = Deferred.makeUnsafe<HistoryBatch, RolledBack>()
  private readonly ended = Deferred.makeUnsafe<Exit.Exit<void, unknown>>()

  private provide: ((context: Context.Context<never>) => Context.Context<never>) | undefined

  /** Runs an effect in the transaction. */
  inside<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> {
    return this.provide === undefined ? effect : Effect.updateContext(effect, this.provide)
  }

  /** Begins the transaction and puts it in the frame's context. `false`: it could not be begun. */
  begin(backend: HistoryStoreBackend, join: HistoryJoin, frame: InvocationFrame): Effect.Effect<boolean> {
    return Effect.contextWith((context: Context.Context<never>) =>
      Effect.callback<boolean>((resume) => {
        const held = join.within(
          Effect.contextWith((inside: Context.Context<never>) => {
            frame.enter(carry(context, inside, frame.base))
            resume(Effect.succeed(true))
            return Effect.flatMap(Deferred.await(this.decision), (batch) => backend.write(batch))
          })
        )
        const fiber = Effect.runForkWith(context)(held, { uninterruptible: false })
        fiber.addObserver((exit) => {
          Deferred.doneUnsafe(this.ended, Exit.succeed(exit))
          resume(Effect.succeed(false))
        })
        // Interrupted while it waits for the lock.
        return Effect.sync(() => fiber.interruptUnsafe())
      })
    )
  }

  /** Writes the batch in the transaction and commits. */
  commit(batch: HistoryBatch): Effect.Effect<Exit.Exit<void, unknown>> {
    return Effect.suspend(() => {
      Deferred.doneUnsafe(this.decision, Exit.succeed(batch))
      return Deferred.await(this.ended)
    })
  }

  rollback(): Effect.Effect<void> {
    return Effect.suspend(() => {
      Deferred.doneUnsafe(this.decision, Exit.fail(new RolledBack()))
      return Effect.asVoid(Deferred.await(this.ended))
    })
  }
}

/**
 * What the transaction put into its context, for the handler: its connection, and what belongs to it (a semaphore, deferred
 * invalidations). The span is not the handler's: that of the invocation is.
 */
const carry = (
  outside: Context.Context<never>,
  inside: Context.Context<never>,
  base: Context.Context<never>
): Context.Context<never> => {
  const before = outside.mapUnsafe
  let carried = base
  inside.mapUnsafe.forEach((value, key) => {
    if (before.get(key) === value || key === Tracer.ParentSpanKey) return
    carried = Context.add(carried, Context.Service<never, unknown>(key), value)
  })
  return carried
}

class RolledBack {
  readonly _tag = "RolledBack"
}

/**
 * What an invocation becomes whose transaction could not be committed.
 *
 * @internal
 */
export const notCommitted = (key: string, exit: Exit.Exit<unknown, unknown>): Exit.Exit<never> =>
  Exit.die(
    new Error(
      `"${key}" was not committed: its transaction with the history failed. Nothing of it was kept; invoke it again.`,
      { cause: exit._tag === "Failure" ? Cause.squash(exit.cause) : undefined }
    )
  )
