/**
 * History entries, on a wire and in a store.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Protocol from "./Protocol.ts"

/**
 * What is shown of an entry: the same names and fields as in `opbus/history`. It carries no inputs.
 *
 * @category schemas
 * @since 0.1.0
 */
export const HistoryEntryMessage = Schema.Struct({
  v: Protocol.Version,
  id: Schema.String,
  status: Schema.Literals(["live", "undone"]),
  message: Schema.String,
  key: Schema.optionalKey(Schema.String),
  actor: Schema.optionalKey(Schema.String),
  scopes: Schema.Array(Schema.String),
  touches: Schema.Array(Schema.String),
  startedAt: Schema.Number,
  groupId: Schema.optionalKey(Schema.String),
  causedBy: Schema.optionalKey(Schema.String),
  partial: Schema.Boolean,
  uncertain: Schema.Boolean,
  size: Schema.Number,
  steps: Schema.Array(Schema.Struct({
    key: Schema.String,
    inverse: Schema.String,
    /** It ran elsewhere. */
    remote: Schema.optionalKey(Schema.Boolean)
  }))
})

/**
 * What is shown of an entry.
 *
 * @category models
 * @since 0.1.0
 */
export type HistoryEntryMessage = typeof HistoryEntryMessage.Type

/**
 * Makes the message of an entry.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromEntry = (
  entry: { readonly [K in Exclude<keyof HistoryEntryMessage, "v">]?: HistoryEntryMessage[K] | undefined }
): HistoryEntryMessage =>
  ({
    v: Protocol.version,
    ...Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined))
  }) as HistoryEntryMessage

/**
 * Reads the message of an entry.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = Protocol.reader("history entry", HistoryEntryMessage)

/**
 * One step as a store keeps it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const StoredStep = Schema.Struct({
  key: Schema.String,
  inverse: Schema.String,
  /** Operation and inverse are synchronous. */
  sync: Schema.optionalKey(Schema.Boolean),
  /** It ran elsewhere, and so do its inverse and its redo. */
  remote: Schema.optionalKey(Schema.Boolean),
  scopes: Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  touches: Schema.optionalKey(Schema.Union([Schema.String, Schema.Array(Schema.String)])),
  message: Schema.optionalKey(Schema.String),
  /** `forward` is `[input, output]`, because a redo needs both. */
  withOutput: Schema.optionalKey(Schema.Boolean),
  /** The encoded input. */
  forward: Schema.Json,
  /** The encoded input of the inverse. */
  backward: Schema.Json
})

/**
 * One step as a store keeps it.
 *
 * @category models
 * @since 0.1.0
 */
export type StoredStep = typeof StoredStep.Type

/**
 * What a store keeps of an entry beside what it searches for.
 *
 * @category schemas
 * @since 0.1.0
 */
export const StoredEntry = Schema.Struct({
  v: Protocol.Version,
  key: Schema.optionalKey(Schema.String),
  label: Schema.optionalKey(Schema.String),
  groupId: Schema.optionalKey(Schema.String),
  causedBy: Schema.optionalKey(Schema.String),
  savedForUndo: Schema.optionalKey(Schema.String),
  savedForRedo: Schema.optionalKey(Schema.String),
  steps: Schema.Array(StoredStep)
})

/**
 * What a store keeps of an entry.
 *
 * @category models
 * @since 0.1.0
 */
export type StoredEntry = typeof StoredEntry.Type

/**
 * Reads what a store kept.
 *
 * @category constructors
 * @since 0.1.0
 */
export const readStored = Protocol.reader("stored history entry", StoredEntry)
