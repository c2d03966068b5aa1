import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Operation from "../../operation/Operation.ts"
import { OperationError } from "../../operation/OperationError.ts"

/**
 * A call as the authorizer sees it.
 *
 * @category models
 * @since 0.1.0
 */
export interface RemoteCall {
  /** An operation is invoked, the invocations are watched, or the history is used. */
  readonly kind: "invoke" | "observe" | "history"
  /** The operation's key; of an undo or redo also the key of each step that will run. */
  readonly key: string
  readonly operation: Operation.Any | undefined
  /** Names in lower case; the headers of the connection, and over them those of the call. */
  readonly headers: ReadonlyMap<string, string>
  /** Those of the connection alone: what a proxy says there about the caller, no call can say otherwise. */
  readonly connection: ReadonlyMap<string, string>
  /** It comes from this process or from this machine's loopback interface. */
  readonly local: boolean
}

/**
 * What an authorizer says: yes, no, no for this reason, or yes on behalf of an actor.
 *
 * @category models
 * @since 0.1.0
 */
export type Verdict = boolean | { readonly denied: string } | { readonly actor: string }

/** @internal */
export type Authorize = (call: RemoteCall) => Effect.Effect<Verdict>

/**
 * Who a permitted call is on behalf of; a refused one fails with `Denied`. `claimed` is whom the client says it is.
 *
 * Invariant (R1): without an authorizer only local calls pass.
 *
 * @internal
 */
export const authorized = (
  authorize: Authorize | undefined,
  call: RemoteCall,
  claimed: string | undefined
): Effect.Effect<string | undefined, OperationError> => {
  const denied = (why: string) => Exit.fail(new OperationError({ key: call.key, reason: { _tag: "Denied", why } }))
  if (authorize === undefined) {
    return call.local
      ? Exit.succeed(claimed)
      : denied("the server has no authorizer, so only its own machine may call it")
  }
  return Effect.flatMap(Effect.suspend(() => authorize(call)), (verdict) => {
    if (verdict === true) return Exit.succeed(claimed)
    if (verdict === false) return denied("the server refused it")
    return "actor" in verdict ? Exit.succeed(verdict.actor) : denied(verdict.denied)
  })
}
