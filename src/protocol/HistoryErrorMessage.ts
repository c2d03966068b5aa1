/**
 * Why something could not be undone or redone, on a wire.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import { CauseMessage, fromCause } from "./CauseMessage.ts"
import { fromEntry, HistoryEntryMessage } from "./HistoryEntryMessage.ts"
import * as Protocol from "./Protocol.ts"

const failed = { key: Schema.String, cause: CauseMessage }

/**
 * The reasons of a `HistoryError`: the same names and fields as in `opbus/history`; a cause is told without internals.
 *
 * @category schemas
 * @since 0.1.0
 */
export const HistoryErrorReason = Schema.Union([
  Schema.TaggedStruct("NothingToUndo", {}),
  Schema.TaggedStruct("NothingToRedo", {}),
  Schema.TaggedStruct("UndoInProgress", {}),
  Schema.TaggedStruct("Blocked", { scopes: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("Conflict", {
    by: Schema.Struct({
      entryId: Schema.String,
      actor: Schema.optionalKey(Schema.String),
      message: Schema.String,
      touches: Schema.Array(Schema.String)
    })
  }),
  Schema.TaggedStruct("InverseFailed", { ...failed, putBack: Schema.optionalKey(Schema.Struct(failed)) }),
  Schema.TaggedStruct("RollbackIncomplete", { ...failed, notUndone: Schema.Array(Schema.String) }),
  Schema.TaggedStruct("NotUndoable", { entryId: Schema.String, why: Schema.String }),
  Schema.TaggedStruct("Unreadable", { entryId: Schema.String, key: Schema.String, why: Schema.String }),
  Schema.TaggedStruct("StoreFailed", { why: Schema.String })
])

/**
 * The reasons of a `HistoryError`.
 *
 * @category models
 * @since 0.1.0
 */
export type HistoryErrorReason = typeof HistoryErrorReason.Type

/**
 * A `HistoryError`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const HistoryErrorMessage = Schema.TaggedStruct("HistoryError", {
  v: Protocol.Version,
  reason: HistoryErrorReason,
  /** What `undoTo` had undone before it stopped, newest first. */
  undone: Schema.optionalKey(Schema.Array(HistoryEntryMessage))
})

/**
 * A `HistoryError`.
 *
 * @category models
 * @since 0.1.0
 */
export type HistoryErrorMessage = typeof HistoryErrorMessage.Type

interface FailedStep {
  readonly key: string
  readonly cause: Cause.Cause<unknown>
}

type Conflict = Extract<HistoryErrorReason, { readonly _tag: "Conflict" }>

/**
 * What an error must have to be sent: a `HistoryError` does.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryFailure {
  readonly reason:
    | Exclude<HistoryErrorReason, { readonly _tag: "Conflict" | "InverseFailed" | "RollbackIncomplete" }>
    | { readonly _tag: "Conflict"; readonly by: Omit<Conflict["by"], "actor"> & { readonly actor: string | undefined } }
    | ({ readonly _tag: "InverseFailed"; readonly putBack?: FailedStep | undefined } & FailedStep)
    | ({ readonly _tag: "RollbackIncomplete"; readonly notUndone: ReadonlyArray<string> } & FailedStep)
  readonly undone?: ReadonlyArray<Parameters<typeof fromEntry>[0]> | undefined
}

/**
 * Makes the message of an error. `encodeError` encodes a failure of the operation with the given key.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromError = (
  { reason, undone }: HistoryFailure,
  encodeError: (key: string, error: unknown) => unknown
): HistoryErrorMessage => {
  const message: HistoryErrorMessage = { _tag: "HistoryError", v: Protocol.version, reason: tell(reason, encodeError) }
  return undone === undefined ? message : { ...message, undone: undone.map(fromEntry) }
}

const tell = (
  reason: HistoryFailure["reason"],
  encodeError: (key: string, error: unknown) => unknown
): HistoryErrorReason => {
  const step = ({ cause, key }: FailedStep) => ({ key, cause: fromCause(cause, (error) => encodeError(key, error)) })
  switch (reason._tag) {
    case "Conflict": {
      const { actor, ...by } = reason.by
      return { _tag: "Conflict", by: actor === undefined ? by : { ...by, actor } }
    }
    case "InverseFailed": {
      const failed = { _tag: reason._tag, ...step(reason) }
      return reason.putBack === undefined ? failed : { ...failed, putBack: step(reason.putBack) }
    }
    case "RollbackIncomplete":
      return { _tag: reason._tag, ...step(reason), notUndone: reason.notUndone }
    case "StoreFailed":
      // Its text is the database's.
      return { _tag: reason._tag, why: "its store failed" }
    default:
      return reason
  }
}

/**
 * Reads the message of an error.
 *
 * @category constructors
 * @since 0.1.0
 */
export const read = Protocol.reader("history error", HistoryErrorMessage)
