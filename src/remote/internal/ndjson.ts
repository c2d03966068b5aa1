import * as Schema from "effect/Schema"
import type { RpcSerialization } from "../../internal/effect/rpc.ts"

/**
 * What stands for a frame that could not be read, among those that could.
 *
 * @internal
 */
export class Malformed {
  readonly why: string
  /** Nothing after it can be read either: the framing is lost. */
  readonly fatal: boolean

  constructor(why: string, fatal: boolean) {
    this.why = why
    this.fatal = fatal
  }
}

/**
 * Newline-delimited JSON with a limit. Invariants: what is read never throws; a bad line costs that line and no other,
 * but who sends a hundred is not listened to any more; at most one unfinished line of at most `frameSize` characters is
 * kept.
 *
 * @internal
 */
export const makeNdjson = (frameSize: number): RpcSerialization.RpcSerialization["Service"] => ({
  contentType: "application/x-ndjson",
  includesFraming: true,
  codecFor: Schema.toCodecJson as RpcSerialization.CodecFor,
  makeUnsafe: () => {
    let decoder: TextDecoder | undefined
    let rest = ""
    let skipping = false
    let bad = 0
    const parse = (line: string): unknown => {
      try {
        return JSON.parse(line) as unknown
      } catch {
        return ++bad < patience ? notJson : hopeless
      }
    }
    return {
      decode: (data) => {
        if (bad === patience) return []
        const text = typeof data === "string"
          ? data
          : decoder === undefined && data.at(-1) === newline
          ? lines.decode(data)
          : (decoder ??= new TextDecoder()).decode(data, { stream: true })
        const messages: Array<unknown> = []
        let from = 0
        for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", from)) {
          const piece = text.slice(from, end)
          from = end + 1
          if (skipping) {
            skipping = false
            continue
          }
          const line = rest.length === 0 ? piece : rest + piece
          rest = ""
          if (line.length > frameSize) messages.push(tooLarge(frameSize))
          else if (line.length > 0 && line !== "\r") messages.push(parse(line))
          if (bad === patience) return messages
        }
        if (from < text.length && !skipping) {
          rest += from === 0 ? text : text.slice(from)
          if (rest.length > frameSize) {
            rest = ""
            skipping = true
            messages.push(tooLarge(frameSize))
          }
        }
        return messages
      },
      encode: (message) => {
        if (!Array.isArray(message)) return JSON.stringify(message) + "\n"
        let text = ""
        for (const one of message) text += JSON.stringify(one) + "\n"
        return text.length === 0 ? undefined : text
      }
    }
  }
})

const newline = 10

/** Decodes whole lines, of which nothing has to be remembered: making a decoder costs more than decoding. */
const lines = new TextDecoder()

const tooLarge = (frameSize: number) => new Malformed(`a frame is larger than ${frameSize} characters`, false)

/** How many bad lines are borne: finding out that one is bad takes longer than sending it. */
const patience = 100

const notJson = new Malformed("a frame is not JSON", false)

const hopeless = new Malformed("too many frames are not JSON", true)
