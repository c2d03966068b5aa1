import type { OperationErrorReason } from "../../operation/OperationError.ts"
import { type Exchange, fromFetch, type HttpTransport, type Reply } from "../HttpTransport.ts"
import type { Channel, Receiver } from "./client.ts"
import type { Format } from "./exchange.ts"
import type * as wire from "./wire.ts"

/** @internal */
export interface HttpChannelOptions {
  readonly url: string
  readonly fetch: typeof globalThis.fetch
  /** Default: `fetch`. */
  readonly transport?: HttpTransport | undefined
  readonly headers: Readonly<Record<string, string>>
  /** Calls that one request carries at most. */
  readonly batch: number
}

/**
 * A channel over HTTP. Calls that are made in the same turn of the event loop share one request; none waits for another.
 *
 * Invariant: every call ends, whatever becomes of its request.
 *
 * @internal
 */
export class HttpChannel implements Channel {
  readonly acks = false
  readonly codecs: Format["codecs"]
  private readonly format: Format
  private readonly receiver: Receiver
  private readonly options: HttpChannelOptions
  private readonly transport: HttpTransport
  private readonly headers: Readonly<Record<string, string>>
  private readonly carriers = new Map<string | number, Carrier>()
  private batch: Array<wire.FromClient> = []
  private closed = false

  constructor(format: Format, receiver: Receiver, options: HttpChannelOptions) {
    this.format = format
    this.codecs = format.codecs
    this.receiver = receiver
    this.options = options
    this.transport = options.transport ?? fromFetch(options.fetch)
    this.headers = { "content-type": format.serialization.contentType, ...options.headers }
  }

  send(message: wire.FromClient, stream: boolean): void {
    switch (message._tag) {
      case "Request": {
        if (this.closed) return this.receiver.lost(unsent("the client is closed"), [message.id])
        if (stream) return void this.exchange([message])
        if (this.batch.push(message) === 1) queueMicrotask(() => this.flush())
        else if (this.batch.length >= this.options.batch) this.flush()
        return
      }
      case "Interrupt": {
        const waiting = this.batch.findIndex((request) =>
          request._tag === "Request" && request.id === message.requestId
        )
        if (waiting >= 0) return void this.batch.splice(waiting, 1)
        return this.interrupt(message)
      }
    }
  }

  close(): void {
    this.closed = true
    for (const carrier of new Set(this.carriers.values())) carrier.exchange?.abort()
  }

  private flush(): void {
    const messages = this.batch
    this.batch = []
    if (messages.length > 0) void this.exchange(messages)
  }

  /**
   * Others may still wait for answers to the same request, which then goes on. A request that nobody waits for ends with
   * its call: an edge worker whose client is gone would not even run the handler's finalizers.
   */
  private interrupt(message: wire.FromClient & { readonly _tag: "Interrupt" }): void {
    const carrier = this.carriers.get(message.requestId)
    if (carrier === undefined) return
    this.carriers.delete(message.requestId)
    carrier.ids.delete(message.requestId)
    const unwanted = carrier.ids.size === 0
    const abort = () => carrier.exchange?.abort()
    if (unwanted && carrier.begun) return abort()
    this.post([message]).reply.then((reply) => reply.read(() => undefined)).then(
      () => {
        if (unwanted) later(abort)
      },
      () => {
        if (unwanted) abort()
      }
    )
  }

  private post(messages: ReadonlyArray<wire.FromClient>): Exchange {
    const body = this.format.serialization.makeUnsafe().encode(messages.length === 1 ? messages[0] : messages)!
    return this.transport({ url: this.options.url, headers: this.headers, body })
  }

  private async exchange(messages: ReadonlyArray<wire.FromClient>): Promise<void> {
    const carrier: Carrier = { ids: new Set(), exchange: undefined, begun: false }
    for (const message of messages) {
      if (message._tag !== "Request") continue
      carrier.ids.add(message.id)
      this.carriers.set(message.id, carrier)
    }
    try {
      carrier.exchange = this.post(messages)
      const reply = await carrier.exchange.reply
      carrier.begun = true
      if (reply.status === 200) await this.read(reply, carrier)
      else this.lost(carrier, await refusal(reply))
    } catch (error) {
      const code = causeOf(error)
      const why = `${this.options.url} cannot be reached (${code})`
      this.lost(carrier, notConnected.has(code) ? unsent(why) : unavailable(why))
    }
    this.lost(carrier, unavailable("the server's answer ended too early"))
  }

  private read(reply: Reply, carrier: Carrier): Promise<void> {
    const parser = this.format.serialization.makeUnsafe()
    return reply.read((piece) => {
      let waits: Promise<void> | undefined
      for (const message of parser.decode(piece) as ReadonlyArray<wire.FromServer>) {
        if (message._tag === "Exit") {
          carrier.ids.delete(message.requestId)
          this.carriers.delete(message.requestId)
        } else if (message._tag === "Defect") {
          this.receiver.broke(message.defect, this.forget(carrier))
          continue
        }
        waits = this.receiver.receive(message) ?? waits
      }
      return waits
    })
  }

  private lost(carrier: Carrier, reason: OperationErrorReason): void {
    if (carrier.ids.size > 0) this.receiver.lost(reason, this.forget(carrier))
  }

  private forget(carrier: Carrier): ReadonlyArray<string | number> {
    const ids = Array.from(carrier.ids)
    carrier.ids.clear()
    for (const id of ids) this.carriers.delete(id)
    return ids
  }
}

/** A request, and the calls on it that have no answer yet. */
interface Carrier {
  readonly ids: Set<string | number>
  exchange: Exchange | undefined
  /** The response has begun: what it streams ends when it is no longer read. */
  begun: boolean
}

/** The interruption may have reached another server than the call: the connection says it too, in the end. */
const later = (abort: () => void): void => {
  const timer: unknown = setTimeout(abort, 1_000)
  if (typeof timer === "object") (timer as { readonly unref?: () => void }).unref?.()
}

/** @internal */
export const unavailable = (why: string): OperationErrorReason => ({ _tag: "RemoteUnavailable", why })

interface Coded {
  readonly code?: unknown
}

/**
 * Nothing of the call can have reached the other side.
 *
 * @internal
 */
export const unsent = (why: string): OperationErrorReason => ({ _tag: "RemoteUnavailable", why, sent: false })

/** There was no connection, on which something could have been sent. */
const notConnected: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH"
])

/** What a transport says of its failure: codes name the cause better than texts. */
const causeOf = (error: unknown): string => {
  const { cause, code, message } = error as { readonly cause?: Coded; readonly message?: unknown } & Coded
  const named = cause?.code ?? code
  return typeof named === "string" ? named : String(message).split("\n")[0]!.slice(0, 100)
}

const refusal = async (reply: Reply): Promise<OperationErrorReason> => {
  const decoder = new TextDecoder()
  let text = ""
  await reply.read((piece) => {
    if (text.length < 10_000) text += typeof piece === "string" ? piece : decoder.decode(piece, { stream: true })
    return undefined
  })
  let why = `the server answered with status ${reply.status}`
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    if (typeof message === "string") why = message.replace(/\.$/, "")
  } catch {
    // Not one of ours: a proxy, or another server.
  }
  return reply.status === 403 ? { _tag: "Denied", why } : unavailable(why)
}
