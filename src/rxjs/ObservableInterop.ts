/**
 * Streams as observables, and observables as streams.
 *
 * An observable pushes and cannot be told to wait; a stream is pulled. Towards RxJS nothing is lost: the stream goes on
 * when the subscriber has returned. From RxJS a bounded buffer stands between.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { Observable, Subject, takeUntil } from "rxjs"
import type { Invocation } from "../operation/Invocation.ts"
import { OperationInvoker } from "../operation/OperationInvoker.ts"

/**
 * Follows what an invoker does, as an observable.
 *
 * **When to use**
 *
 * Use with an invoker that is at hand, `invocations$(invoker)`, or without one in an effect that requires it:
 * `const events$ = yield* invocations$()`.
 *
 * **Details**
 *
 * Every subscriber sees every event from the moment of subscription, in order and at once: also those of a synchronous
 * operation have arrived when `runSync` returns. Unsubscribing stops at once.
 *
 * **Gotchas**
 *
 * Subscribers run inside the invocation, as observers do: put `observeOn(asyncScheduler)` before slow ones, or use
 * `toObservable(invoker.invocations)`, which has a bounded buffer per subscriber instead.
 *
 * @category converting
 * @since 0.1.0
 */
export const invocations$: {
  (): Effect.Effect<Observable<Invocation>, never, OperationInvoker>
  (invoker: Pick<(typeof OperationInvoker)["Service"], "observe">): Observable<Invocation>
} =
  ((invoker?: (typeof OperationInvoker)["Service"]) =>
    invoker === undefined ? Effect.map(OperationInvoker, observing) : observing(invoker)) as any

const observing = (invoker: Pick<(typeof OperationInvoker)["Service"], "observe">): Observable<Invocation> =>
  new Observable((subscriber) => {
    const scope = Scope.makeUnsafe()
    subscriber.add(() => Effect.runSync(Scope.close(scope, Exit.void)))
    Effect.runSync(Scope.provide(invoker.observe((event) => subscriber.next(event)), scope))
  })

/**
 * How a stream becomes an observable.
 *
 * @category models
 * @since 0.1.0
 */
export interface ToObservableOptions<in R> {
  /** The services that the stream needs. */
  readonly context?: Context.Context<R> | undefined
  /** What subscribers get as the error. Default: the stream's own failure, or its defect. */
  readonly onFailure?: ((cause: Cause.Cause<unknown>) => unknown) | undefined
}

/**
 * Makes an observable of a stream.
 *
 * **When to use**
 *
 * Use to follow the changes of a history, the invocations, or any other stream from code that is written with RxJS.
 *
 * **Details**
 *
 * Every subscription runs the stream anew. Unsubscribing interrupts it at once, also when it is idle, and runs its
 * finalizers. The end of the stream completes the observable, its failure is the observable's error.
 *
 * A stream that needs services is given them as `context`, for example with `yield* Effect.context<Notes>()`.
 *
 * @category converting
 * @since 0.1.0
 */
export const toObservable: {
  <A, E>(stream: Stream.Stream<A, E>, options?: ToObservableOptions<never>): Observable<A>
  <A, E, R>(
    stream: Stream.Stream<A, E, R>,
    options: ToObservableOptions<R> & { readonly context: Context.Context<R> }
  ): Observable<A>
} = ((stream: Stream.Stream<unknown, unknown>, options?: ToObservableOptions<never>) =>
  new Observable((subscriber) => {
    const pushing = Stream.runForEachArray(stream, (values) =>
      Effect.suspend(() => {
        for (let i = 0; i < values.length && !subscriber.closed; i++) subscriber.next(values[i]!)
        // A subscriber that left while it was called: nobody could interrupt the fiber that was calling.
        return subscriber.closed ? Effect.interrupt : Effect.void
      }))
    const fiber = Effect.runForkWith(options?.context ?? Context.empty())(pushing)
    subscriber.add(() => fiber.interruptUnsafe())
    fiber.addObserver((exit) => {
      if (exit._tag === "Success") subscriber.complete()
      else if (!subscriber.closed) subscriber.error((options?.onFailure ?? Cause.squash)(exit.cause))
    })
  })) as any

/**
 * More values came than the buffer of `fromObservable` holds.
 *
 * @category errors
 * @since 0.1.0
 */
export class ObservableOverflow extends Data.TaggedError("ObservableOverflow")<{ readonly bufferSize: number }> {
  override get message(): string {
    return `An observable was ahead of its stream by more than ${this.bufferSize} values. ` +
      "Raise bufferSize, or let it drop values with overflow."
  }
}

/**
 * What happens to values for which the buffer has no place.
 *
 * @category models
 * @since 0.1.0
 */
export type Overflow = "fail" | "dropOldest" | "dropNewest"

/**
 * How an observable becomes a stream.
 *
 * @category models
 * @since 0.1.0
 */
export interface FromObservableOptions<out E, out OnOverflow extends Overflow> {
  /** How many values may wait for the stream. Default 4,096. */
  readonly bufferSize?: number | undefined
  /** Default `"fail"`, with `ObservableOverflow`: nothing is lost in silence. */
  readonly overflow?: OnOverflow | undefined
  /** Makes the stream's failure of the observable's error. Default: an `UnknownError` with the error as its cause. */
  readonly onError?: ((error: unknown) => E) | undefined
}

/**
 * Makes a stream of an observable.
 *
 * **Details**
 *
 * The observable is subscribed to when the stream runs, and unsubscribed from when it ends, in whatever way.
 *
 * @category converting
 * @since 0.1.0
 */
export const fromObservable = <A, E = Cause.UnknownError, const OnOverflow extends Overflow = "fail">(
  observable: Observable<A>,
  options?: FromObservableOptions<E, OnOverflow>
): Stream.Stream<A, E | (OnOverflow extends "fail" ? ObservableOverflow : never)> => {
  const bufferSize = options?.bufferSize ?? 4096
  const overflow: Overflow = options?.overflow ?? "fail"
  const onError: (error: unknown) => unknown = options?.onError ?? ((error) => new Cause.UnknownError(error))
  const stream = Stream.callback<A, unknown>((queue) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const enough = new Subject<void>()
        return observable.pipe(takeUntil(enough)).subscribe({
          next: (value) => {
            if (Queue.offerUnsafe(queue, value) || overflow !== "fail") return
            Queue.failCauseUnsafe(queue, Cause.fail(new ObservableOverflow({ bufferSize })))
            enough.next()
          },
          error: (error) => Queue.failCauseUnsafe(queue, Cause.fail(onError(error))),
          complete: () => Queue.endUnsafe(queue)
        })
      }),
      (subscription) => Effect.sync(() => subscription.unsubscribe())
    ), { bufferSize, strategy: overflow === "dropOldest" ? "sliding" : "dropping" })
  return stream as Stream.Stream<A, any>
}
