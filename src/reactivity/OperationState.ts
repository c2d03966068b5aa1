/**
 * How an operation stands, for those who show it.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import type * as Exit from "effect/Exit"
import type * as Operation from "../operation/Operation.ts"
import type { OperationError } from "../operation/OperationError.ts"
import type { Observable } from "./Observable.ts"

/**
 * What an operation can fail with: its own failure, or the bus's.
 *
 * @category utility types
 * @since 0.1.0
 */
export type FailureOf<Op extends Operation.Any> = Op["error"]["Type"] | OperationError

/**
 * How the calls of one place in the program stand.
 *
 * @category models
 * @since 0.1.0
 */
export interface OperationState<out Op extends Operation.Any> {
  readonly status: "idle" | "pending" | "success" | "failure" | "interrupted"
  readonly pending: boolean
  /** What the newest call has reported last; gone when it has ended. */
  readonly progress: Op["progress"]["Type"] | undefined
  /** Of the newest call that succeeded; kept while the next one runs. */
  readonly output: Op["output"]["Type"] | undefined
  /** Why the newest call failed. A defect is an `Error`. */
  readonly error: FailureOf<Op> | Error | undefined
}

/**
 * How the calls of one place in the program are made.
 *
 * @category models
 * @since 0.1.0
 */
export interface OperationOptions<in out Op extends Operation.Any> {
  /**
   * What is shown when calls overlap: `"latest"`, the default, shows the newest only; `"all"` is pending until the last has
   * ended. All of them run: to interrupt earlier ones, say so in the operation's `concurrency`.
   */
  readonly concurrency?: "latest" | "all" | undefined
  /** A number is milliseconds. */
  readonly timeout?: Duration.Input | undefined
  readonly actor?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly onSuccess?: ((output: Op["output"]["Type"], input: Op["input"]["Type"]) => void) | undefined
  readonly onError?: ((error: FailureOf<Op> | Error, input: Op["input"]["Type"]) => void) | undefined
}

/**
 * An operation that can be invoked, with how its calls stand.
 *
 * @category models
 * @since 0.1.0
 */
export interface OperationHandle<in out Op extends Operation.Any> extends Observable<OperationState<Op>> {
  /**
   * Never rejects. What runs here and is synchronous has run when it returns, if the bus has been started.
   */
  readonly invoke: (input: Op["input"]["Type"]) => Promise<Exit.Exit<Op["output"]["Type"], FailureOf<Op>>>
  /** Interrupts what runs. */
  readonly cancel: () => void
  /** Shows nothing any more. What runs goes on. */
  readonly reset: () => void
  /** Applies to the calls that follow. */
  readonly configure: (options: OperationOptions<Op>) => void
}
