/**
 * How an operation is run elsewhere. Only the service is declared here: transports provide it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Operation from "./Operation.ts"
import type { OperationError } from "./OperationError.ts"

/**
 * How a remote invocation is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface RemoteOptions {
  /** How long to wait for the answer. A number is milliseconds. */
  readonly timeout?: Duration.Input | undefined
  /** When to try again. Never applied to an operation that is not idempotent without an `idempotencyKey`. */
  readonly retry?: Schedule.Schedule<unknown, unknown> | undefined
  /** However often the call is delivered, it takes effect once. */
  readonly idempotencyKey?: string | undefined
  /** Which version of the deployment to call. Default: the definition's own. */
  readonly version?: number | undefined
}

/**
 * The transport behind `invokeRemote`.
 *
 * **When to use**
 *
 * Use one of the transports' layers to provide it. Without one, `invokeRemote` fails with `RemoteUnavailable`.
 *
 * @category services
 * @since 0.1.0
 */
export class RemoteInvoker extends Context.Service<RemoteInvoker, {
  readonly invoke: <Op extends Operation.Any>(
    operation: Op,
    input: Op["input"]["Type"],
    options: RemoteOptions
  ) => Effect.Effect<Op["output"]["Type"], Op["error"]["Type"] | OperationError>
}>()("opbus/operation/RemoteInvoker") {}
