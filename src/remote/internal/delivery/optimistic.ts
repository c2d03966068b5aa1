import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { HistoryTracker } from "../../../history/HistoryTracker.ts"
import { outlasting } from "../../../operation/internal/closure.ts"
import { CurrentActor } from "../../../operation/Invocation.ts"
import type * as Operation from "../../../operation/Operation.ts"
import { isOperationError, OperationError } from "../../../operation/OperationError.ts"
import type { OperationInvoker } from "../../../operation/OperationInvoker.ts"
import type { Settling } from "./deliverer.ts"

/** By name: a queue in a bundle must not bring the whole history along for those who have none. */
const Tracker = Context.Service<HistoryTracker, HistoryTracker["Service"]>("opbus/history/HistoryTracker")
const Invoker = Context.Service<OperationInvoker, OperationInvoker["Service"]>("opbus/operation/OperationInvoker")

/**
 * Runs local operations in advance, and takes them back.
 *
 * Each one runs on behalf of an actor of its own, made from the idempotency key. So its history entry stands alone in its
 * stack: undoing as that actor takes back exactly this entry, never another one, and is refused with `Conflict` when
 * somebody, be it the user, has changed the same resource since (H14). The name outlives the process, as far as the history
 * does.
 *
 * @internal
 */
export class Optimistic implements Settling {
  private context: Context.Context<never>

  constructor(context: Context.Context<never>) {
    this.context = context
  }

  /** The caller's services, where the layer had none. */
  private service<I, S>(key: Context.Key<I, S>, caller?: Context.Context<never>): S | undefined {
    const own = Context.getOrUndefined(this.context, key)
    if (own !== undefined || caller === undefined) return own
    const found = Context.getOrUndefined(caller, key)
    if (found !== undefined) this.context = Context.add(this.context, key as Context.Key<never, S>, found)
    return found
  }

  /** Runs the operation; gives the actor under whom it is recorded. */
  run(
    key: string,
    operation: Operation.Any,
    input: unknown,
    idempotencyKey: string
  ): Effect.Effect<string, OperationError> {
    return Effect.contextWith((caller: Context.Context<never>): Effect.Effect<string, OperationError> => {
      const invoker = this.service(Invoker, caller)
      this.service(Tracker, caller)
      if (invoker === undefined) return Effect.fail(refused(key, operation.key, "no OperationInvoker is provided"))
      const actor = `optimistic:${idempotencyKey}`
      // Outside of the caller's invocation and group: folded into them it could not be taken back alone.
      const ran = Effect.updateContext(
        invoker.invoke(operation as Operation.Any & { readonly stream: false }, input, { actor }),
        outlasting
      )
      return Effect.mapError(
        Effect.as(ran, actor),
        (error) =>
          refused(key, operation.key, isOperationError(error) ? error.message : `it failed with ${String(error)}`)
      )
    })
  }

  takeBack(actor: string): Effect.Effect<string | undefined> {
    return Effect.suspend(() => {
      const tracker = this.service(Tracker)
      if (tracker === undefined) return Effect.succeed("no HistoryTracker is provided, so nobody knows its inverse")
      const taken = Effect.matchCause(tracker.undo, {
        onFailure: (cause) => {
          const reason = cause.reasons.find((reason) => reason._tag !== "Interrupt")
          if (reason?._tag !== "Fail") return "its inverse was interrupted or ended unexpectedly"
          return reason.error.reason._tag === "NothingToUndo"
            ? "nothing was recorded that could be taken back. Give the operation an undo mapping"
            : `${reason.error.reason._tag}: ${reason.error.message}`
        },
        onSuccess: () => undefined
      })
      return this.as(actor, Effect.tap(taken, (failed) => failed === undefined ? tracker.clear : Effect.void))
    })
  }

  /** It is the truth now: nobody can take it back as an advance any more. */
  settle(actor: string): Effect.Effect<void> {
    return Effect.suspend(() => {
      const tracker = this.service(Tracker)
      return tracker === undefined ? Effect.void : this.as(actor, tracker.clear)
    })
  }

  private as<A>(actor: string, effect: Effect.Effect<A>): Effect.Effect<A> {
    const acting = Effect.provideService(effect, CurrentActor, actor)
    return Effect.updateContext(acting, (context: Context.Context<never>) => outlasting(context))
  }
}

const refused = (key: string, local: string, why: string): OperationError =>
  new OperationError({
    key,
    reason: {
      _tag: "RemoteUnavailable",
      why: `the local operation "${local}" could not run in advance, so nothing was queued: ${why.replace(/\.$/, "")}`
    }
  })
