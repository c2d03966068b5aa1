/**
 * Runs operations.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Followup, FollowupScheduler, ScheduleOptions } from "./FollowupScheduler.ts"
import { Events } from "./internal/events.ts"
import type { EventStatistics } from "./internal/events.ts"
import * as followups from "./internal/followups.ts"
import { withInternals } from "./internal/invoker.ts"
import { Lanes } from "./internal/lanes.ts"
import { CallEffect, Pipeline } from "./internal/pipeline.ts"
import { RemoteCalls } from "./internal/remoteCalls.ts"
import * as streaming from "./internal/streaming.ts"
import type { Invocation, Origin } from "./Invocation.ts"
import type * as Operation from "./Operation.ts"
import type { OperationError } from "./OperationError.ts"
import { OperationRegistry, registryInternals } from "./OperationRegistry.ts"
import type { QueueOptions, Receipt, RemoteOptions } from "./RemoteInvoker.ts"

/**
 * How an operation is invoked.
 *
 * @category models
 * @since 0.1.0
 */
export interface InvokeOptions {
  /** How long the handler may take; then it is interrupted and the call fails with `Timeout`. A number is milliseconds. */
  readonly timeout?: Duration.Input | undefined
  /** On whose behalf. Default: `CurrentActor`. */
  readonly actor?: string | undefined
  /** Default: `"user"`, or the origin of the invocation in whose handler the call is made. */
  readonly origin?: Origin | undefined
  /** `false`: neither the call nor anything it causes makes a history entry. */
  readonly record?: boolean | undefined
  /** Called with what the handler reports while it runs, in order and inside the handler: it must not throw. */
  readonly onProgress?: ((progress: any) => void) | undefined
}

/**
 * An operation that gives one output, not a stream.
 *
 * @category models
 * @since 0.1.0
 */
export interface Single extends Operation.Any {
  readonly stream: false
}

/**
 * An operation that gives a stream of output.
 *
 * @category models
 * @since 0.1.0
 */
export interface Streaming extends Operation.Any {
  readonly stream: true
}

/**
 * Runs an operation in this process. The seed's name for the type of `invoke`.
 *
 * @category models
 * @since 0.1.0
 */
export type Invoke = (typeof OperationInvoker)["Service"]["invoke"]

/**
 * Runs an operation elsewhere. The seed's name for the type of `invokeRemote`.
 *
 * @category models
 * @since 0.1.0
 */
export type InvokeRemote = (typeof OperationInvoker)["Service"]["invokeRemote"]

/**
 * The invoker.
 *
 * **When to use**
 *
 * Use to run operations and to follow what runs. Its methods need nothing: what a handler needs was closed over by its
 * layer. `const { invoke } = yield* OperationInvoker` gives functions that can be passed on; the functions of the same
 * names on the class (and from `"opbus"`) take the invoker from the context instead.
 *
 * @category services
 * @since 0.1.0
 */
