/**
 * What an operation that only reads gives, kept fresh.
 *
 * @since 0.1.0
 */
import type * as Operation from "../operation/Operation.ts"
import type { Observable } from "./Observable.ts"
import type { FailureOf } from "./OperationState.ts"

/**
 * How a query stands.
 *
 * @category models
 * @since 0.1.0
 */
export interface QueryState<out Op extends Operation.Any> {
  /** The newest answer; kept when a later one fails. */
  readonly data: Op["output"]["Type"] | undefined
  /** Why the newest run failed. */
  readonly error: FailureOf<Op> | Error | undefined
  /** It runs, and there is no answer to show yet. */
  readonly loading: boolean
  /** It runs, and there is an answer to show. */
  readonly refreshing: boolean
}

/**
 * When a query runs again.
 *
 * @category models
 * @since 0.1.0
 */
export interface QueryOptions {
  /**
   * Operations, keys, or prefixes of keys that end with a dot (`"note."`): when an invocation of one of them has ended, here
   * or on a server that lets itself be watched, the query runs again. What readonly operations do is left out.
   */
  readonly refreshOn?: ReadonlyArray<Operation.Any | string> | undefined
  readonly actor?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/**
 * A query that runs while somebody looks.
 *
 * @category models
 * @since 0.1.0
 */
export interface QueryHandle<in out Op extends Operation.Any> extends Observable<QueryState<Op>> {
  /** Runs it again, when somebody looks. */
  readonly refresh: () => void
}
