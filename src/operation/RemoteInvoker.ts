/**
 * How an operation is run elsewhere, now or as soon as the other side can be reached. Only the services are declared here:
 * `opbus/remote` provides them.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Stream from "effect/Stream"
import type * as Operation from "./Operation.ts"
import type { OperationError } from "./OperationError.ts"

/**
 * How a remote invocation is made.
 *
 * @category models
 * @since 0.1.0
 */
export interface RemoteOptions {
  /** How long to wait for the answer; the other side is told. A number is milliseconds. */
  readonly timeout?: Duration.Input | undefined
  /** When to try again. Never applied to an operation that is not idempotent without an `idempotencyKey`. */
  readonly retry?: Schedule.Schedule<unknown, unknown> | undefined
  /** However often the call is delivered, it takes effect once. */
  readonly idempotencyKey?: string | undefined
  /** Which version of the deployment to call. Default: the definition's own. */
  readonly version?: number | undefined
  /** Sent along for the other side's authorizer, for example a token. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Called with what the handler reports while it runs, in order. Asking for progress costs messages. */
  readonly onProgress?: ((progress: any) => void) | undefined
}

/**
 * How a call is put into the queue.
 *
 * @category models
 * @since 0.1.0
 */
export interface QueueOptions extends Omit<RemoteOptions, "onProgress" | "retry"> {
  /** Accept the call durably, and deliver it as soon as the other side can be reached. */
  readonly offline: "queue"
  /** Calls of the same lane are delivered in the order in which they were accepted. Default: the operation's key. */
  readonly lane?: string | undefined
  /**
   * A local operation with the same input, to run at once: its effect shows until the remote finally refuses, and is then
   * taken back through its undo mapping.
   */
  readonly optimistic?: Operation.Any | undefined
}

/**
 * An operation's own failure as JSON data: what `invokeKey` fails with where nobody knows the operation's error schema.
 *
 * @category errors
 * @since 0.1.0
 */
export class RemoteFailure extends Data.TaggedError("RemoteFailure")<{
  readonly key: string
  /** Encoded by the operation's error schema. */
  readonly error: unknown
}> {
  override get message(): string {
    return `"${this.key}" failed. Use the operation's definition to read its error.`
  }
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
  readonly invokeStream: <Op extends Operation.Any>(
    operation: Op,
    input: Op["input"]["Type"],
    options: RemoteOptions
  ) => Stream.Stream<Op["output"]["Type"], Op["error"]["Type"] | OperationError>
  /** JSON data in and out, for those who do not have the operation's definition: queues, command lines. */
  readonly invokeKey: (
    key: string,
    input: unknown,
    options: RemoteOptions
  ) => Effect.Effect<unknown, OperationError | RemoteFailure>
}>()("opbus/operation/RemoteInvoker") {}

/**
 * The receipt of a call that was accepted durably.
 *
 * @category models
 * @since 0.1.0
 */
export interface Receipt<Op extends Operation.Any = Operation.Any> {
  readonly id: string
  readonly key: string
  readonly idempotencyKey: string
  /** The outcome, whenever it is there; also of a receipt that was read again after a restart. */
  readonly await: Effect.Effect<Op["output"]["Type"], Op["error"]["Type"] | OperationError>
}

/**
 * The durable queue behind `offline: "queue"`.
 *
 * **When to use**
 *
 * Use `Outbox` of `opbus/remote` to provide it.
 *
 * @category services
 * @since 0.1.0
 */
export class OfflineQueue extends Context.Service<OfflineQueue, {
  readonly enqueue: <Op extends Operation.Any>(
    operation: Op,
    input: Op["input"]["Type"],
    options: QueueOptions
  ) => Effect.Effect<Receipt<Op>, OperationError>
}>()("opbus/operation/OfflineQueue") {}
