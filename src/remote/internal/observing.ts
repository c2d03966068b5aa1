import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { messageOf } from "../../operation/internal/invocationMessages.ts"
import { internalsOf } from "../../operation/internal/invoker.ts"
import type { Invocation } from "../../operation/Invocation.ts"
import { OperationError } from "../../operation/OperationError.ts"
import type { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { InvocationGap, InvocationSubscription } from "../../protocol/InvocationSubscription.ts"
import { ReplayWindow, type WindowBounds } from "./replayWindow.ts"
import type { Builtin } from "./server.ts"
import * as wire from "./wire.ts"

const decode = Schema.decodeUnknownEffect(InvocationSubscription)

const encodeGap = Schema.encodeSync(InvocationGap)

/** So many events at most are sent at a time: who shows them has a screen to keep alive besides. */
const chunkSize = 512

/**
 * Lets clients watch invocations: live ones, and first those that they missed, as far as they are kept.
 *
 * Invariant: what a subscription sends has no gap; where there would be one it ends with `InvocationGap`.
 *
 * @internal
 */
export const observeBuiltin = (
  invoker: (typeof OperationInvoker)["Service"],
  bounds: WindowBounds
): Effect.Effect<Builtin, never, Scope.Scope> =>
  Effect.gen(function*() {
    const internals = internalsOf(invoker)
    const window = new ReplayWindow(bounds, (yield* invoker.statistics).events)
    yield* invoker.observe(window.add)

    const gap = (why: InvocationGap["why"]) =>
      Effect.fail(encodeGap(new InvocationGap({ why, epoch: internals.epoch, oldest: window.oldest })))

    const encode = messageOf(internals)

    const subscribe = ({ after, keys, rootId }: InvocationSubscription) => {
      if (after !== undefined && after.epoch !== internals.epoch) return Stream.fromEffect(gap("restarted"))
      const wanted = keys === undefined ? undefined : new Set(keys)
      const matches = (event: Invocation) =>
        (wanted === undefined || wanted.has(event.key)) && (rootId === undefined || event.rootId === rootId)
      let seen = after === undefined ? window.last : after.sequence
      let late: InvocationGap["why"] = "forgotten"
      const next: Effect.Effect<any, unknown> = Effect.suspend(() => {
        const events = window.after(seen, chunkSize)
        if (events === undefined) return gap(late)
        late = "slow"
        seen = events.length === chunkSize ? events[chunkSize - 1]!.sequence : Math.max(seen, window.last)
        const messages = events.filter(matches).map(encode)
        if (messages.length > 0) return Effect.succeed(messages)
        return seen < window.last ? next : Effect.flatMap(window.changed, () => next)
      })
      return Stream.fromPull(Effect.succeed(next))
    }

    return {
      kind: "observe",
      stream: true,
      run: (payload) =>
        Stream.unwrap(Effect.matchEffect(decode(payload ?? {}), {
          onFailure: () =>
            Effect.fail(
              new OperationError({
                key: wire.builtin.invocations,
                reason: { _tag: "InvalidInput", issue: "Expected { keys?, rootId?, after? }", path: [] }
              })
            ),
          onSuccess: (request) => Effect.succeed(subscribe(request))
        }))
    }
  })
