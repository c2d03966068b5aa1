import { WebSocket } from "@effect/platform-node/NodeWS"
import * as Effect from "effect/Effect"
import * as Http from "node:http"

/** What a server said to a request that no well-behaved client would make. */
export interface RawResponse {
  readonly status: number
  readonly contentType: string | undefined
  readonly text: string
  /** The body as lines of JSON. */
  readonly lines: () => ReadonlyArray<any>
}

/** A request with exactly these headers. */
export const post = (
  url: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>> = {},
  method = "POST"
): Effect.Effect<RawResponse, Error> =>
  Effect.callback<RawResponse, Error>((resume) => {
    const request = Http.request(url, { method, headers, agent: false }, (response) => {
      const parts: Array<Buffer> = []
      response.on("data", (part: Buffer) => parts.push(part))
      response.on("end", () => {
        const text = Buffer.concat(parts).toString()
        resume(Effect.succeed({
          status: response.statusCode ?? 0,
          contentType: response.headers["content-type"],
          text,
          lines: () => text.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line) as unknown)
        }))
      })
      response.on("error", (error) => resume(Effect.fail(error)))
    })
    request.on("error", (error) => resume(Effect.fail(error)))
    request.end(body)
    return Effect.sync(() => request.destroy())
  })

export const json = { "content-type": "application/json" }
export const ndjson = { "content-type": "application/x-ndjson" }

/** One message on a line of its own. */
export const line = (message: unknown): string => `${JSON.stringify(message)}\n`

export const request = (id: unknown, tag: unknown, payload?: unknown, more: object = {}) => ({
  _tag: "Request",
  id,
  tag,
  payload: payload ?? null,
  headers: [],
  ...more
})

/** A socket of which every message can be seen. */
class RawSocket {
  readonly socket: WebSocket
  readonly received: Array<any> = []
  closed: { readonly code: number } | undefined
  private waiting: Array<() => void> = []

  constructor(url: string, headers: Readonly<Record<string, string>> = {}) {
    this.socket = new WebSocket(url, { headers, perMessageDeflate: false })
    this.socket.on("message", (data: Buffer, isBinary) => {
      if (isBinary) this.received.push(data)
      else for (const one of data.toString().split("\n")) if (one !== "") this.received.push(JSON.parse(one) as unknown)
      this.wake()
    })
    this.socket.on("close", (code) => {
      this.closed = { code }
      this.wake()
    })
    this.socket.on("error", () => this.wake())
  }

  private wake(): void {
    const { waiting } = this
    this.waiting = []
    for (const resume of waiting) resume()
  }

  /** Waits for something; fails after five seconds with what there was. */
  until(what: (socket: RawSocket) => boolean): Effect.Effect<void, Error> {
    const check: Effect.Effect<void> = Effect.suspend(() =>
      what(this) ? Effect.void : Effect.andThen(
        Effect.callback<void>((resume) => void this.waiting.push(() => resume(Effect.void))),
        Effect.suspend(() => check)
      )
    )
    return Effect.timeoutOrElse(check, {
      duration: 5_000,
      orElse: () =>
        Effect.fail(
          new Error(`waited in vain; closed: ${JSON.stringify(this.closed)}, got: ${JSON.stringify(this.received)}`)
        )
    })
  }

  readonly open: Effect.Effect<this> = Effect.callback<this>((resume) => {
    if (this.socket.readyState === WebSocket.OPEN) return resume(Effect.succeed(this))
    this.socket.once("open", () => resume(Effect.succeed(this)))
    this.socket.once("close", () => resume(Effect.succeed(this)))
  })

  send(...messages: ReadonlyArray<unknown>): void {
    this.socket.send(messages.map(line).join(""))
  }

  exits(): ReadonlyArray<any> {
    return this.received.filter((message) => message._tag === "Exit")
  }

  exitOf(id: unknown): any {
    return this.exits().find((message) => message.requestId === id)?.exit
  }
}

/** A socket that goes with the scope. */
export const connect = (url: string, headers?: Readonly<Record<string, string>>) =>
  Effect.flatMap(
    Effect.acquireRelease(
      Effect.sync(() => new RawSocket(url, headers)),
      ({ socket }) => Effect.sync(() => socket.terminate())
    ),
    (socket) => socket.open
  )
