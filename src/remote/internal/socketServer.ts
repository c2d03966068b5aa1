import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Latch from "effect/Latch"
import type * as Socket from "effect/socket/Socket"
import type { Peer } from "./connection.ts"
import { type Format, write } from "./exchange.ts"
import { FrameWriter } from "./frameWriter.ts"
import { Malformed } from "./ndjson.ts"
import type { Server } from "./server.ts"
import type * as wire from "./wire.ts"

/**
 * Serves one socket until it closes; then what runs for it is interrupted.
 *
 * Answers that are ready at the same time go out as one frame. A client that does not read what it is sent is disconnected
 * when four answers wait for each call that it may have running.
 *
 * @internal
 */
export const serveSocket = (
  server: Server,
  format: Format,
  socket: Socket.Socket,
  peer: Omit<Peer, "codecs">
): Effect.Effect<void> =>
  Effect.scoped(Effect.gen(function*() {
    const { pull } = yield* socket.reader
    const writer = yield* socket.writer
    const parser = format.serialization.makeUnsafe()
    const overflow = Latch.makeUnsafe(false)
    const backlog = 4 * server.options.limits.concurrency
    const outgoing = new FrameWriter<wire.FromServer>((messages) => write(parser, messages))

    const connection = server.connect({
      acks: true,
      send: (message) => {
        outgoing.send(message)
        if (outgoing.size > backlog) outgoing.flush()
        if (outgoing.size > backlog) overflow.openUnsafe()
      }
    }, { ...peer, codecs: format.codecs })
    yield* Effect.addFinalizer(() => Effect.sync(() => connection.close()))

    yield* Effect.forkScoped(Effect.ignore(outgoing.run(writer)))

    const read = (data: Uint8Array | string): boolean => {
      let messages: ReadonlyArray<unknown>
      try {
        messages = parser.decode(data)
      } catch {
        messages = [new Malformed("a frame is not in the serialisation that the server speaks, or too large", true)]
      }
      for (const message of messages) {
        connection.receive(message)
        if (message instanceof Malformed && message.fatal) return false
      }
      return true
    }
    const readAll = Effect.gen(function*() {
      let open = true
      while (open) {
        const frames = yield* pull
        for (const frame of frames) open = open && read(frame)
      }
      // The framing is lost: why is still said.
      outgoing.flush()
      yield* Effect.sleep(100)
    })
    yield* Effect.raceFirst(readAll, overflow.await)
  })).pipe(Effect.ignore, Effect.onExit(() => Exit.void))
