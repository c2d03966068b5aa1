import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Operation from "../Operation.ts"
import type { OperationError, OperationErrorReason } from "../OperationError.ts"
import { OfflineQueue, type QueueOptions, RemoteInvoker, type RemoteOptions } from "../RemoteInvoker.ts"
import * as codec from "./codec.ts"
import { CurrentGroup, type InvokeInternalOptions } from "./frame.ts"
import type { CallOptions, Pipeline } from "./pipeline.ts"
import type { Registration } from "./registration.ts"
import { remoteRegistration } from "./remoteRegistration.ts"
import * as streaming from "./streaming.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>
type AnyStream = Stream.Stream<any, any>

/**
 * Calls that run elsewhere. Each is an invocation here too: validated, with events, a span, and a place in the history;
 * in place of a handler there is the transport.
 *
 * Invariants: what is around a call here (lanes, middleware) is the other side's and is not applied twice; the span of
 * the invocation is the parent of the other side's; what the other side reports is progress of the invocation here.
 *
 * @internal
 */
export class RemoteCalls {
  private readonly pipeline: Pipeline
  /** Of where the invoker was made. */
  private readonly own: Context.Context<never>

  constructor(pipeline: Pipeline, own: Context.Context<never>) {
    this.pipeline = pipeline
    this.own = own
  }

  readonly invoke = (
    operation: Operation.Any,
    input: unknown,
    options?: RemoteOptions | QueueOptions
  ): Effect.Effect<any, any> =>
    Effect.withFiber((fiber) =>
      options !== undefined && "offline" in options
        ? this.enqueue(fiber, operation, input, options)
        : this.start(fiber, operation, input, options ?? {}, undefined)
    )

  /** For the history, which runs its steps where they ran. */
  readonly invokeWith = (
    operation: Operation.Any,
    input: unknown,
    options: RemoteOptions,
    internal: InvokeInternalOptions
  ): Effect.Effect<unknown, unknown> =>
    Effect.withFiber((fiber) => this.start(fiber, operation, input, options, internal))

  readonly hasTransport = (context: Context.Context<never>): boolean =>
    serviceOf(RemoteInvoker, context, this.own) !== undefined

  readonly stream = (operation: Operation.Any, input: unknown, options: RemoteOptions = {}): AnyStream =>
    Stream.unwrap(Effect.withFiber((fiber): Effect.Effect<AnyStream, any, Scope.Scope> => {
      const registration = remoteRegistration(operation)
      if (!operation.stream) {
        return Effect.die(new TypeError(`"${operation.key}" is not a stream operation. Use invokeRemote.`))
      }
      const admitted = this.admit(fiber, registration, input, options, undefined)
      return Effect.isEffect(admitted)
        ? admitted
        : streaming.open(this.pipeline, fiber, registration, input, admitted)
    }))

  private start(
    fiber: AnyFiber,
    operation: Operation.Any,
    input: unknown,
    options: RemoteOptions,
    internal: InvokeInternalOptions | undefined
  ): Effect.Effect<unknown, unknown> {
    const registration = remoteRegistration(operation)
    if (operation.stream) {
      return Effect.die(new TypeError(`"${operation.key}" is a stream operation. Use invokeRemoteStream.`))
    }
    const admitted = this.admit(fiber, registration, input, options, internal)
    return Effect.isEffect(admitted) ? admitted : this.pipeline.start(fiber, registration, input, admitted)
  }

  /** With what a call runs, or its refusal. */
  private admit(
    fiber: AnyFiber,
    registration: Registration,
    input: unknown,
    options: RemoteOptions,
    internal: InvokeInternalOptions | undefined
  ): CallOptions | Effect.Effect<never, OperationError> {
    const { operation } = registration
    const transport = serviceOf(RemoteInvoker, fiber.context, this.own)
    if (transport === undefined) return this.refuse(fiber, operation, input, noTransport)
    if (!registration.isInput(input)) {
      return this.refuse(fiber, operation, input, { _tag: "InvalidInput", ...codec.explain(operation.input, input) })
    }
    return { ...internal, onProgress: options.onProgress, remote: { transport, options } }
  }

  private enqueue(
    fiber: AnyFiber,
    operation: Operation.Any,
    input: unknown,
    options: QueueOptions
  ): Effect.Effect<unknown, unknown> {
    const queue = serviceOf(OfflineQueue, fiber.context, this.own)
    if (queue === undefined) return this.refuse(fiber, operation, input, noQueue)
    return isInTransaction(fiber.context)
      ? this.refuse(fiber, operation, input, queuedInTransaction)
      : queue.enqueue(operation, input, options)
  }

  private refuse(
    fiber: AnyFiber,
    operation: Operation.Any,
    input: unknown,
    reason: OperationErrorReason
  ): Effect.Effect<never, OperationError> {
    return this.pipeline.refuse(
      fiber,
      remoteRegistration(operation),
      { operation, input, options: undefined },
      reason
    )
  }
}

/** A service of the caller, or else of where the invoker was made. */
const serviceOf = <I, S>(
  service: Context.Key<I, S>,
  caller: Context.Context<never>,
  own: Context.Context<never>
): S | undefined => Context.getOrUndefined(caller, service) ?? Context.getOrUndefined(own, service)

/** H16 */
const isInTransaction = (context: Context.Context<never>): boolean => {
  for (let group = Context.get(context, CurrentGroup); group !== undefined; group = group.parent) {
    if (group.transaction === true && !group.ended) return true
  }
  return false
}

const noQueue: OperationErrorReason = {
  _tag: "RemoteUnavailable",
  why: "no queue is provided. Provide an Outbox layer, or leave out offline to call at once"
}

const noTransport: OperationErrorReason = {
  _tag: "RemoteUnavailable",
  why: "no transport is provided. Provide a RemoteInvoker layer, or use invoke to run it here"
}

const queuedInTransaction: OperationErrorReason = {
  _tag: "Denied",
  why: "it is queued, and a transaction could not take it back. Queue it after the transaction"
}
