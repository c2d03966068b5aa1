import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Socket from "effect/socket/Socket"

/**
 * Writes messages to a socket. Those that are sent in one turn of the event loop, or while a write takes its time, go out
 * as one frame.
 *
 * What is sent leaves within the turn: a fiber that waits for messages would be woken one turn later, which is a good part
 * of what a call takes.
 *
 * @internal
 */
export class FrameWriter<Message> {
  private readonly encode: (messages: ReadonlyArray<Message>) => Uint8Array | string | undefined
  private pending: Array<Message> = []
  private scheduled = false
  private write: ((frames: Uint8Array | string) => void) | undefined

  constructor(encode: (messages: ReadonlyArray<Message>) => Uint8Array | string | undefined) {
    this.encode = encode
  }

  /** How many messages wait. */
  get size(): number {
    return this.pending.length
  }

  send(message: Message): void {
    this.pending.push(message)
    this.schedule()
  }

  /** Forgets what waits. */
  clear(): void {
    this.pending = []
  }

  /** Writes what is sent and what waits already, one frame after the other, until a write fails. */
  run(writer: Socket.Writer): Effect.Effect<never, Socket.SocketError> {
    return Effect.withFiber((parent) =>
      Effect.callback<never, Socket.SocketError>((resume) => {
        let writing: Fiber.Fiber<void, Socket.SocketError> | undefined
        const write = (frames: Uint8Array | string): void => {
          this.write = undefined
          writing = Effect.runForkWith(parent.context)(writer.write(frames))
          writing.addObserver((exit) => {
            if (exit._tag === "Failure") return resume(Effect.failCause(exit.cause))
            if (stopped) return
            this.write = write
            this.schedule()
          })
        }
        let stopped = false
        this.write = write
        this.schedule()
        return Effect.sync(() => {
          stopped = true
          this.write = undefined
          writing?.interruptUnsafe()
        })
      })
    )
  }

  /** Writes what waits, if the socket takes it now. */
  readonly flush = (): void => {
    this.scheduled = false
    if (this.pending.length === 0 || this.write === undefined) return
    const messages = this.pending
    this.pending = []
    const frames = this.encode(messages)
    if (frames !== undefined) this.write(frames)
  }

  private schedule(): void {
    if (this.scheduled || this.pending.length === 0 || this.write === undefined) return
    this.scheduled = true
    queueMicrotask(this.flush)
  }
}
