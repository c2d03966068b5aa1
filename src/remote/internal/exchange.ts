import * as Effect from "effect/Effect"
import type { RpcSerialization } from "../../internal/effect/rpc.ts"
import { BinaryCodecs } from "./codecs.ts"
import type { Connection, Peer } from "./connection.ts"
import { Malformed } from "./ndjson.ts"
import type { Server } from "./server.ts"
import * as wire from "./wire.ts"

/**
 * A serialisation as both ends use it: how frames are read and written, and how the holes of messages are filled.
 *
 * @internal
 */
export interface Format {
  readonly serialization: RpcSerialization.RpcSerialization["Service"]
  readonly codecs: BinaryCodecs | undefined
}

/** @internal */
export const formatOf = (serialization: RpcSerialization.RpcSerialization["Service"]): Format => ({
  serialization,
  codecs: serialization.contentType.includes("json") ? undefined : new BinaryCodecs(serialization.codecFor)
})

/**
 * One HTTP request and its response: the messages of the body go in, and what is written for them comes out.
 *
 * The answers to fast calls are there when the body has been read; then the response is one piece. Otherwise it streams.
 *
 * @internal
 */
export class Exchange {
  private readonly format: Format
  private readonly parser: RpcSerialization.Parser
  private readonly connection: Connection
  private pending: Array<wire.FromServer> = []
  private done = false
  private wake: (() => void) | undefined
  private waiting: Array<() => void> = []

  constructor(server: Server, format: Format, peer: Omit<Peer, "codecs">, body: Uint8Array | string) {
    this.format = format
    this.parser = format.serialization.makeUnsafe()
    this.connection = server.connect({
      acks: false,
      ready: Effect.callback<void>((resume) => {
        if (this.pending.length === 0) return resume(Effect.void)
        this.waiting.push(() => resume(Effect.void))
      }),
      send: (message) => {
        this.pending.push(message)
        this.wake?.()
      },
      end: () => {
        this.done = true
        server.disconnect(this.connection)
        this.wake?.()
      }
    }, { ...peer, codecs: format.codecs })
    for (const message of this.read(body)) this.connection.receive(message)
    this.connection.receive(endOfInput)
  }

  private read(body: Uint8Array | string): ReadonlyArray<unknown> {
    try {
      const messages = this.parser.decode(body)
      if (this.format.codecs !== undefined) return messages
      // The last line of a body needs no end of line.
      const last = this.parser.decode("\n")
      return last.length === 0 ? messages : messages.concat(last)
    } catch {
      return [new Malformed("a frame is not in the serialisation that the server speaks", true)]
    }
  }

  get isDone(): boolean {
    return this.done
  }

  /** What has been written since the last time. */
  take(): Uint8Array | string | undefined {
    if (this.pending.length === 0) return undefined
    const messages = this.pending
    this.pending = []
    const { waiting } = this
    this.waiting = []
    const frames = write(this.parser, messages)
    for (const resume of waiting) resume()
    return frames
  }

  /** Resolves when there is something to take, or nothing more will come. */
  readonly changed = (): Promise<void> =>
    this.pending.length > 0 || this.done
      ? Promise.resolve()
      : new Promise((resolve) => {
        this.wake = () => {
          this.wake = undefined
          resolve()
        }
      })

  /** The client went away. */
  abort(): void {
    this.connection.close()
  }
}

const endOfInput: wire.FromClient = { _tag: "Eof" }

/**
 * The frames of some messages. One that cannot be written becomes a defect of its call; the others go their way.
 *
 * @internal
 */
export const write = (
  parser: RpcSerialization.Parser,
  messages: ReadonlyArray<wire.FromServer>
): Uint8Array | string | undefined => {
  try {
    return parser.encode(messages.length === 1 ? messages[0] : messages)
  } catch {
    return parser.encode(messages.map((message): wire.FromServer => {
      try {
        parser.encode(message)
        return message
      } catch {
        return message._tag === "Exit" || message._tag === "Chunk"
          ? { _tag: "Exit", requestId: message.requestId, exit: wire.defectExit }
          : { _tag: "Defect", defect: wire.encodedDefect }
      }
    }))
  }
}
