import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Channel, Receiver } from "./client.ts"
import { type Format, write } from "./exchange.ts"
import type { Server } from "./server.ts"
import type * as wire from "./wire.ts"

/**
 * A channel to a server in the same process. Messages are written and read like on a wire, so that nobody shares an object
 * with the other side, and take a turn of the microtask queue each way, so that neither side runs inside the other.
 *
 * @internal
 */
export const makeInProcessChannel = (
  server: Server,
  format: Format,
  receiver: Receiver
): Effect.Effect<Channel, never, Scope.Scope> =>
  Effect.gen(function*() {
    const toServer = format.serialization.makeUnsafe()
    const toClient = format.serialization.makeUnsafe()
    const connection = server.connect({
      acks: true,
      send: batched((messages: ReadonlyArray<wire.FromServer>) => {
        const frames = write(toServer, messages)
        if (frames === undefined) return
        for (const message of toClient.decode(frames)) receiver.receive(message as wire.FromServer)
      })
    }, { headers: new Map(), local: true, codecs: format.codecs })
    yield* Effect.addFinalizer(() => Effect.sync(() => connection.close()))
    return {
      acks: true,
      codecs: format.codecs,
      send: batched((messages: ReadonlyArray<wire.FromClient>) => {
        for (const message of toServer.decode(toClient.encode(messages)!)) connection.receive(message)
      })
    }
  })

const batched = <A>(deliver: (messages: ReadonlyArray<A>) => void): (message: A) => void => {
  let pending: Array<A> = []
  return (message) => {
    if (pending.push(message) > 1) return
    queueMicrotask(() => {
      const messages = pending
      pending = []
      deliver(messages)
    })
  }
}
