import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { CurrentActor } from "../../operation/Invocation.ts"
import { OperationError, type OperationErrorReason } from "../../operation/OperationError.ts"
import { readDefect } from "./answers.ts"
import type { BinaryCodecs } from "./codecs.ts"
import * as wire from "./wire.ts"

/**
 * The way to a server. What is sent is not waited for: what becomes of it is told to the client.
 *
 * @internal
 */
export interface Channel {
  readonly send: (message: wire.FromClient, stream: boolean) => void
  /** The server waits for acknowledgements of chunks. */
  readonly acks: boolean
  /** Fills the holes of messages; `undefined`: they hold plain JSON data. */
  readonly codecs: BinaryCodecs | undefined
}

/**
 * What a channel tells its client.
 *
 * @internal
 */
export interface Receiver {
  /** Takes a message. A promise: the consumer of a stream has enough for now. */
  readonly receive: (message: wire.FromServer) => Promise<void> | undefined
  /** These calls, or all, have no answer to hope for. */
  readonly lost: (reason: OperationErrorReason, ids?: Iterable<string | number>) => void
  /** The other side says that it broke, where these calls, or all, ran. */
  readonly broke: (defect: unknown, ids?: Iterable<string | number>) => void
}

interface Pending {
  readonly key: string
  readonly settle: (exit: Exit.Exit<unknown, OperationError>) => void
  readonly chunk: ((values: ReadonlyArray<unknown>) => Promise<void> | undefined) | undefined
}

/**
 * What a call sends.
 *
 * @internal
 */
export interface Outgoing {
  readonly key: string
  readonly payload: unknown
  readonly headers: ReadonlyArray<[string, string]>
}

/**
 * Calls that wait for their answers. It gives what fills the hole of the answer: how that is read is the caller's.
 *
 * @internal
 */
export class Client implements Receiver {
  private readonly pending = new Map<string | number, Pending>()
  private nextId = 1
  channel!: Channel

  /** Sends a call and waits for its exit. Interrupting it interrupts the handler. */
  call(
    { headers, key, payload }: Outgoing,
    onChunk: ((values: ReadonlyArray<unknown>) => void) | undefined
  ): Effect.Effect<unknown, OperationError> {
    return Effect.withFiber((fiber) =>
      Effect.callback<unknown, OperationError>((resume) => {
        const id = this.nextId++
        this.pending.set(id, {
          key,
          settle: resume,
          chunk: onChunk === undefined ? undefined : (values) => {
            onChunk(values)
            if (this.channel.acks) this.channel.send({ _tag: "Ack", requestId: id }, false)
            return undefined
          }
        })
        this.channel.send(request(fiber, id, key, payload, headers), false)
        return Effect.sync(() => this.interrupt(id))
      })
    )
  }

  /** Sends a call and gives what fills the holes of its chunks. Stopping early interrupts the handler. */
  stream({ headers, key, payload }: Outgoing): Stream.Stream<unknown, OperationError | ExitHole> {
    return Stream.unwrap(Effect.withFiber((fiber) => {
      const id = this.nextId++
      let chunks: Array<ReadonlyArray<unknown>> = []
      let ended: Exit.Exit<never, OperationError | ExitHole> | undefined
      let waiting: (() => void) | undefined
      let taken: (() => void) | undefined
      const wake = () => {
        const resume = waiting
        waiting = undefined
        resume?.()
      }
      this.pending.set(id, {
        key,
        settle: (exit) => {
          ended = exit._tag === "Success"
            ? Exit.fail(new ExitHole(exit.value))
            : exit as Exit.Exit<never, OperationError>
          wake()
        },
        chunk: (values) => {
          chunks.push(values)
          // Before the consumer is woken: it may take the chunk at once.
          const room = this.channel.acks ? undefined : new Promise<void>((resolve) => taken = resolve)
          wake()
          return room
        }
      })
      this.channel.send(request(fiber, id, key, payload, headers), true)
      const next: Effect.Effect<any, OperationError | ExitHole> = Effect.suspend(() => {
        if (chunks.length > 0) {
          const holes = chunks
          chunks = []
          if (this.channel.acks) this.channel.send({ _tag: "Ack", requestId: id }, true)
          else taken?.()
          return Effect.succeed(holes)
        }
        if (ended !== undefined) return ended
        return Effect.flatMap(
          Effect.callback<void>((resume) => {
            waiting = () => resume(Effect.void)
          }),
          () => next
        )
      })
      return Effect.as(
        Effect.addFinalizer(() =>
          Effect.sync(() => {
            taken?.()
            this.interrupt(id)
          })
        ),
        Stream.fromPull(Effect.succeed(next))
      )
    })) as Stream.Stream<unknown, OperationError | ExitHole>
  }

  private interrupt(id: string | number): void {
    if (this.pending.delete(id)) this.channel.send({ _tag: "Interrupt", requestId: id }, false)
  }

  receive(message: wire.FromServer): Promise<void> | undefined {
    switch (message._tag) {
      case "Exit": {
        const pending = this.pending.get(message.requestId)
        if (pending === undefined) return undefined
        this.pending.delete(message.requestId)
        pending.settle(Exit.succeed(message.exit))
        return undefined
      }
      case "Chunk":
        return this.pending.get(message.requestId)?.chunk?.(message.values)
      case "Defect": {
        this.broke(message.defect)
        return undefined
      }
      default:
        return undefined
    }
  }

  lost(reason: OperationErrorReason, ids: Iterable<string | number> = Array.from(this.pending.keys())): void {
    for (const id of ids) {
      const pending = this.pending.get(id)
      if (pending === undefined) continue
      this.pending.delete(id)
      pending.settle(Exit.fail(new OperationError({ key: pending.key, reason })))
    }
  }

  broke(encoded: unknown, ids: Iterable<string | number> = Array.from(this.pending.keys())): void {
    const { codecs } = this.channel
    const exit = Exit.die(codecs === undefined ? readDefect(encoded) : codecs.decodeDefect(encoded))
    for (const id of ids) {
      const pending = this.pending.get(id)
      this.pending.delete(id)
      pending?.settle(exit)
    }
  }
}

/**
 * How a stream ended: the exit as it came over the wire.
 *
 * @internal
 */
export class ExitHole {
  readonly exit: unknown
  constructor(exit: unknown) {
    this.exit = exit
  }
}

const request = (
  fiber: Fiber.Fiber<unknown, unknown>,
  id: number,
  tag: string,
  payload: unknown,
  own: ReadonlyArray<[string, string]>
): wire.FromClient => {
  // Whoever acts here acts there, as far as the server believes it.
  const actor = Context.get(fiber.context, CurrentActor)
  const headers = actor === undefined ? own : [...own, [wire.header.actor, actor] as [string, string]]
  const span = fiber.cache?.span
  return span === undefined
    ? { _tag: "Request", id, tag, payload, headers }
    : {
      _tag: "Request",
      id,
      tag,
      payload,
      headers,
      traceId: span.traceId,
      spanId: span.spanId,
      sampled: span.sampled
    }
}
