import type { Random } from "../../history/campaign/random.ts"
import { limits } from "./limits.ts"

/** Values that somebody may put where another is expected. */
const oddities: ReadonlyArray<unknown> = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  "",
  "x",
  "NaN",
  [],
  {},
  [[]],
  { _tag: "Request" },
  "x".repeat(201),
  "x".repeat(5_000),
  "__proto__",
  "constructor",
  "\0",
  "\ud800",
  { length: 1e9 },
  [1, 2, 3],
  "f.echo",
  "@opbus/invocations",
  "@opbus/undo"
]

const keys = ["f.echo", "f.struct", "f.stream", "f.wait", "f.die", "f.nowhere", "@opbus/invocations", "@opbus/history"]

const headerNames = [
  "opbus-timeout",
  "opbus-version",
  "opbus-progress",
  "opbus-payload",
  "opbus-client",
  "opbus-actor",
  "opbus-history",
  "opbus-idempotency-key",
  "__proto__",
  "x"
]

const headerValues = ["1", "2", "0", "-1", "json", "client", "999999999999", "1e-300", "", "x".repeat(300), "\n", "é"]

const payloadFor = (random: Random, key: string): unknown => {
  switch (key) {
    case "f.struct":
      return { a: random.int(0, 20), at: new Date(random.int(0, 1e6)).toISOString() }
    case "f.stream":
      return random.int(0, 40)
    case "f.wait":
      return random.int(0, 40)
    case "@opbus/invocations":
      return random.pick([{}, { keys: ["f.echo"] }, { after: { epoch: "x", sequence: 1 } }, null])
    default:
      return random.pick<unknown>([null, 1, "text", [1, "2"], { a: { b: [] } }])
  }
}

/** A message that a client could send. */
export const message = (random: Random, ids: Array<unknown>): Record<string, unknown> => {
  switch (random.weighted({ Request: 80, Ack: 6, Interrupt: 6, Ping: 4, Eof: 1, other: 3 })) {
    case "Ack":
      return { _tag: "Ack", requestId: ids.length > 0 ? random.pick(ids) : 1 }
    case "Interrupt":
      return { _tag: "Interrupt", requestId: ids.length > 0 ? random.pick(ids) : 1 }
    case "Ping":
      return { _tag: "Ping" }
    case "Eof":
      return { _tag: "Eof" }
    case "other":
      return { _tag: random.pick(["Exit", "Chunk", "Defect", "request", "__proto__", ""]), requestId: 1, exit: {} }
    case "Request": {
      const key = random.pick(keys)
      const id = random.chance(0.15) && ids.length > 0
        ? random.pick(ids)
        : random.chance(0.5)
        ? random.int(0, 1e9)
        : `id-${random.int(0, 1e9)}`
      ids.push(id)
      const headers: Array<[string, string]> = []
      while (random.chance(0.4)) headers.push([random.pick(headerNames), random.pick(headerValues)])
      return {
        _tag: "Request",
        id,
        tag: key,
        payload: payloadFor(random, key),
        headers,
        ...(random.chance(0.1) ? { traceId: "t", spanId: "s", sampled: random.chance(0.5) } : {}),
        ...(random.chance(0.03) ? { isNotification: true } : {}),
        ...(random.chance(0.03) ? { discard: true } : {})
      }
    }
  }
}

const nested = (random: Random): unknown => {
  const depth = random.pick([limits.depth - 1, limits.depth, limits.depth + 1, 100, 3_000])
  let value: unknown = random.chance(0.5) ? 1 : {}
  for (let i = 0; i < depth; i++) value = random.chance(0.5) ? [value] : { a: value }
  return value
}

/** What is wrong with a message, still as data. */
export const mutate = (random: Random, frame: Record<string, unknown>): unknown => {
  const names = [
    "_tag",
    "id",
    "tag",
    "payload",
    "headers",
    "requestId",
    "traceId",
    "spanId",
    "isNotification",
    "discard"
  ]
  switch (
    random.weighted({ none: 20, replace: 30, remove: 10, nest: 6, large: 4, headers: 8, list: 3, odd: 4, proto: 3 })
  ) {
    case "none":
      return frame
    case "replace":
      return { ...frame, [random.pick(names)]: random.pick(oddities) }
    case "remove": {
      const { [random.pick(names)]: _, ...rest } = frame
      return rest
    }
    case "nest":
      return { ...frame, [random.pick(["payload", "headers", "id", "tag"])]: nested(random) }
    case "large":
      return { ...frame, payload: "x".repeat(limits.frameSize - 200 + random.int(0, 400)) }
    case "headers":
      return {
        ...frame,
        headers: random.pick<unknown>([
          Array.from({ length: random.int(90, 200) }, (_, i) => [`h${i}`, "v"]),
          [["a", "x".repeat(10_000)]],
          [["a"]],
          [[1, 2]],
          [null],
          { a: "b" },
          "a: b",
          [["opbus-timeout", "0.0001"]]
        ])
      }
    case "list":
      return [frame, frame]
    case "odd":
      return random.pick(oddities)
    case "proto":
      return JSON.parse(
        JSON.stringify(frame).replace("{", "{\"__proto__\":{\"id\":1,\"polluted\":1},\"constructor\":1,")
      )
  }
}

/** What is wrong with bytes on their way. */
export const damage = (random: Random, bytes: Uint8Array): Uint8Array => {
  const out = Uint8Array.from(bytes)
  switch (random.weighted({ none: 70, flip: 12, cut: 8, insert: 5, garbage: 5 })) {
    case "none":
      return out
    case "flip":
      for (let i = random.int(1, 4); i > 0 && out.length > 0; i--) {
        out[random.int(0, out.length - 1)] = random.int(0, 255)
      }
      return out
    case "cut":
      return out.slice(0, random.int(0, out.length))
    case "insert": {
      const at = random.int(0, out.length)
      const noise = Uint8Array.from({ length: random.int(1, 20) }, () => random.int(0, 255))
      return Uint8Array.from([...out.slice(0, at), ...noise, ...out.slice(at)])
    }
    case "garbage":
      return Uint8Array.from({ length: random.int(1, 200) }, () => random.int(0, 255))
  }
}

const isId = (u: unknown): boolean =>
  (typeof u === "string" && u.length <= 200) || (typeof u === "number" && Number.isFinite(u))

/**
 * The ids to which messages must be answered, once each, as JSON text: read as the protocol says, without any code of the
 * server.
 */
export const answerable = (messages: Iterable<unknown>): ReadonlyArray<string> => {
  const ids: Array<string> = []
  for (const message of messages) {
    if (typeof message !== "object" || message === null || Array.isArray(message)) continue
    const { _tag, id, isNotification } = message as Record<string, unknown>
    if (_tag === "Request" && isNotification !== true && isId(id)) ids.push(JSON.stringify(id))
  }
  return ids
}

/** The messages of lines, up to the hundredth that is none; `complete`: a last line without an end counts too. */
export const readLines = (bytes: Uint8Array, complete: boolean): ReadonlyArray<unknown> => {
  // Half a character at the very end is not there yet.
  const lines = new TextDecoder().decode(bytes, { stream: true }).split("\n")
  const last = lines.pop()!
  if (complete) lines.push(last)
  const messages: Array<unknown> = []
  let bad = 0
  for (const line of lines) {
    if (line === "" || line === "\r" || line.length > limits.frameSize) continue
    try {
      messages.push(JSON.parse(line))
    } catch {
      if (++bad === 100) break
    }
  }
  return messages
}
