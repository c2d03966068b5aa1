import * as Context from "effect/Context"
import * as InvocationMessage from "../../protocol/InvocationMessage.ts"
import type { Invocation } from "../Invocation.ts"
import { Readonly } from "./annotations.ts"
import type { InvokerInternals } from "./invoker.ts"

/**
 * Makes the message of an event, with the codecs of whoever serves its key now. A server and a screen in the same process
 * show the same.
 *
 * @internal
 */
export const messageOf =
  ({ lookup }: Pick<InvokerInternals, "lookup">) => (event: Invocation): InvocationMessage.InvocationMessage => {
    const registration = lookup(event.key)
    const message = InvocationMessage.fromEvent(event as InvocationMessage.Event, {
      input: registration?.encodeInput ?? whole,
      output: registration?.operation.stream === true ? whole : registration?.encodeOutput ?? whole,
      error: registration?.encodeError ?? whole,
      progress: registration?.encodeProgress ?? whole
    })
    return registration !== undefined && Context.get(registration.operation.annotations, Readonly)
      ? { ...message, readonly: true }
      : message
  }

const whole = (value: unknown): unknown => value
