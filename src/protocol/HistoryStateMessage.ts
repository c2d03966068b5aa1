/**
 * The state of a history, on a wire.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Protocol from "./Protocol.ts"

/**
 * The state of the history for one actor: the same names and fields as in `opbus/history`, without the problems, which
 * are those of all actors.
 *
 * @category schemas
 * @since 0.1.0
 */
export const HistoryStateMessage = Schema.Struct({
  v: Protocol.Version,
  actor: Schema.optionalKey(Schema.String),
  scope: Schema.optionalKey(Schema.String),
  canUndo: Schema.Boolean,
  canRedo: Schema.Boolean,
  undoMessage: Schema.optionalKey(Schema.String),
  redoMessage: Schema.optionalKey(Schema.String),
  undoCount: Schema.Number,
  redoCount: Schema.Number,
  bytes: Schema.Number,
  busy: Schema.Boolean,
  pendingWrites: Schema.Number,
  storeError: Schema.optionalKey(Schema.String),
  evicted: Schema.Number
})

/**
 * The state of the history for one actor.
 *
 * @category models
 * @since 0.1.0
 */
export type HistoryStateMessage = typeof HistoryStateMessage.Type

type Sent = Exclude<keyof HistoryStateMessage, "v">

const sent = Object.keys(HistoryStateMessage.fields).filter((name) => name !== "v") as ReadonlyArray<Sent>

/**
 * Makes the message of a state. That the store cannot be written is told without its words.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromState = (
  state: { readonly [K in Sent]?: HistoryStateMessage[K] | undefined }
): HistoryStateMessage => {
  const message: Record<string, unknown> = { v: Protocol.version }
  for (const name of sent) if (state[name] !== undefined) message[name] = state[name]
  if (state.storeError !== undefined) message["storeError"] = "the server cannot write its history"
  return message as unknown as HistoryStateMessage
}

/**
 * Reads the message of a state.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = Protocol.reader("history state", HistoryStateMessage)
