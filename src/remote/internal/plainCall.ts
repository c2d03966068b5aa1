import * as Effect from "effect/Effect"
import { describeReason } from "../../operation/OperationError.ts"
import type { Connection, Peer } from "./connection.ts"
import type { HttpResponse, HttpStream } from "./http.ts"
import type { Server } from "./server.ts"
import * as wire from "./wire.ts"

/**
 * One operation called with plain JSON: the body is the input, the response the output or the failure, for `curl` and
 * everything else that knows no frames. A stream operation's elements come as lines.
 *
 * @internal
 */
export class PlainCall {
  private readonly connection: Connection
  private readonly isStream: boolean
  private readonly lines: Array<string> = []
  private exit: wire.EncodedExit | undefined
  private wake: (() => void) | undefined
  private waiting: Array<() => void> = []

  constructor(server: Server, peer: Omit<Peer, "codecs">, tag: string, body: Uint8Array | string) {
    this.connection = server.connect({
      acks: false,
      ready: Effect.callback<void>((resume) => {
        if (this.lines.length === 0) return resume(Effect.void)
        this.waiting.push(() => resume(Effect.void))
      }),
      send: (message) => {
        if (message._tag === "Chunk") { for (const value of message.values) this.lines.push(JSON.stringify(value)) }
        else if (message._tag === "Exit") this.exit = message.exit
        this.wake?.()
      },
      end: () => server.disconnect(this.connection)
    }, { ...peer, codecs: undefined })
    const key = unescape(tag)
    this.isStream = server.isStream(key)
    const payload = parse(body)
    if (payload === undefined) {
      this.exit = { _tag: "Failure", cause: [{ _tag: "Fail", error: unreadable(tag) }] }
      server.disconnect(this.connection)
    } else {
      this.connection.receive({ _tag: "Request", id: 1, tag: key, payload: payload.value })
      this.connection.receive({ _tag: "Eof" })
    }
  }

  readonly abort = (): void => {
    this.connection.close()
  }

  async response(): Promise<HttpResponse> {
    if (this.exit === undefined && this.lines.length === 0) await this.changed()
    if (this.exit === undefined) {
      return { status: 200, contentType: "application/x-ndjson", body: this.stream() }
    }
    if (this.lines.length > 0) {
      return { status: 200, contentType: "application/x-ndjson", body: this.taken() ?? "" }
    }
    const { exit } = this
    if (exit._tag === "Success" && this.isStream) {
      return { status: 200, contentType: "application/x-ndjson", body: "" }
    }
    return exit._tag === "Success"
      ? { status: 200, contentType: "application/json", body: JSON.stringify(exit.value) + "\n" }
      : { status: statusOf(exit), contentType: "application/json", body: failureOf(exit) }
  }

  private readonly changed = (): Promise<void> =>
    this.exit !== undefined || this.lines.length > 0
      ? Promise.resolve()
      : new Promise((resolve) => {
        this.wake = () => {
          this.wake = undefined
          resolve()
        }
      })

  private taken(): string | undefined {
    let text = ""
    for (const line of this.lines) text += `${line}\n`
    this.lines.length = 0
    // Of now: who waits for room may end within its resumption, and that is taken the next time.
    const { exit, waiting } = this
    this.waiting = []
    for (const resume of waiting) resume()
    // A stream that fails has begun with status 200: its last line says how it ended.
    if (exit?._tag === "Failure") text += failureOf(exit)
    return text.length === 0 ? undefined : text
  }

  private stream(): HttpStream {
    const ended = () => this.exit !== undefined
    return {
      take: () => this.taken(),
      changed: this.changed,
      get isDone() {
        return ended()
      },
      abort: this.abort
    }
  }
}

type Failure = Extract<wire.EncodedExit, { readonly _tag: "Failure" }>

const decoder = new TextDecoder()

const unescape = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const parse = (body: Uint8Array | string): { readonly value: unknown } | undefined => {
  const text = typeof body === "string" ? body : decoder.decode(body)
  if (text.trim().length === 0) return { value: null }
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

const unreadable = (key: string) => ({
  _tag: "OperationError",
  key,
  reason: { _tag: "InvalidInput", issue: "Expected a body of JSON", path: [] }
})

const statuses: ReadonlyMap<string, number> = new Map([
  ["InvalidInput", 400],
  ["Incompatible", 409],
  ["IdempotencyConflict", 409],
  ["Uncertain", 409],
  ["Denied", 403],
  ["RemoteFunctionNotFound", 404],
  ["HandlerNotFound", 404],
  ["Dropped", 409],
  ["Superseded", 409],
  ["Overloaded", 429],
  ["Timeout", 504],
  ["RemoteUnavailable", 503]
])

const statusOf = ({ cause }: Failure): number => {
  const reason = cause[0]
  if (reason === undefined || reason._tag === "Interrupt") return 499
  if (reason._tag === "Die") return 500
  const refusal = (reason.error as { readonly reason?: { readonly _tag?: unknown } } | null)?.reason
  return isRefusal(reason.error) ? statuses.get(String(refusal?._tag)) ?? 500 : 422
}

const isRefusal = (error: unknown): boolean =>
  typeof error === "object" && error !== null && (error as { readonly _tag?: unknown })._tag === "OperationError"

/** The operation's own failure as it is; of the bus's own error also its message, for people. */
const failureOf = ({ cause }: Failure): string => {
  const reason = cause[0]
  if (reason === undefined || reason._tag === "Interrupt") return `${JSON.stringify({ _tag: "Interrupted" })}\n`
  if (reason._tag === "Die") return `${JSON.stringify({ _tag: "Defect", ...wire.encodedDefect })}\n`
  const error = reason.error as { readonly key: string; readonly reason: never }
  return `${
    JSON.stringify(
      isRefusal(reason.error) ? { ...error, message: describeReason(error.key, error.reason) } : reason.error
    )
  }\n`
}
