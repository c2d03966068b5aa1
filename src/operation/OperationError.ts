/**
 * Why the bus itself could not give an answer.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"

/**
 * No handler is registered for the key.
 *
 * @category models
 * @since 0.1.0
 */
export interface HandlerNotFound {
  readonly _tag: "HandlerNotFound"
  /** Registered keys that look like the one asked for. */
  readonly suggestions: ReadonlyArray<string>
}

/**
 * The input does not fit the operation's schema; the handler was not run.
 *
 * @category models
 * @since 0.1.0
 */
export interface InvalidInput {
  readonly _tag: "InvalidInput"
  /** One line: what was expected and what was found. */
  readonly issue: string
  /** Where, from the root of the input. */
  readonly path: ReadonlyArray<PropertyKey>
}

/**
 * The handler returned something that does not fit the operation's schema.
 *
 * @category models
 * @since 0.1.0
 */
export interface InvalidOutput {
  readonly _tag: "InvalidOutput"
  readonly issue: string
  readonly path: ReadonlyArray<PropertyKey>
}

/**
 * A synchronous operation's handler, middleware or capture suspended.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotSynchronous {
  readonly _tag: "NotSynchronous"
}

/**
 * The handler did not finish within the caller's timeout and was interrupted.
 *
 * @category models
 * @since 0.1.0
 */
export interface Timeout {
  readonly _tag: "Timeout"
  readonly millis: number
}

/**
 * Too much is running or waiting already.
 *
 * @category models
 * @since 0.1.0
 */
export interface Overloaded {
  readonly _tag: "Overloaded"
  readonly limit: number
}

/**
 * A newer invocation of a `switchLatest` operation took over.
 *
 * @category models
 * @since 0.1.0
 */
export interface Superseded {
  readonly _tag: "Superseded"
}

/**
 * Another invocation of a `drop` operation was running.
 *
 * @category models
 * @since 0.1.0
 */
export interface Dropped {
  readonly _tag: "Dropped"
}

/**
 * The call is not allowed here.
 *
 * @category models
 * @since 0.1.0
 */
export interface Denied {
  readonly _tag: "Denied"
  readonly why: string
}

/**
 * The definition used for the call does not fit the one that is registered under its key.
 *
 * @category models
 * @since 0.1.0
 */
export interface Incompatible {
  readonly _tag: "Incompatible"
  readonly difference: string
}

/**
 * `invokeRemote` has no transport, or the transport cannot reach the other side.
 *
 * @category models
 * @since 0.1.0
 */
export interface RemoteUnavailable {
  readonly _tag: "RemoteUnavailable"
  readonly why: string
  /** `false`: the call certainly did not reach the other side. */
  readonly sent?: false
}

/**
 * The other side has no operation of this key and version.
 *
 * @category models
 * @since 0.1.0
 */
export interface RemoteFunctionNotFound {
  readonly _tag: "RemoteFunctionNotFound"
}

/**
 * A call with this idempotency key was begun before, and nobody knows how it ended. Only an idempotent operation may be
 * called again.
 *
 * @category models
 * @since 0.1.0
 */
export interface Uncertain {
  readonly _tag: "Uncertain"
}

/**
 * The idempotency key was used before for another call.
 *
 * @category models
 * @since 0.1.0
 */
export interface IdempotencyConflict {
  readonly _tag: "IdempotencyConflict"
}

/**
 * A queued call was given up; it is among the dead letters.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeadLettered {
  readonly _tag: "DeadLettered"
  readonly why: string
}

/**
 * The reasons of an `OperationError`.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationErrorReason =
  | HandlerNotFound
  | InvalidInput
  | InvalidOutput
  | NotSynchronous
  | Timeout
  | Overloaded
  | Superseded
  | Dropped
  | Denied
  | Incompatible
  | RemoteUnavailable
  | RemoteFunctionNotFound
  | Uncertain
  | IdempotencyConflict
  | DeadLettered

/**
 * The one error of the bus; `reason` says which. An operation's own failures are never wrapped in it.
 *
 * **When to use**
 *
 * Use with `Effect.catchReason("OperationError", "InvalidInput", …)`, or show `message`: one line that names the key and
 * says what to do.
 *
 * @category errors
 * @since 0.1.0
 */
export class OperationError extends Data.TaggedError("OperationError")<{
  readonly key: string
  readonly reason: OperationErrorReason
}> {
  override get message(): string {
    return describeReason(this.key, this.reason)
  }
}

/**
 * Tells whether a value is an `OperationError`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isOperationError = (u: unknown): u is OperationError => u instanceof OperationError

const atPath = (path: ReadonlyArray<PropertyKey>): string =>
  path.length === 0
    ? ""
    : ` at ${path.map((part) => typeof part === "number" ? `[${part}]` : String(part)).join(".").replaceAll(".[", "[")}`

/** @internal */
export const describeReason = (key: string, reason: OperationErrorReason): string => {
  switch (reason._tag) {
    case "HandlerNotFound":
      return `No handler is registered for "${key}". ${
        reason.suggestions.length > 0
          ? `Did you mean ${reason.suggestions.map((suggestion) => `"${suggestion}"`).join(" or ")}?`
          : "Provide the layer of the plugin that handles it."
      }`
    case "InvalidInput":
      return `Invalid input for "${key}"${
        atPath(reason.path)
      }: ${reason.issue}. Correct the input; the handler was not run.`
    case "InvalidOutput":
      return `The handler of "${key}" returned invalid output${
        atPath(reason.path)
      }: ${reason.issue}. Correct the handler or the operation's output schema.`
    case "NotSynchronous":
      return `"${key}" is a synchronous operation, but its handler, middleware or capture suspended and was interrupted. Make it synchronous, or remove executionMode: "sync".`
    case "Timeout":
      return `"${key}" did not finish within ${reason.millis} ms and was interrupted. Allow more time or make it faster.`
    case "Overloaded":
      return `"${key}" was refused: ${reason.limit} invocations are running or waiting already. Try again later.`
    case "Superseded":
      return `"${key}" was superseded by a newer invocation. Use the newer one's result.`
    case "Dropped":
      return `"${key}" was dropped because another invocation of it is running. Wait for that one.`
    case "Denied":
      return `"${key}" is not allowed here: ${reason.why}.`
    case "Incompatible":
      return `The definition of "${key}" does not fit the registered one: ${reason.difference}. Use the same version of the definition on both sides.`
    case "RemoteUnavailable":
      return `"${key}" cannot be invoked remotely: ${reason.why}.`
    case "RemoteFunctionNotFound":
      return `Remote function not found: ${key}`
    case "Uncertain":
      return `A call of "${key}" with this idempotency key was begun before and its outcome is unknown. Look whether it took effect, or mark the operation idempotent.`
    case "IdempotencyConflict":
      return `The idempotency key of this call of "${key}" was used before for another call. Use a new key.`
    case "DeadLettered":
      return `A queued call of "${key}" was given up: ${reason.why}. It is among the dead letters; retry or remove it there.`
  }
}
