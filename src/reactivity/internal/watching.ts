import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { messageOf } from "../../operation/internal/invocationMessages.ts"
import type { InvokerInternals } from "../../operation/internal/invoker.ts"
import { remoteInternalsOf } from "../../operation/internal/remoteInternals.ts"
import type { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { RemoteInvoker } from "../../operation/RemoteInvoker.ts"
import type { InvocationMessage } from "../../protocol/InvocationMessage.ts"
import { InvocationGap } from "../../protocol/InvocationSubscription.ts"
import { follow } from "../../remote/RemoteInvocations.ts"
import type { InvocationFilter, InvocationGapMessage } from "../InvocationTable.ts"
import type { Connection } from "./connection.ts"

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
  const refused = (message: string): Stream.Stream<Message> =>
    filter.side === "server" ? Stream.make<[Message]>({ _tag: "Gap", why: "refused", message }) : here
  if (filter.side === "here") return here
  if (remote === undefined || remoteInternalsOf(remote).streamKey === undefined) {
    return refused("There is no server whose invocations could be watched.")
  }
  const { keys, rootId } = filter
  const server: Stream.Stream<Message> = Stream.suspend(() =>
    follow({ keys, rootId }).pipe(
      Stream.tap(() => Effect.sync(() => connection.heard(undefined))),
      Stream.provideService(RemoteInvoker, remote),
      Stream.catch((error): Stream.Stream<Message> =>
        error instanceof InvocationGap
          ? Stream.concat(
            Stream.make<[Message]>({ _tag: "Gap", why: error.why, message: error.message }),
            // A reader that is always too slow is not told so without pause.
            Stream.concat(Stream.drain(Stream.fromEffect(Effect.sleep("50 millis"))), server)
          )
          : refused(error.message)
      )
    )
  )
  return server
}

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
