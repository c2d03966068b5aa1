import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { RpcClient } from "../../internal/effect/rpc.ts"
import type { Channel, Receiver } from "./client.ts"
import { BinaryCodecs } from "./codecs.ts"
import { unavailable } from "./httpChannel.ts"
import type * as wire from "./wire.ts"

/**
 * A channel over any client protocol of `effect/rpc`.
 *
 * @internal
 */
export const makeProtocolChannel = (
  protocol: (typeof RpcClient.Protocol)["Service"],
  receiver: Receiver
): Effect.Effect<Channel, never, Scope.Scope> =>
  Effect.gen(function*() {
    const context = yield* Effect.context<never>()
    const receive = (message: wire.FromServer) =>
      Effect.sync(() => {
        if (message._tag === "ClientProtocolError") receiver.lost(unavailable("the connection broke"))
        else receiver.receive(message)
      })
    yield* Effect.forkScoped(protocol.run(clientId, receive))
    const run = Effect.runForkWith(context)
    const send = (message: wire.FromClient) => protocol.send(clientId, message)
    /** Requests on their way: one may wait for a worker that has time. */
    const leaving = new Map<string | number, Fiber.Fiber<unknown, unknown>>()
    return {
      acks: protocol.supportsAck,
      codecs: protocol.codecFor === Schema.toCodecJson as unknown ? undefined : new BinaryCodecs(protocol.codecFor),
      send: (message) => {
        if (message._tag === "Interrupt") {
          const request = leaving.get(message.requestId)
          run(Effect.ignoreCause(send(message)))
          request?.interruptUnsafe()
          return
        }
        if (message._tag !== "Request") return void run(Effect.ignoreCause(send(message)))
        const fiber = run(send(message))
        leaving.set(message.id, fiber)
        fiber.addObserver((exit) => {
          leaving.delete(message.id)
          if (exit._tag === "Failure") receiver.lost(unavailable("it could not be sent"), [message.id])
        })
      }
    }
  })

/** A protocol has one client here, which has it for itself. */
const clientId = 0
