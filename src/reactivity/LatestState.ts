/**
 * The newest element of a stream operation, for those who show it.
 *
 * @since 0.1.0
 */
import type * as Operation from "../operation/Operation.ts"
import type { FailureOf } from "./OperationState.ts"

/**
 * How a stream operation that is followed stands.
 *
 * @category models
 * @since 0.1.0
 */
export interface LatestState<out Op extends Operation.Any> {
  /** The newest element; kept while the server is away, and after the end. */
  readonly value: Op["output"]["Type"] | undefined
  /** Why it broke off. While the server is away it is asked for again; after any other failure it is not. */
  readonly error: FailureOf<Op> | Error | undefined
  /** No element has come yet. */
  readonly loading: boolean
  /** The stream has ended. */
  readonly ended: boolean
}

/**
 * On whose behalf a stream operation is followed.
 *
 * @category models
 * @since 0.1.0
 */
export interface LatestOptions {
  readonly actor?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
}