export class OperationInvoker extends Context.Service<OperationInvoker, {
  /** Runs an operation: input and output are validated, and its own failures reach the caller as they are. */
  readonly invoke: <Op extends Single>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: InvokeOptions
  ) => Effect.Effect<Op["output"]["Type"], Op["error"]["Type"] | OperationError>
  /** Runs a stream operation; every element is validated. */
  readonly invokeStream: <Op extends Streaming>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: InvokeOptions
  ) => Stream.Stream<Op["output"]["Type"], Op["error"]["Type"] | OperationError>
  /**
   * Runs whatever is registered under a key, with JSON data in and out: for wires, command lines and agents. Fails with
   * an `OperationError` or the operation's own failure. A stream operation's elements come as one array.
   */
  readonly invokeKey: (key: string, input: unknown, options?: InvokeOptions) => Effect.Effect<unknown, unknown>
  /** Like `invokeKey`, as a stream of JSON data; an operation that is no stream gives one element. */
  readonly invokeKeyStream: (key: string, input: unknown, options?: InvokeOptions) => Stream.Stream<unknown, unknown>
  /**
   * Runs an operation through the `RemoteInvoker`; without one it fails with `RemoteUnavailable`. It is an invocation
   * here too, marked `remote`; what is queued with `offline` is not, because its outcome comes later.
   */
  readonly invokeRemote: {
    <Op extends Single>(
      operation: Op,
      input: Op["input"]["Type"],
      options: QueueOptions
    ): Effect.Effect<Receipt<Op>, OperationError>
    <Op extends Single>(
      operation: Op,
      input: Op["input"]["Type"],
      options?: RemoteOptions
    ): Effect.Effect<Op["output"]["Type"], Op["error"]["Type"] | OperationError>
  }
  /** Runs a stream operation through the `RemoteInvoker`. */
  readonly invokeRemoteStream: <Op extends Streaming>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: RemoteOptions
  ) => Stream.Stream<Op["output"]["Type"], Op["error"]["Type"] | OperationError>
  /** Sets off an operation as a tracked follow-up. */
  readonly schedule: <Op extends Single>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: ScheduleOptions
  ) => Effect.Effect<Followup<Op["output"]["Type"], Op["error"]["Type"] | OperationError>>
  /** Waits for all follow-ups, also those scheduled while it waits. */
  readonly awaitIdle: Effect.Effect<void>
  readonly followups: (typeof FollowupScheduler)["Service"]
  /**
   * What happens, from the moment of subscription. Every subscriber has a buffer of its own, of 4,096 events and about
   * 16 MiB; when it overflows the oldest are dropped, which shows as a gap in `sequence`.
   */
  readonly invocations: Stream.Stream<Invocation>
  /** Calls a function with every event, in order, until the scope closes. It cannot fail an invocation. */
  readonly observe: (observer: (event: Invocation) => void) => Effect.Effect<void, never, Scope.Scope>
  /** What observing costs, and what slow subscribers have missed. */
  readonly statistics: Effect.Effect<EventStatistics>
}>()("opbus/operation/OperationInvoker") {
  /**
   * An invoker over the registry.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<OperationInvoker, never, OperationRegistry> = Layer.effect(
    OperationInvoker,
    Effect.gen(function*() {
      const registry = registryInternals(yield* OperationRegistry)
      const context = yield* Effect.context<Scope.Scope>()
      const scope = yield* Effect.scope
      const report = (failure: unknown) => {
        Effect.runForkWith(context)(
          Effect.logWarning("An observer of invocations threw; the invocation went on.", failure)
        )
      }
      const events = new Events(makeEpoch(), report)
      const pipeline = new Pipeline(events.epoch, registry.active, registry.notFound, events, new Lanes())
      const scheduler = followups.make(pipeline, scope)
      const remote = new RemoteCalls(pipeline, context)
      const call = (operation: Operation.Any, input: unknown, options: object | undefined): Effect.Effect<any, any> =>
        new CallEffect(pipeline, operation, input, options) as unknown as Effect.Effect<any, any>
      const callKey = (key: string, input: unknown, options: object | undefined) =>
        Effect.withFiber<unknown, unknown>((fiber) =>
          pipeline.active.get(key)?.operation.stream === true
            ? Stream.runCollect(streaming.callEncoded(pipeline, key, input, options))
            : pipeline.callEncoded(fiber, key, input, options)
        )
      return withInternals({
        invoke: call,
        invokeStream: (operation, input, options) => streaming.call(pipeline, operation, input, options),
        invokeKey: callKey,
        invokeKeyStream: (key, input, options) => streaming.callEncoded(pipeline, key, input, options),
        invokeRemote: remote.invoke,
        invokeRemoteStream: remote.stream,
        schedule: scheduler.schedule,
        awaitIdle: scheduler.awaitIdle,
        followups: scheduler,
        invocations: events.stream.stream,
        observe: (observer) => events.observe(observer),
        statistics: Effect.sync(() => events.statistics)
      }, {
        epoch: events.epoch,
        installHook: (hook) => pipeline.installHook(hook),
        invokeWith: call,
        invokeKeyWith: callKey,
        invokeRemoteWith: remote.invokeWith,
        hasTransport: remote.hasTransport,
        streamWith: (operation, input, options) => streaming.call(pipeline, operation, input, options),
        streamKeyWith: (key, input, options) => streaming.callEncoded(pipeline, key, input, options),
        lookup: (key) => registry.active.get(key)
      })
    })
  )

  /** @since 0.1.0 */
  static readonly invoke = <Op extends Single>(operation: Op, input: Op["input"]["Type"], options?: InvokeOptions) =>
    OperationInvoker.use((invoker) => invoker.invoke(operation, input, options))

  /** @since 0.1.0 */
  static readonly invokeStream = <Op extends Streaming>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: InvokeOptions
  ): Stream.Stream<Op["output"]["Type"], Op["error"]["Type"] | OperationError, OperationInvoker> =>
    Stream.unwrap(Effect.map(OperationInvoker, (invoker) => invoker.invokeStream(operation, input, options)))

  /** @since 0.1.0 */
  static readonly invokeKey = (key: string, input: unknown, options?: InvokeOptions) =>
    OperationInvoker.use((invoker) => invoker.invokeKey(key, input, options))

  /** @since 0.1.0 */
  static readonly invokeRemote: {
    <Op extends Single>(
      operation: Op,
      input: Op["input"]["Type"],
      options: QueueOptions
    ): Effect.Effect<Receipt<Op>, OperationError, OperationInvoker>
    <Op extends Single>(
      operation: Op,
      input: Op["input"]["Type"],
      options?: RemoteOptions
    ): Effect.Effect<Op["output"]["Type"], Op["error"]["Type"] | OperationError, OperationInvoker>
  } = (operation: Single, input: unknown, options?: RemoteOptions) =>
    OperationInvoker.use((invoker) => invoker.invokeRemote(operation, input, options)) as Effect.Effect<
      any,
      any,
      OperationInvoker
    >

  /** @since 0.1.0 */
  static readonly invokeRemoteStream = <Op extends Streaming>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: RemoteOptions
  ): Stream.Stream<Op["output"]["Type"], Op["error"]["Type"] | OperationError, OperationInvoker> =>
    Stream.unwrap(Effect.map(OperationInvoker, (invoker) => invoker.invokeRemoteStream(operation, input, options)))

  /** @since 0.1.0 */
  static readonly schedule = <Op extends Single>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: ScheduleOptions
  ) => OperationInvoker.use((invoker) => invoker.schedule(operation, input, options))

  /** @since 0.1.0 */
  static readonly awaitIdle: Effect.Effect<void, never, OperationInvoker> = OperationInvoker.use((invoker) =>
    invoker.awaitIdle
  )
}

/** Eight bytes of the platform's own randomness: ids are unique across processes, also under a seeded `Random`. */
const makeEpoch = (): string =>
  Array.from(globalThis.crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(36).padStart(7, "0")).join(
    ""
  )
