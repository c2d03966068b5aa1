/**
 * What happens to an invocation, on a wire.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import { CauseMessage, fromCause } from "./CauseMessage.ts"
import * as Protocol from "./Protocol.ts"

const Origin = Schema.Literals(["user", "undo", "redo", "remote", "followup", "trigger", "agent"])

const common = {
  v: Protocol.Version,
  id: Schema.String,
  key: Schema.String,
  parentId: Schema.optionalKey(Schema.String),
  rootId: Schema.String,
  groupId: Schema.optionalKey(Schema.String),
  causedBy: Schema.optionalKey(Schema.String),
  actor: Schema.optionalKey(Schema.String),
  origin: Origin,
  epoch: Schema.String,
  sequence: Schema.Number,
  startedAt: Schema.Number,
  input: Schema.Json,
  trace: Schema.optionalKey(Schema.Struct({ traceId: Schema.String, spanId: Schema.String })),
  joined: Schema.optionalKey(Schema.String),
  attempt: Schema.optionalKey(Schema.Number),
  /** It runs elsewhere: this is the caller's view of it. */
  remote: Schema.optionalKey(Schema.Boolean),
  /** The operation is annotated as readonly: what it shows may be old, but nothing changed because of it. */
  readonly: Schema.optionalKey(Schema.Boolean)
}

/**
 * One event in the life of an invocation, with the same names and fields as in `opbus/operation`; values are encoded, and
 * a cause is told without internals.
 *
 * @category schemas
 * @since 0.1.0
 */
export const InvocationMessage = Schema.Union([
  Schema.TaggedStruct("Started", common),
  Schema.TaggedStruct("Progress", { ...common, progress: Schema.Json }),
  Schema.TaggedStruct("Succeeded", {
    ...common,
    durationMillis: Schema.Number,
    output: Schema.Json,
    stopped: Schema.optionalKey(Schema.Boolean)
  }),
  Schema.TaggedStruct("Failed", {
    ...common,
    durationMillis: Schema.optionalKey(Schema.Number),
    cause: CauseMessage,
    refused: Schema.optionalKey(Schema.Boolean)
  }),
  Schema.TaggedStruct("Interrupted", { ...common, durationMillis: Schema.Number })
])

/**
 * One event in the life of an invocation.
 *
 * @category models
 * @since 0.1.0
 */
export type InvocationMessage = typeof InvocationMessage.Type

/**
 * What an event must have to be sent: the events of `OperationInvoker` do.
 *
 * @category models
 * @since 0.1.0
 */
export interface Event {
  readonly _tag: "Started" | "Progress" | "Succeeded" | "Failed" | "Interrupted"
  readonly id: string
  readonly key: string
  readonly rootId: string
  readonly origin: typeof Origin.Type
  readonly epoch: string
  readonly sequence: number
  readonly startedAt: number
  readonly input: unknown
  readonly cause?: Cause.Cause<unknown>
}

/**
 * How an event's values become JSON. A value that cannot be encoded is sent as `null`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Encoders {
  readonly input: (input: unknown) => unknown
  readonly output: (output: unknown) => unknown
  readonly error: (error: unknown) => unknown
  readonly progress: (progress: unknown) => unknown
}

/**
 * Makes the message of an event.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromEvent = (event: Event, encode: Encoders): InvocationMessage => {
  const message: Record<string, unknown> = { v: Protocol.version }
  for (const [name, value] of Object.entries(event)) {
    if (value === undefined) continue
    message[name] = name === "cause"
      ? fromCause(value as Cause.Cause<unknown>, encode.error)
      : name === "input" || name === "output" || name === "progress"
      ? encoded(encode[name], value)
      : value
  }
  message["input"] ??= null
  if (event._tag === "Succeeded") message["output"] ??= null
  if (event._tag === "Progress") message["progress"] ??= null
  return message as unknown as InvocationMessage
}

const isJson = Schema.is(Schema.Json)

const encoded = (encode: (value: unknown) => unknown, value: unknown): unknown => {
  try {
    const json = encode(value) ?? null
    return isJson(json) ? json : null
  } catch {
    // What was redacted, for one, no longer fits its schema; it is JSON all the same.
    return isJson(value) ? value : null
  }
}

/**
 * Reads a message.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = Protocol.reader("invocation event", InvocationMessage)
