/**
 * Calls that are accepted now and delivered as soon as the other side can be reached (R4).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Operation from "../operation/Operation.ts"
import type { OperationError } from "../operation/OperationError.ts"
import { OfflineQueue, type QueueOptions, type Receipt, type RemoteInvoker } from "../operation/RemoteInvoker.ts"
import type { DeadLetter } from "./DeadLetter.ts"
import { makeMemoryOutbox } from "./internal/delivery/memoryOutbox.ts"
import { makeOutbox } from "./internal/delivery/outboxService.ts"

/**
 * A call that waits.
 *
 * @category models
 * @since 0.1.0
 */
export interface QueuedCall {
  /** The id of its receipt. */
  readonly id: string
  /** The operation. */
  readonly key: string
  readonly lane: string
  readonly idempotencyKey: string
  /** Milliseconds since the epoch. */
  readonly acceptedAt: number
  /** How often it was delivered without an answer that counts. */
  readonly attempts: number
  /** It is on its way now. */
  readonly delivering: boolean
  /** Why it was not delivered the last time, in one line. */
  readonly lastError?: string | undefined
}

/**
 * What happens to a queued call.
 *
 * @category models
 * @since 0.1.0
 */
export type OutboxChange =
  | { readonly _tag: "Accepted"; readonly id: string; readonly key: string }
  | { readonly _tag: "Delivered"; readonly id: string; readonly key: string; readonly attempts: number }
  | {
    readonly _tag: "Retrying"
    readonly id: string
    readonly key: string
    readonly attempts: number
    readonly why: string
    /** Until the next try. */
    readonly millis: number
  }
  | { readonly _tag: "DeadLettered"; readonly id: string; readonly key: string; readonly why: string }
  | { readonly _tag: "Removed"; readonly id: string; readonly key: string }

/**
 * How calls are kept and delivered.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutboxOptions {
  /** How many lanes deliver at the same time. Default 16. */
  readonly concurrency?: number | undefined
  /**
   * How long to wait after a delivery that may succeed later. A schedule that ends gives the call up. Default: 250 ms, and
   * twice as long each time up to 30 seconds, each 20 % more or less; without end.
   */
  readonly retry?: Schedule.Schedule<unknown, OperationError> | undefined
  /** How often a call is delivered while the other side cannot be reached. Default: without limit. */
  readonly maxAttempts?: number | undefined
  /** How old a call becomes while the other side cannot be reached. Default: without limit. */
  readonly maxAge?: Duration.Input | undefined
  /** After how many unexpected ends, or deaths of this process, a call is given up. Default 5. */
  readonly poisonAttempts?: number | undefined
  /** How long an answer is waited for, where the call does not say. Default 30 seconds. */
  readonly timeout?: Duration.Input | undefined
  /** Calls that may wait. Beyond them, calls are refused with `Overloaded`. Default 100,000. */
  readonly maxCount?: number | undefined
  /** Bytes of the calls that may wait. Default 64 MiB. */
  readonly maxBytes?: number | undefined
  /** How long an outcome can be read by its receipt. Default 24 hours. */
  readonly retention?: Duration.Input | undefined
  /** How many outcomes are kept. Default 100,000. */
  readonly maxOutcomes?: number | undefined
  /** How many dead letters are kept; the oldest go first. Default 10,000. */
  readonly maxDeadLetters?: number | undefined
  /** Asked before every delivery, for example for a fresh token. A call's own headers come on top. */
  readonly headers?: Effect.Effect<Readonly<Record<string, string>>> | undefined
}

/**
 * The queue behind `invokeRemote(operation, input, { offline: "queue" })`.
 *
 * **When to use**
 *
 * Use `SqlOutbox.layer` where accepted calls must survive the process, `Outbox.layer` in tests and browsers; both also
 * provide `OfflineQueue`. Use the service to show, hurry or clear up what waits.
 *
 * **Details**
 *
 * Calls of one lane are delivered one after the other, in the order in which they were accepted; the default lane is the
 * operation's key. Lanes do not wait for each other. Every call has an idempotency key, so delivering it again does no
 * harm where the server has a `ResultStore`.
 *
 * | the other side | what happens |
 * |---|---|
 * | cannot be reached, does not answer in time, is overloaded, drops or supersedes it | it is tried again, as `retry` says |
 * | fails with an error of the operation | that is the outcome; also a dead letter |
 * | refuses it (`InvalidInput`, `Denied`, `Incompatible`, `Uncertain`, …) | a dead letter at once |
 * | ends unexpectedly | tried again, a dead letter after `poisonAttempts` |
 * | kills this process | tried again alone, a dead letter after `poisonAttempts` more |
 *
 * The receipt of a dead letter fails with the operation's own error, or with `DeadLettered`.
 *
 * **Gotchas**
 *
 * Headers given with a call are stored as they are; give tokens by the option `headers`.
 *
 * @category services
 * @since 0.1.0
 */
export class Outbox extends Context.Service<Outbox, {
  /** Accepts a call. When it returns, the call is as durable as the store. */
  readonly enqueue: <Op extends Operation.Any>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: Omit<QueueOptions, "offline">
  ) => Effect.Effect<Receipt<Op>, OperationError>
  /**
   * Tries everything now and waits until it has been delivered, or has been tried in vain. Where another process delivers,
   * it comes back at once.
   */
  readonly flush: Effect.Effect<void>
  /** What waits, in the order of acceptance. */
  readonly pending: Effect.Effect<ReadonlyArray<QueuedCall>, OperationError>
  /** What was given up, in the order of acceptance. */
  readonly deadLetters: Effect.Effect<ReadonlyArray<DeadLetter>, OperationError>
  /** Puts a dead letter at the end of its lane. One that had been answered gets a new idempotency key. `false`: there is none. */
  readonly retryDeadLetter: (id: string) => Effect.Effect<boolean, OperationError>
  /** Forgets a dead letter. `false`: there is none. */
  readonly removeDeadLetter: (id: string) => Effect.Effect<boolean, OperationError>
  /** The receipt of a call that was accepted before, also by an earlier process. */
  readonly receipt: <Op extends Operation.Any>(
    operation: Op,
    id: string
  ) => Effect.Effect<Receipt<Op>, OperationError>
  /**
   * Takes a call back that cannot have reached the other side. `false`: it may have, or is over; its inverse has to be
   * queued behind it, in the same lane.
   */
  readonly remove: (id: string) => Effect.Effect<boolean, OperationError>
  /** What happens, from the moment of subscription. A slow consumer misses the oldest. */
  readonly changes: Stream.Stream<OutboxChange>
}>()("opbus/remote/Outbox") {
  /**
   * A queue in memory: it ends with the process.
   *
   * @since 0.1.0
   */
  static readonly layer = (options: OutboxOptions = {}): Layer.Layer<Outbox | OfflineQueue, never, RemoteInvoker> =>
    outboxLayer(Effect.suspend(() => makeOutbox(makeMemoryOutbox(), options)))
}

/**
 * The two services of one queue.
 *
 * @internal
 */
export const outboxLayer = <E, R>(
  make: Effect.Effect<Outbox["Service"], E, R>
): Layer.Layer<Outbox | OfflineQueue, E, Exclude<R, Scope.Scope>> =>
  Layer.effectContext(
    Effect.map(make, (outbox) =>
      Context.make(Outbox, outbox).pipe(Context.add(OfflineQueue, { enqueue: outbox.enqueue })))
  )
