import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { remoteInternalsOf } from "../../../operation/internal/remoteInternals.ts"
import { isOperationError } from "../../../operation/OperationError.ts"
import { RemoteFailure, RemoteInvoker } from "../../../operation/RemoteInvoker.ts"
import { InvocationGap, type InvocationPosition } from "../../../protocol/InvocationSubscription.ts"
import { builtin } from "../../../remote/internal/wire.ts"
import { messageOf } from "../ui/ErrorText.tsx"

/** Who is told what comes. */
export interface Receiver {
  /** Elements as they came over the wire, in order; the answer is the position of the last one. */
  readonly receive: (elements: ReadonlyArray<unknown>) => InvocationPosition | undefined
  readonly connected: () => void
  readonly disconnected: () => void
  /** Elements are missing between what came and what comes next. */
  readonly gap: (gap: InvocationGap) => void
  /** The server does not let itself be watched. */
  readonly refused: (message: string) => void
}

const readGap = Schema.decodeUnknownOption(InvocationGap)

const asGap = (error: unknown): InvocationGap | undefined =>
  error instanceof RemoteFailure ? Option.getOrUndefined(readGap(error.error)) : undefined

/**
 * Watches the server for as long as it runs: first what the server still has of before, then what happens. Where the
 * connection breaks it goes on behind the last element; where elements are missing it says so and goes on with the oldest
 * that there is.
 */
export const subscribe = (receiver: Receiver): Effect.Effect<never, never, RemoteInvoker> =>
  Effect.gen(function*() {
    const { streamKey } = remoteInternalsOf(yield* RemoteInvoker)
    if (streamKey === undefined) return yield* Effect.never
    // A place that no server knows: the answer names the oldest one that there is.
    let after: InvocationPosition = { epoch: "", sequence: -1 }
    let asking = true
    const once = Effect.suspend(() =>
      Stream.runForEachArray(streamKey(builtin.invocations, { after }, {}), (elements) =>
        Effect.sync(() => {
          receiver.connected()
          after = receiver.receive(elements) ?? after
        }))
    )
    return yield* Effect.forever(Effect.matchCauseEffect(once, {
      onSuccess: () => Effect.sleep("500 millis"),
      onFailure: (cause) => {
        if (Cause.hasInterruptsOnly(cause)) return Effect.sleep("500 millis")
        const error = Cause.squash(cause)
        const gap = asGap(error)
        if (gap !== undefined) {
          receiver.connected()
          if (!asking) receiver.gap(gap)
          asking = false
          after = { epoch: gap.epoch, sequence: gap.oldest - 1 }
          return Effect.void
        }
        if (isOperationError(error) && error.reason._tag === "RemoteUnavailable") {
          receiver.disconnected()
          return Effect.sleep("300 millis")
        }
        receiver.refused(messageOf(error))
        return Effect.sleep("5 seconds")
      }
    }))
  })
