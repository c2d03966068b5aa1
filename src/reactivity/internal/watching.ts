import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { messageOf } from "../../operation/internal/invocationMessages.ts"
import type { InvokerInternals } from "../../operation/internal/invoker.ts"
import { remoteInternalsOf } from "../../operation/internal/remoteInternals.ts"
import type { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { RemoteInvoker } from "../../operation/RemoteInvoker.ts"
import type { InvocationMessage } from "../../protocol/InvocationMessage.ts"
import { InvocationGap } from "../../protocol/InvocationSubscription.ts"
import { type InvocationPosition, positionOf, subscribe } from "../../remote/RemoteInvocations.ts"
import type { InvocationFilter, InvocationGapMessage } from "../InvocationTable.ts"
import type { Connection } from "./connection.ts"
import { returning } from "./returning.ts"

type Message = InvocationMessage | InvocationGapMessage

/**
 * What happens here, or on the server, as the same messages.
 *
 * @internal
 */
export const watching = (
  invoker: (typeof OperationInvoker)["Service"],
  internals: InvokerInternals,
  remote: (typeof RemoteInvoker)["Service"] | undefined,
  connection: Connection
) =>
(filter: InvocationFilter = {}): Stream.Stream<Message> => {
  const here = Stream.suspend(() => localMessages(invoker, internals, filter))
  if (filter.side === "here") return here
  if (remote === undefined || remoteInternalsOf(remote).streamKey === undefined) {
    return filter.side === "server"
      ? Stream.make(refused("There is no server whose invocations could be watched."))
      : here
  }
  return Stream.callback<Message>((queue) =>
    Effect.gen(function*() {
      const { keys, rootId } = filter
      let after: InvocationPosition | undefined
      let failures = 0
      for (;;) {
        const error = yield* Effect.flip(
          subscribe({ keys, rootId, after }).pipe(
            Stream.runForEachArray((messages) => {
              after = positionOf(messages[messages.length - 1]!)
              failures = 0
              connection.heard(undefined)
              return Queue.offerAll(queue, messages)
            }),
            Effect.andThen(Effect.never),
            Effect.provideService(RemoteInvoker, remote)
          )
        )
        if (error instanceof InvocationGap) {
          // Of a new process everything is news; of one that is too fast, what comes now.
          after = error.why === "restarted" ? { epoch: error.epoch, sequence: error.oldest - 1 } : undefined
          Queue.offerUnsafe(queue, { _tag: "Gap", why: error.why, message: error.message })
          // A reader that is always too slow is not told so without pause.
          yield* Effect.sleep("50 millis")
        } else if (error.reason._tag === "RemoteUnavailable") {
          connection.heard(error)
          yield* returning(connection.changes, failures++)
        } else if (filter.side === "server") {
          Queue.offerUnsafe(queue, refused(error.message))
          return Queue.endUnsafe(queue)
        } else {
          return yield* Stream.runForEachArray(here, (messages) => Queue.offerAll(queue, messages))
        }
      }
    })
  )
}

const refused = (message: string): Message => ({ _tag: "Gap", why: "refused", message })

const localMessages = (
  invoker: (typeof OperationInvoker)["Service"],
  internals: InvokerInternals,
  { keys, rootId }: InvocationFilter
): Stream.Stream<Message> => {
  const encode = messageOf(internals)
  const wanted = keys && new Set(keys)
  let last: number | undefined
  return Stream.mapArray(invoker.invocations, (events) =>
    events.flatMap((event): Array<Message> => {
      const missing = last !== undefined && event.sequence > last + 1
      last = event.sequence
      const message = (wanted === undefined || wanted.has(event.key)) &&
          (rootId === undefined || event.rootId === rootId)
        ? [encode(event)]
        : []
      return missing ? [slow, ...message] : message
    }) as any)
}

const slow: InvocationGapMessage = {
  _tag: "Gap",
  why: "slow",
  message: "Invocations are missing: this screen did not read fast enough."
}
