import { Exchange, type Format, formatOf } from "./exchange.ts"
import { admit, type GateOptions } from "./gate.ts"
import { makeNdjson } from "./ndjson.ts"
import { PlainCall } from "./plainCall.ts"
import type { Server } from "./server.ts"
import type * as wire from "./wire.ts"

/**
 * A request as every HTTP stack can give it.
 *
 * @internal
 */
export interface HttpRequest {
  readonly method: string
  /** What follows the address of the endpoint: empty, or `/<key>` for a plain call. */
  readonly rest: string
  readonly headers: wire.Headers
  /** The address at the other end of the socket; `undefined` where nobody knows. */
  readonly peerAddress: string | undefined
  /** Reads the body, at most so many bytes; `undefined`: it is larger. */
  readonly body: (limit: number) => Promise<Uint8Array | string | undefined>
}

/**
 * What still comes of a response that streams. When `isDone` was true before a `take`, that one was the last.
 *
 * @internal
 */
export interface HttpStream {
  readonly take: () => Uint8Array | string | undefined
  readonly changed: () => Promise<void>
  readonly isDone: boolean
  readonly abort: () => void
}

/** @internal */
export interface HttpResponse {
  readonly status: number
  readonly contentType: string
  readonly body: Uint8Array | string | HttpStream
}

/**
 * The HTTP endpoint of a server: frames of `effect/rpc` at its address, and a plain call of one operation below it.
 *
 * @internal
 */
export class HttpEndpoint {
  private readonly server: Server
  private readonly gate: GateOptions
  private readonly formats = new Map<string, Format>()
  private readonly ndjson: Format

  constructor(server: Server, gate: GateOptions, binary?: Format) {
    this.server = server
    this.gate = gate
    this.ndjson = formatOf(makeNdjson(server.options.limits.frameSize))
    if (binary !== undefined) this.formats.set(binary.serialization.contentType, binary)
  }

  /** Begins to answer. `onAbort` is given what to call when the client goes away. */
  async handle(request: HttpRequest, onAbort?: (abort: () => void) => void): Promise<HttpResponse> {
    const contentType = request.headers.get("content-type")
    if (request.method !== "POST") return text(405, "Use POST.")
    const admission = admit(this.gate, request.headers, request.peerAddress, contentType)
    if (admission.status !== 200) return text(admission.status, `This call is not accepted: ${admission.why}.`)
    const { frameSize } = this.server.options.limits
    const length = Number(request.headers.get("content-length") ?? 0)
    const body = length > frameSize ? undefined : await request.body(frameSize)
    if (body === undefined) return text(413, `A request may have at most ${frameSize} bytes.`)
    const peer = { headers: request.headers, local: admission.local }
    if (request.rest.length > 1) {
      const call = new PlainCall(this.server, peer, request.rest.slice(1), body)
      onAbort?.(call.abort)
      return call.response()
    }
    const format = this.formats.get(contentType!) ?? this.ndjson
    const exchange = new Exchange(this.server, format, peer, body)
    if (!exchange.isDone) {
      onAbort?.(() => exchange.abort())
      await exchange.changed()
    }
    return {
      status: 200,
      contentType: format.serialization.contentType,
      body: exchange.isDone ? exchange.take() ?? "" : exchange
    }
  }
}

const text = (status: number, message: string): HttpResponse => ({
  status,
  contentType: "application/json",
  body: JSON.stringify({ _tag: "Refused", message }) + "\n"
})
