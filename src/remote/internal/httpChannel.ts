import type { OperationErrorReason } from "../../operation/OperationError.ts"
import type { Channel, Receiver } from "./client.ts"
import type { Format } from "./exchange.ts"
import type * as wire from "./wire.ts"

/** @internal */
export interface HttpChannelOptions {
  readonly url: string
  readonly fetch: typeof globalThis.fetch
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
  private readonly carriers = new Map<string | number, Carrier>()
  private batch: Array<wire.FromClient> = []
  private closed = false

  constructor(format: Format, receiver: Receiver, options: HttpChannelOptions) {
    this.format = format
    this.codecs = format.codecs
    this.receiver = receiver
    this.options = options
  }

  send(message: wire.FromClient, stream: boolean): void {
    switch (message._tag) {
      case "Request": {
        if (this.closed) return this.receiver.lost(unavailable("the client is closed"), [message.id])
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
    for (const carrier of new Set(this.carriers.values())) carrier.controller.abort()
  }

  private flush(): void {
    const messages = this.batch
    this.batch = []
    if (messages.length > 0) void this.exchange(messages)
  }

  /** Others may still wait for answers to the same request, which then goes on. */
  private interrupt(message: wire.FromClient & { readonly _tag: "Interrupt" }): void {
    const carrier = this.carriers.get(message.requestId)
    if (carrier === undefined) return
    this.carriers.delete(message.requestId)
    carrier.ids.delete(message.requestId)
    if (carrier.ids.size === 0) return carrier.controller.abort()
    this.post([message], undefined).then((response) => response.body?.cancel(), () => {})
  }

  private post(messages: ReadonlyArray<wire.FromClient>, signal: AbortSignal | undefined): Promise<Response> {
    const body = this.format.serialization.makeUnsafe().encode(messages.length === 1 ? messages[0] : messages)!
    return this.options.fetch(this.options.url, {
      method: "POST",
      headers: { "content-type": this.format.serialization.contentType, ...this.options.headers },
      body: body as BodyInit,
      signal: signal ?? null
    })
  }

  private async exchange(messages: ReadonlyArray<wire.FromClient>): Promise<void> {
    const carrier: Carrier = { ids: new Set(), controller: new AbortController() }
    for (const message of messages) {
      if (message._tag !== "Request") continue
      carrier.ids.add(message.id)
      this.carriers.set(message.id, carrier)
    }
    try {
      const response = await this.post(messages, carrier.controller.signal)
      if (response.status === 200) await this.read(response, carrier)
      else this.lost(carrier, await refusal(response))
    } catch (error) {
      this.lost(carrier, unavailable(`${this.options.url} cannot be reached (${causeOf(error)})`))
    }
    this.lost(carrier, unavailable("the server's answer ended too early"))
  }

  private async read(response: Response, carrier: Carrier): Promise<void> {
    const parser = this.format.serialization.makeUnsafe()
    const deliver = (data: Uint8Array | string): Promise<void> | undefined => {
      let waits: Promise<void> | undefined
      for (const message of parser.decode(data) as ReadonlyArray<wire.FromServer>) {
        if (message._tag === "Exit") {
          carrier.ids.delete(message.requestId)
          this.carriers.delete(message.requestId)
        } else if (message._tag === "Defect") {
          this.lost(carrier, unavailable("the server could not read the request"))
          continue
        }
        waits = this.receiver.receive(message) ?? waits
      }
      return waits
    }
    if (response.headers.has("content-length")) {
      await deliver(
        this.format.codecs === undefined ? await response.text() : new Uint8Array(await response.arrayBuffer())
      )
      return
    }
    const reader = response.body!.getReader()
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      await deliver(value)
    }
  }

  private lost(carrier: Carrier, reason: OperationErrorReason): void {
    if (carrier.ids.size === 0) return
    const ids = Array.from(carrier.ids)
    carrier.ids.clear()
    for (const id of ids) this.carriers.delete(id)
    this.receiver.lost(reason, ids)
  }
}

/** A request, and the calls on it that have no answer yet. */
interface Carrier {
  readonly ids: Set<string | number>
  readonly controller: AbortController
}

/** @internal */
export const unavailable = (why: string): OperationErrorReason => ({ _tag: "RemoteUnavailable", why })

/** What a transport says of its failure: codes name the cause better than texts. */
const causeOf = (error: unknown): string => {
  const { cause, message } = error as { readonly message?: unknown; readonly cause?: { readonly code?: unknown } }
  return typeof cause?.code === "string" ? cause.code : String(message).split("\n")[0]!.slice(0, 100)
}

const refusal = async (response: Response): Promise<OperationErrorReason> => {
  const text = await response.text()
  let why = `the server answered with status ${response.status}`
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown }
    if (typeof message === "string") why = message.replace(/\.$/, "")
  } catch {
    // Not one of ours: a proxy, or another server.
  }
  return response.status === 403 ? { _tag: "Denied", why } : unavailable(why)
}
