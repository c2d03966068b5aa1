/**
 * The invocations of a server, watched from a client: for devtools, and for other screens of the same user.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { remoteInternalsOf } from "../operation/internal/remoteInternals.ts"
import { isOperationError, OperationError } from "../operation/OperationError.ts"
import type { RemoteFailure } from "../operation/RemoteInvoker.ts"
import { RemoteInvoker } from "../operation/RemoteInvoker.ts"
import * as InvocationMessage from "../protocol/InvocationMessage.ts"
import { InvocationGap, type InvocationPosition } from "../protocol/InvocationSubscription.ts"
import * as wire from "./internal/wire.ts"

export { InvocationGap, type InvocationPosition }

/**
 * What to watch.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Only invocations of these operations. */
  readonly keys?: ReadonlyArray<string> | undefined
  /** Only what was caused by this invocation, and it itself. */
  readonly rootId?: string | undefined
  /** The last event that was seen: what came after it is sent first. Default: only what happens from now on. */
  readonly after?: InvocationPosition | undefined
  /** Asked before every subscription, for the server's authorizer. */
  readonly headers?: Effect.Effect<Readonly<Record<string, string>>> | undefined
}

/**
 * Where a message stands: give it as `after` to go on behind it.
 *
 * @category positions
 * @since 0.1.0
 */
export const positionOf = ({ epoch, sequence }: InvocationMessage.InvocationMessage): InvocationPosition => ({
  epoch,
  sequence
})

/**
 * Watches a server over one connection: it fails with `RemoteUnavailable` when that ends.
 *
 * **When to use**
 *
 * Use where the server allows it (`OperationServer.layer({ observe: true })`) and its authorizer lets this client
 * observe. `follow` also connects anew.
 *
 * **Details**
 *
 * There is no gap in what comes, but for what the filter leaves out. Where there would be one the stream fails with
 * `InvocationGap`: the server was restarted, it keeps fewer events, or this client reads too slowly.
 *
 * @category subscribing
 * @since 0.1.0
 */
export const subscribe = (
  options: Options = {}
): Stream.Stream<InvocationMessage.InvocationMessage, InvocationGap | OperationError, RemoteInvoker> =>
  Stream.unwrap(Effect.gen(function*() {
    const { streamKey } = remoteInternalsOf(yield* RemoteInvoker)
    if (streamKey === undefined) return Stream.fail(unavailable(several))
    const { after, keys, rootId } = options
    const request = {
      ...(keys === undefined ? {} : { keys }),
      ...(rootId === undefined ? {} : { rootId }),
      ...(after === undefined ? {} : { after })
    }
    return streamKey(key, request, yield* options.headers ?? Exit.succeed({})).pipe(
      Stream.catch((error) => Stream.fromEffect(failed(error))),
      Stream.mapEffect((message) =>
        Effect.mapError(
          InvocationMessage.read(message),
          (error) => new OperationError({ key, reason: { _tag: "Incompatible", difference: error.message } })
        )
      ),
      // It was not this side that interrupted: nothing would be caught then.
      Stream.catchCause((cause) =>
        Cause.hasInterruptsOnly(cause) ? Stream.fail(unavailable("the server stopped it")) : Stream.failCause(cause)
      ),
      // It ends only when the server does.
      Stream.concat(Stream.fail(unavailable("the server ended the subscription")))
    )
  }))

/**
 * Watches a server, and goes on where it was when the connection comes back.
 *
 * **When to use**
 *
 * Use for a screen that stays open: it fails only when events are missing (`InvocationGap`), or when the server refuses
 * it.
 *
 * **Details**
 *
 * `schedule` says when to connect again after the connection broke. Default: after a tenth of a second, doubling up to
 * five seconds, without end. Before the first event it has no place to go on from: what happens in between does not come.
 *
 * @category subscribing
 * @since 0.1.0
 */
export const follow = (
  options: Options & { readonly schedule?: Schedule.Schedule<unknown, unknown> | undefined } = {}
): Stream.Stream<InvocationMessage.InvocationMessage, InvocationGap | OperationError, RemoteInvoker> =>
  Stream.suspend(() => {
    let { after } = options
    const once = Stream.suspend(() => subscribe({ ...options, after })).pipe(
      Stream.map((message) => {
        after = positionOf(message)
        return message
      })
    )
    return Stream.retry(
      once,
      Schedule.while(
        options.schedule ?? patient,
        ({ input }) => isOperationError(input) && input.reason._tag === "RemoteUnavailable"
      )
    )
  })

const patient = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])

const key = wire.builtin.invocations

const unavailable = (why: string) => new OperationError({ key, reason: { _tag: "RemoteUnavailable", why } })

const several =
  "this transport leads to several servers, each with invocations of its own. Provide RemoteInvoker.layerHttp or layerWebSocket"

const readGap = Schema.decodeUnknownOption(InvocationGap)

const failed = (error: OperationError | RemoteFailure): Effect.Effect<never, InvocationGap | OperationError> => {
  if (isOperationError(error)) return Effect.fail(error)
  const gap = readGap(error.error)
  return Option.isSome(gap)
    ? Effect.fail(gap.value)
    : Effect.fail(
      new OperationError({ key, reason: { _tag: "Incompatible", difference: "the server's failure cannot be read" } })
    )
}
