import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Socket from "effect/socket/Socket"
import type { ConnectionWatch } from "../../operation/internal/remoteInternals.ts"
import type { Channel, Receiver } from "./client.ts"
import type { Format } from "./exchange.ts"
import { FrameWriter } from "./frameWriter.ts"
import { unavailable, unsent } from "./httpChannel.ts"
import type * as wire from "./wire.ts"

/** @internal */
export interface SocketChannelOptions {
  readonly url: string
  /** How long a silent connection is believed. */
  readonly pingInterval: Duration.Duration
  readonly watch?: ConnectionWatch | undefined
}

/**
 * A channel over a socket that is connected anew whenever it closes. While it is down calls fail at once; while it is
 * being connected they wait for that.
 *
 * @internal
 */
export const makeSocketChannel = (
  format: Format,
  receiver: Receiver,
  socket: Socket.Socket,
  options: SocketChannelOptions
): Effect.Effect<Channel, never, Scope.Scope> =>
  Effect.gen(function*() {
    let parser = format.serialization.makeUnsafe()
    let down: string | undefined
    let failures = 0
    let heard = true

    const outgoing = new FrameWriter<wire.FromClient>((messages) =>
      parser.encode(messages.length === 1 ? messages[0] : messages)
    )

    const connection = Effect.gen(function*() {
      parser = format.serialization.makeUnsafe()
      const { pull } = yield* socket.reader
      const writer = yield* socket.writer
      down = undefined
      failures = 0
      options.watch?.set("connected")
      const read = Effect.forever(Effect.flatMap(pull, (frames) => {
        heard = true
        return Effect.forEach(frames, (frame) =>
          Effect.try({
            try: () => {
              for (const message of parser.decode(frame) as ReadonlyArray<wire.FromServer>) receiver.receive(message)
            },
            catch: () => "the server sent what is no frame"
          }), { discard: true })
      }))
      const watch = Effect.forever(Effect.flatMap(Effect.sleep(options.pingInterval), () => {
        if (!heard) return Effect.fail("the connection went silent")
        heard = false
        send({ _tag: "Ping" })
        return Effect.void
      }))
      heard = true
      yield* Effect.raceFirst(Effect.raceFirst(read, outgoing.run(writer)), watch)
    })

    const lost = (why: string) =>
      Effect.flatMap(Random.next, (random) => {
        down = why
        options.watch?.set("disconnected")
        outgoing.clear()
        receiver.lost(unavailable(why))
        const backoff = Math.min(5_000, 100 * 2 ** failures++) * (0.75 + random / 2)
        return Effect.map(Effect.sleep(backoff), () => {
          // Calls made from here on wait for the new connection.
          down = undefined
        })
      })

    yield* Effect.forkScoped(Effect.forever(
      Effect.matchCauseEffect(Effect.scoped(connection), {
        onSuccess: () => lost("the connection was closed"),
        onFailure: (cause) => lost(describe(cause.reasons[0], options.url))
      })
    ))
    yield* Effect.addFinalizer(() => Effect.sync(() => receiver.lost(unavailable("the client was closed"))))

    const send = (message: wire.FromClient): void => {
      if (down !== undefined) {
        if (message._tag === "Request") receiver.lost(unsent(down), [message.id])
        return
      }
      outgoing.send(message)
    }
    return { send, acks: true, codecs: format.codecs }
  })

const describe = (reason: { readonly _tag: string; readonly error?: unknown } | undefined, url: string): string => {
  const error = reason?._tag === "Fail" ? reason.error : undefined
  if (typeof error === "string") return error
  if (!Socket.isSocketError(error)) return "the connection was closed"
  return error.reason._tag === "SocketOpenError" ? `${url} cannot be reached` : "the connection was closed"
}
