import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ServiceUnavailable } from "../../ServiceUnavailable.ts"

/**
 * How a call ended: the numbers of the Rust side's `Status`.
 *
 * @internal
 */
export const Status = { ok: 0, failure: 1, defect: 2, unavailable: 3, interrupted: 4, end: 5 } as const

/**
 * The answer to a request.
 *
 * @internal
 */
export interface Answer {
  readonly status: number
  readonly value?: unknown
  readonly message?: string
  readonly items?: ReadonlyArray<unknown>
}

type Outcome = Effect.Effect<Answer, ServiceUnavailable>

interface Pending {
  readonly resume: (outcome: Outcome) => void
  /** The caller has gone; what the answer holds has to be given back. */
  abandoned: boolean
  readonly giveBack: ((answer: Answer) => void) | undefined
}

/**
 * Requests and answers over a pair of pipes.
 *
 * Invariants: every request is answered once, by the other side or by the end of the connection; what is interrupted is
 * cancelled over there; a request after the end fails at once.
 *
 * @internal
 */
export class Connection {
  ended: ServiceUnavailable | undefined = undefined
  /** The other side skips what is longer, and does not answer it. */
  maxFrameBytes = Infinity
  private readonly service: string
  private readonly write: (line: string) => void
  private readonly pending = new Map<number, Pending>()
  private lastId = 0

  constructor(service: string, write: (line: string) => void) {
    this.service = service
    this.write = write
  }

  /** `params` is JSON text. */
  ask(method: string, params: string, giveBack?: (answer: Answer) => void): Outcome {
    return Effect.callback<Answer, ServiceUnavailable>((resume) => {
      if (this.ended !== undefined) return resume(Exit.fail(this.ended))
      const id = ++this.lastId
      const line = `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`
      if (isLonger(line, this.maxFrameBytes)) return resume(Exit.fail(this.tooLong(method)))
      const pending: Pending = { resume, abandoned: false, giveBack }
      this.pending.set(id, pending)
      this.write(`${line}\n`)
      return Effect.sync(() => {
        if (giveBack === undefined) this.pending.delete(id)
        else pending.abandoned = true
        this.tell("cancel", `{"id":${id}}`)
      })
    })
  }

  private tooLong(method: string): ServiceUnavailable {
    const { maxFrameBytes, service } = this
    return new ServiceUnavailable({
      service,
      reason: "Refused",
      message:
        `The service "${service}" was not asked to ${method}: the input has more than ${maxFrameBytes} bytes as JSON, which is the most that a message to its process may have. Send less at a time.`
    })
  }

  /** Sends what has no answer. */
  tell(method: string, params: string): void {
    if (this.ended === undefined) this.write(`{"jsonrpc":"2.0","method":"${method}","params":${params}}\n`)
  }

  /** A line from the other side. What is no answer to an open request is passed over. */
  receive(line: string): void {
    let message: { readonly id?: unknown; readonly result?: unknown; readonly error?: { readonly message?: unknown } }
    try {
      message = JSON.parse(line)
    } catch {
      return
    }
    if (typeof message !== "object" || message === null || typeof message.id !== "number") return
    const pending = this.pending.get(message.id)
    if (pending === undefined) return
    this.pending.delete(message.id)
    const answer = answerOf(message)
    if (!pending.abandoned) pending.resume(Exit.succeed(answer))
    else if (answer.status === Status.ok) pending.giveBack?.(answer)
  }

  /** The other side has gone: every open request fails. */
  end(reason: ServiceUnavailable): void {
    if (this.ended !== undefined) return
    this.ended = reason
    const open = Array.from(this.pending.values())
    this.pending.clear()
    for (const pending of open) if (!pending.abandoned) pending.resume(Exit.fail(reason))
  }
}

const encoder = new TextEncoder()

/** Whether a text is longer than this many bytes as UTF-8: three at most for each of its units. */
const isLonger = (text: string, bytes: number): boolean =>
  text.length > bytes || (text.length * 3 > bytes && encoder.encode(text).length > bytes)

const answerOf = (message: { readonly result?: unknown; readonly error?: { readonly message?: unknown } }): Answer => {
  const { error, result } = message
  if (typeof result === "object" && result !== null && typeof (result as Answer).status === "number") {
    return result as Answer
  }
  const why = typeof error === "object" && error !== null && typeof error.message === "string"
    ? error.message
    : "the answer has neither a result nor an error"
  return { status: Status.defect, message: why }
}
