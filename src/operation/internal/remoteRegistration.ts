import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Operation from "../Operation.ts"
import type { RemoteOptions } from "../RemoteInvoker.ts"
import { CurrentLimit, refusalOf } from "./accessLimit.ts"
import { Closure } from "./closure.ts"
import { currentFrame } from "./frame.ts"
import type { Frame } from "./pipeline.ts"
import { Registration } from "./registration.ts"

/**
 * What serves a definition that runs elsewhere, made once for each: there is no handler here to register.
 *
 * @internal
 */
export const remoteRegistration = (operation: Operation.Any): Registration => {
  let registration = registrations.get(operation)
  if (registration === undefined) {
    const send = operation.stream ? sendStream : sendSingle
    registration = new Registration(operation, send(operation), nowhere, true)
    registrations.set(operation, registration)
  }
  return registration
}

const registrations = new WeakMap<Operation.Any, Registration>()

const nowhere = new Closure(Context.empty(), Context.empty())

const sendSingle = (operation: Operation.Any) => (input: unknown): Effect.Effect<unknown, unknown> =>
  Effect.withFiber((fiber) => {
    const refusal = refusalOf(Context.get(fiber.context, CurrentLimit), operation)
    if (refusal !== undefined) return Effect.fail(refusal)
    const frame = currentFrame(fiber.context) as Frame
    return frame.options!.remote!.transport.invoke(operation, input, optionsOf(frame))
  })

const sendStream = (operation: Operation.Any) => (input: unknown): Stream.Stream<any, any> =>
  Stream.unwrap(Effect.withFiber((fiber) => {
    const refusal = refusalOf(Context.get(fiber.context, CurrentLimit), operation)
    if (refusal !== undefined) return Effect.fail(refusal)
    const frame = currentFrame(fiber.context) as Frame
    return Effect.succeed(frame.options!.remote!.transport.invokeStream(operation, input, optionsOf(frame)))
  }))

/** Progress costs messages, so it is asked for where the operation can have any. */
const optionsOf = (frame: Frame): RemoteOptions => {
  const { options } = frame.options!.remote!
  if (frame.operation.progress.ast._tag === "Never") return options
  // What does not fit is left out: progress decides nothing.
  return { ...options, onProgress: (value) => void Effect.runSyncExit(frame.progress(value)) }
}
