/**
 * Why something could not be undone or redone.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import type { HistoryEntry } from "./HistoryEntry.ts"

/**
 * There is no entry that could be undone.
 *
 * @category models
 * @since 0.1.0
 */
export interface NothingToUndo {
  readonly _tag: "NothingToUndo"
}

/**
 * There is no entry that could be redone.
 *
 * @category models
 * @since 0.1.0
 */
export interface NothingToRedo {
  readonly _tag: "NothingToRedo"
}

/**
 * Undo or redo was called inside a handler, a group or a transaction, for which it would have to wait.
 *
 * @category models
 * @since 0.1.0
 */
export interface UndoInProgress {
  readonly _tag: "UndoInProgress"
}

/**
 * The entry also stands in other scopes, and is not on top there.
 *
 * @category models
 * @since 0.1.0
 */
export interface Blocked {
  readonly _tag: "Blocked"
  readonly scopes: ReadonlyArray<string>
}

/**
 * A later entry of another actor touches the same resource.
 *
 * @category models
 * @since 0.1.0
 */
export interface Conflict {
  readonly _tag: "Conflict"
  readonly by: {
    readonly entryId: string
    readonly actor: string | undefined
    readonly message: string
    readonly touches: ReadonlyArray<string>
  }
}

/**
 * Which invocation failed, and how.
 *
 * @category models
 * @since 0.1.0
 */
export interface FailedStep {
  readonly key: string
  readonly cause: Cause.Cause<unknown>
}

/**
 * An inverse (or, in a redo, an operation) failed. The entry stays as it was; what had been undone of it was put back.
 *
 * @category models
 * @since 0.1.0
 */
export interface InverseFailed {
  readonly _tag: "InverseFailed"
  readonly key: string
  readonly cause: Cause.Cause<unknown>
  /** Putting back failed too: the entry was split at this step. */
  readonly putBack?: FailedStep | undefined
}

/**
 * A transaction failed and could not be rolled back completely. What remains is an entry.
 *
 * @category models
 * @since 0.1.0
 */
export interface RollbackIncomplete {
  readonly _tag: "RollbackIncomplete"
  /** The operations that were not taken back, in the order of their commits. */
  readonly notUndone: ReadonlyArray<string>
  readonly key: string
  readonly cause: Cause.Cause<unknown>
}

/**
 * The entry is not there, is undone already, belongs to another actor, or must not run again.
 *
 * @category models
 * @since 0.1.0
 */
export interface NotUndoable {
  readonly _tag: "NotUndoable"
  readonly entryId: string
  readonly why: string
}

/**
 * The entry's operation changed or is gone. The entry is skipped and kept.
 *
 * @category models
 * @since 0.1.0
 */
export interface Unreadable {
  readonly _tag: "Unreadable"
  readonly entryId: string
  readonly key: string
  readonly why: string
}

/**
 * The store could not be written.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoreFailed {
  readonly _tag: "StoreFailed"
  readonly why: string
}

/**
 * The reasons of a `HistoryError`.
 *
 * @category models
 * @since 0.1.0
 */
export type HistoryErrorReason =
  | NothingToUndo
  | NothingToRedo
  | UndoInProgress
  | Blocked
  | Conflict
  | InverseFailed
  | RollbackIncomplete
  | NotUndoable
  | Unreadable
  | StoreFailed

/**
 * The one error of the history; `reason` says which.
 *
 * **When to use**
 *
 * Use with `Effect.catchReason("HistoryError", "NothingToUndo", …)`, or show `message`: one line that says what to do.
 *
 * @category errors
 * @since 0.1.0
 */
export class HistoryError extends Data.TaggedError("HistoryError")<{
  readonly reason: HistoryErrorReason
  /** What `undoTo` had undone before it stopped, newest first. */
  readonly undone?: ReadonlyArray<HistoryEntry> | undefined
}> {
  override get message(): string {
    return describe(this.reason)
  }
}

/**
 * Tells whether a value is a `HistoryError`.
 *
 * @category guards
 * @since 0.1.0
 */
export const isHistoryError = (u: unknown): u is HistoryError => u instanceof HistoryError

const quoted = (names: ReadonlyArray<string>) => names.map((name) => `"${name}"`).join(", ")

const why = (cause: Cause.Cause<unknown>): string => {
  const reason = cause.reasons.find((reason) => reason._tag !== "Interrupt")
  if (reason === undefined) return "it was interrupted"
  const error: unknown = reason._tag === "Fail" ? reason.error : reason.defect
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!.replace(/\.$/, "") || "it failed"
}

const describe = (reason: HistoryErrorReason): string => {
  switch (reason._tag) {
    case "NothingToUndo":
      return "There is nothing to undo."
    case "NothingToRedo":
      return "There is nothing to redo."
    case "UndoInProgress":
      return "Undo and redo cannot run inside a handler, a group or a transaction. Call them after it has ended."
    case "Blocked":
      return `It also changed ${quoted(reason.scopes)}, where something newer stands above it. Undo that first.`
    case "Conflict":
      return `"${reason.by.message}" by ${reason.by.actor ?? "somebody else"} changed ${
        quoted(reason.by.touches)
      } later. It has to be undone first.`
    case "InverseFailed":
      return reason.putBack === undefined
        ? `"${reason.key}" failed: ${why(reason.cause)}. Nothing was changed; try again when the cause is gone.`
        : `"${reason.key}" failed: ${why(reason.cause)}. Putting back "${reason.putBack.key}" failed too: ${
          why(reason.putBack.cause)
        }. The entry was split there: undo what is left of it, or redo the rest.`
    case "RollbackIncomplete":
      return `The transaction failed, and taking back "${reason.key}" failed too: ${why(reason.cause)}. ${
        quoted(reason.notUndone)
      } stayed, as one entry: undo it when the cause is gone.`
    case "NotUndoable":
      return `The entry ${reason.entryId} cannot be undone: ${reason.why}.`
    case "Unreadable":
      return `An entry of "${reason.key}" cannot be read: ${reason.why}. Bring back the plugin that handles it, or invalidate the entry.`
    case "StoreFailed":
      return `The history could not be written: ${reason.why}. It is tried again until it can be; nothing is lost while this process lives.`
  }
}
