import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Operation from "../Operation.ts"
import type { OperationError } from "../OperationError.ts"
import { type CallOptions, Frame, type Pipeline } from "./pipeline.ts"
import { Registration } from "./registration.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>
type AnyStream = Stream.Stream<any, any>

/**
 * A stream operation's run: the stations are those of the pipeline, with a stream in place of the handler's effect.
 *
 * Invariants: the invocation starts when the stream is first pulled and ends when its scope closes, after the handler's
 * own finalizers; an end that the consumer chose is a success with `stopped`.
 *
 * @internal
 */
export const call = (
  pipeline: Pipeline,
  operation: Operation.Any,
  input: unknown,
  options: CallOptions | undefined
): AnyStream =>
  Stream.unwrap(Effect.withFiber((fiber) => {
    const admitted = pipeline.admit(fiber as AnyFiber, { operation, input, options })
    if (!(admitted instanceof Registration)) return admitted
    if (!admitted.operation.stream) {
      return Effect.die(new TypeError(`"${admitted.key}" is not a stream operation. Use invoke.`))
    }
    return open(pipeline, fiber as AnyFiber, admitted, input, options)
  }))

/**
 * From a valid input to the stream of an invocation.
 *
 * @internal
 */
export const open = (
  pipeline: Pipeline,
  fiber: AnyFiber,
  registration: Registration,
  input: unknown,
  options: CallOptions | undefined
): Effect.Effect<AnyStream, unknown, Scope.Scope> => {
  const frame = new Frame(pipeline, registration, fiber, input, options)
  frame.hook = pipeline.hook
  const wait = frame.hook?.before(frame)
  const traced = pipeline.trace(frame, fiber)
  const started = traced === undefined ? run(pipeline, frame) : Effect.flatMap(traced, () => run(pipeline, frame))
  if (wait === undefined) return started
  return Effect.flatMap(
    Effect.tapCause(Effect.updateContext(wait, () => frame.context), (cause) =>
      Effect.sync(() => {
        if (!Cause.hasInterruptsOnly(cause)) pipeline.events.failed(frame, cause, true)
      })),
    () => started
  )
}

/** @internal */
export const callEncoded = (
  pipeline: Pipeline,
  key: string,
  encoded: unknown,
  options: CallOptions | undefined
): AnyStream =>
  Stream.unwrap(Effect.withFiber((fiber) => {
    const registration = pipeline.active.get(key)
    if (registration === undefined || !registration.operation.stream) {
      return Effect.succeed(Stream.fromEffect(pipeline.callEncoded(fiber as AnyFiber, key, encoded, options)))
    }
    return Effect.map(pipeline.decode(fiber as AnyFiber, registration, encoded, options), (input) =>
      // Not `Stream.mapEffect`, whose concurrency brings a queue into every bundle.
      Stream.transformPull(call(pipeline, registration.operation, input, options), (pull) =>
        Effect.succeed(Effect.flatMap(pull, (elements: ReadonlyArray<unknown>): Effect.Effect<any, any> =>
          Effect.forEach(elements, (element) => pipeline.encode(registration, element))))))
  }))

const run = (pipeline: Pipeline, frame: Frame): Effect.Effect<AnyStream, never, Scope.Scope> => {
  let count = 0
  let outcome: Exit.Exit<unknown, unknown> | undefined

  const finish = (closed: Exit.Exit<unknown, unknown>): Effect.Effect<void> => {
    frame.registration.leave(frame)
    frame.ended = true
    const stopped = outcome === undefined
    const exit = outcome ??
      (closed._tag === "Failure" && Cause.hasInterruptsOnly(closed.cause) ? closed : Exit.succeed({ count }))
    const publish = Effect.sync(() => pipeline.conclude(frame, exit, stopped))
    const wait = frame.hook?.commit(frame, exit)
    return wait === undefined ? publish : Effect.andThen(wait, publish)
  }

  const check = (elements: ReadonlyArray<unknown>): Effect.Effect<any, OperationError> => {
    for (const element of elements) {
      const checked = pipeline.checkOutput(frame, Exit.succeed(element))
      if (checked._tag === "Failure") {
        outcome = checked
        return checked as Exit.Exit<never, OperationError>
      }
      count++
    }
    return Exit.succeed(elements)
  }

  return Effect.uninterruptible(Effect.suspend(() => {
    pipeline.events.started(frame)
    frame.registration.enter(frame)
    return Effect.as(
      Effect.addFinalizer(finish),
      Stream.transformPull(Stream.updateContext(elementsOf(frame), () => frame.context), (pull) => {
        const observed = Effect.matchCauseEffect(pull, {
          onFailure: (cause) => {
            const done = cause.reasons.some((reason) => reason._tag === "Fail" && Cause.isDone(reason.error))
            if (done) outcome ??= Exit.succeed({ count })
            else if (!Cause.hasInterruptsOnly(cause)) outcome ??= Exit.failCause(cause)
            return Exit.failCause(cause)
          },
          onSuccess: check
        })
        return Effect.succeed(
          frame.deadline === undefined ? observed : limited(pipeline, frame, observed, (exit) => {
            outcome ??= exit
          })
        )
      })
    )
  }))
}

const elementsOf = (frame: Frame): AnyStream => {
  try {
    return frame.registration.handler(frame.input) as AnyStream
  } catch (defect) {
    return Stream.die(defect)
  }
}

/** The timeout bounds the whole stream: every pull gets what is left of it. */
const limited = (
  pipeline: Pipeline,
  frame: Frame,
  pull: Effect.Effect<any, any>,
  onTimeout: (exit: Exit.Exit<never, OperationError>) => void
) => {
  const timeout = frame.options?.timeout
  if (timeout === undefined) return pull
  const timedOut = Effect.suspend(() => {
    const exit = pipeline.timedOut(frame, timeout)
    onTimeout(exit)
    return exit
  })
  return Effect.suspend(() =>
    Effect.timeoutOrElse(pull, {
      duration: Math.max(0, frame.deadline! - frame.clock.currentTimeMillisUnsafe()),
      orElse: () => timedOut
    })
  )
}
