/**
 * A session, as a file: what happened on a bus while somebody watched, what could be undone, and which operations there
 * were.
 *
 * The devtools page writes it. It holds only what the page was sent, in which sensitive values are redacted already.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { HistoryEntryMessage } from "./HistoryEntryMessage.ts"
import { InvocationMessage } from "./InvocationMessage.ts"
import * as Protocol from "./Protocol.ts"

const NullableNumber = Schema.NullOr(Schema.Number)

/**
 * How the services and the memory they share were at one time.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ServicesSample = Schema.Struct({
  /** Milliseconds since the epoch. */
  at: Schema.Number,
  /** `null` where nothing watched the memory. */
  level: Schema.NullOr(Schema.String),
  /** Of the limit, from 0 to about 1. */
  usage: NullableNumber,
  services: Schema.Array(Schema.Struct({
    service: Schema.String,
    kind: Schema.String,
    health: Schema.String,
    /** Why it took no calls. */
    closed: Schema.Array(Schema.String),
    metrics: Schema.Record(Schema.String, Schema.Number)
  }))
})

/**
 * How the services were at one time.
 *
 * @category models
 * @since 0.1.0
 */
export type ServicesSample = typeof ServicesSample.Type

/**
 * A session.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SessionExport = Schema.Struct({
  format: Schema.Literal("opbus-session"),
  v: Protocol.Version,
  /** Milliseconds since the epoch. */
  exportedAt: Schema.Number,
  app: Schema.Struct({
    title: Schema.String,
    /** The version of opbus; `""` where it is unknown. */
    opbus: Schema.String,
    /** What it ran on; `""` where it is unknown. */
    runtime: Schema.String,
    startedAt: Schema.Number
  }),
  /** How many events had happened that are not here: they were older than what is kept, or went missing on the way. */
  dropped: Schema.Number,
  /** In the order in which they were published. */
  invocations: Schema.Array(InvocationMessage),
  /** Absent where the application kept none. */
  history: Schema.optionalKey(Schema.Struct({
    /** How many entries there were; the oldest may not be here. */
    total: Schema.Number,
    /** The newest last. */
    entries: Schema.Array(HistoryEntryMessage),
    problems: Schema.Array(Schema.Struct({ kind: Schema.String, key: Schema.String, message: Schema.String }))
  })),
  operations: Schema.Array(Schema.Struct({
    /** What `Operation.toJson` gave. */
    json: Schema.Record(Schema.String, Schema.Json),
    exposed: Schema.Boolean,
    handled: Schema.Boolean,
    undoable: Schema.Boolean,
    inverse: Schema.optionalKey(Schema.String)
  })),
  /** Absent where the application had no services, or nobody looked at them. */
  services: Schema.optionalKey(Schema.Struct({
    samples: Schema.Array(ServicesSample),
    events: Schema.Array(Schema.Record(Schema.String, Schema.Json))
  }))
})

/**
 * A session.
 *
 * @category models
 * @since 0.1.0
 */
export type SessionExport = typeof SessionExport.Type

/**
 * Makes a session of its parts.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (parts: Omit<SessionExport, "format" | "v">): SessionExport => ({
  format: "opbus-session",
  v: Protocol.version,
  ...parts
})

const what = "session export"

/** Deeper than anything that a server sends, and far from what would exhaust a stack. */
const maxDepth = 100

const maxLength = 256 * 1024 * 1024

const readChecked = Protocol.reader(what, SessionExport)

/**
 * Reads a session.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = (message: unknown): Effect.Effect<SessionExport, Protocol.Unreadable> =>
  isShallow(message)
    ? readChecked(message)
    : Effect.fail(new Protocol.Unreadable({ what, why: `it is nested more than ${maxDepth} levels deep` }))

/**
 * Reads the text of a file.
 *
 * **When to use**
 *
 * Use for what the devtools page has saved: `SessionExport.parse(readFileSync(file, "utf8"))`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const parse = (text: string): Effect.Effect<SessionExport, Protocol.Unreadable> =>
  text.length > maxLength
    ? Effect.fail(new Protocol.Unreadable({ what, why: `it is longer than ${maxLength} characters` }))
    : parseChecked(text)

const parseChecked = Protocol.parse(what, read)

/** Level by level: a recursion would end where the stack does. */
const isShallow = (value: unknown): boolean => {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) return false
    level = level.flatMap((value) => typeof value === "object" && value !== null ? Object.values(value) : [])
  }
  return true
}
