import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { internalsOf } from "../../operation/internal/invoker.ts"
import type { Invocation } from "../../operation/Invocation.ts"
import { OperationError } from "../../operation/OperationError.ts"
import type { OperationInvoker } from "../../operation/OperationInvoker.ts"
import * as InvocationMessage from "../../protocol/InvocationMessage.ts"
import { encodeOperationError } from "./answers.ts"
import type { Builtin } from "./server.ts"

/**
 * What a client asks for when it watches a server.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ObserveRequest = Schema.Struct({
  /** Only invocations of these operations. */
  keys: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Only what was caused by this invocation, and it itself. */
  rootId: Schema.optionalKey(Schema.String),
  /** The last event that the client has seen: what came after it is sent first. */
  after: Schema.optionalKey(Schema.Struct({ epoch: Schema.String, sequence: Schema.Number }))
})

/** @internal */
export type ObserveRequest = typeof ObserveRequest.Type

/**
 * Events are missing between what the client has seen and what the server still has.
 *
 * @category schemas
 * @since 0.1.0
 */
export const InvocationGap = Schema.TaggedStruct("InvocationGap", {
  /** The server was restarted, it no longer keeps these events, or the client was too slow. */
  why: Schema.Literals(["restarted", "forgotten", "slow"]),
  epoch: Schema.String,
  /** The oldest event that the server still has. */
  oldest: Schema.Number
})

const decode = Schema.decodeUnknownEffect(ObserveRequest)

/** Events that wait for one subscriber. */
const capacity = 4096

/**
 * Lets clients watch invocations: live ones, and first those that they missed, as far as they are kept.
 *
 * Invariant: what a subscription sends has no gap; where there would be one it ends with `InvocationGap`.
 *
 * @internal
 */
export const observeBuiltin = (
  invoker: (typeof OperationInvoker)["Service"],
  replay: number
): Effect.Effect<Builtin, never, Scope.Scope> =>
  Effect.gen(function*() {
    const internals = internalsOf(invoker)
    const kept: Array<Invocation> = []
    let first = 0
    const subscribers = new Set<(event: Invocation) => void>()
    yield* invoker.observe((event) => {
      kept.push(event)
      if (kept.length - first > replay) first++
      // Moved down now and then, not for every event.
      if (first > replay) {
        kept.splice(0, first)
        first = 0
      }
      for (const subscriber of subscribers) subscriber(event)
    })

    const oldest = () => kept[first]?.sequence ?? 0
    const gap = (why: (typeof InvocationGap.Type)["why"]): typeof InvocationGap.Type => ({
      _tag: "InvocationGap",
      why,
      epoch: internals.epoch,
      oldest: oldest()
    })

    const encode = (event: Invocation): InvocationMessage.InvocationMessage => {
      const registration = internals.lookup(event.key)
      const whole = (value: unknown) => value
      return InvocationMessage.fromEvent(event as InvocationMessage.Event, {
        input: registration?.encodeInput ?? whole,
        output: registration?.operation.stream === true ? whole : registration?.encodeOutput ?? whole,
        error: registration?.encodeError ?? whole,
        progress: registration?.encodeProgress ?? whole
      })
    }

    const subscribe = ({ after, keys, rootId }: ObserveRequest) =>
      Stream.unwrap(Effect.gen(function*() {
        const wanted = keys === undefined ? undefined : new Set(keys)
        const matches = (event: Invocation) =>
          (wanted === undefined || wanted.has(event.key)) && (rootId === undefined || event.rootId === rootId)
        const queue = yield* Queue.make<Invocation, typeof InvocationGap.Type>({ capacity, strategy: "dropping" })
        if (after !== undefined) {
          if (after.epoch !== internals.epoch) return Stream.fail(gap("restarted"))
          if (kept.length > first && after.sequence + 1 < oldest()) return Stream.fail(gap("forgotten"))
        }
        const missed = after === undefined
          ? []
          : kept.slice(first).filter((event) => event.sequence > after.sequence && matches(event))
        const subscriber = (event: Invocation) => {
          if (matches(event) && !Queue.offerUnsafe(queue, event)) Queue.failCauseUnsafe(queue, Cause.fail(gap("slow")))
        }
        subscribers.add(subscriber)
        yield* Effect.addFinalizer(() => Effect.sync(() => subscribers.delete(subscriber)))
        return Stream.map(Stream.concat(Stream.fromIterable(missed), Stream.fromQueue(queue)), encode)
      }))

    return {
      kind: "observe",
      stream: true,
      run: (payload) =>
        Stream.unwrap(Effect.matchEffect(decode(payload ?? {}), {
          onFailure: () =>
            Effect.fail(encodeOperationError(
              new OperationError({
                key: "@opbus/invocations",
                reason: { _tag: "InvalidInput", issue: "Expected { keys?, rootId?, after? }", path: [] }
              })
            )),
          onSuccess: (request) => Effect.succeed(subscribe(request))
        }))
    }
  })
