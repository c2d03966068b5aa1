import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { HistoryEntry } from "../../history/HistoryEntry.ts"
import { type FailedStep, HistoryError, type HistoryErrorReason } from "../../history/HistoryError.ts"
import type { HistoryState } from "../../history/HistoryState.ts"
import { OperationError } from "../../operation/OperationError.ts"
import { RemoteFailure } from "../../operation/RemoteInvoker.ts"
import type { CauseMessage } from "../../protocol/CauseMessage.ts"
import * as HistoryEntryMessage from "../../protocol/HistoryEntryMessage.ts"
import * as HistoryErrorMessage from "../../protocol/HistoryErrorMessage.ts"
import * as HistoryStateMessage from "../../protocol/HistoryStateMessage.ts"
import type * as Protocol from "../../protocol/Protocol.ts"

type Read<A> = (message: unknown) => Effect.Effect<A, Protocol.Unreadable>

/** @internal */
export const readEntry: Read<HistoryEntry> = (message) => Effect.map(HistoryEntryMessage.read(message), toEntry)

/** @internal */
export const readEntries: Read<ReadonlyArray<HistoryEntry>> = (messages) =>
  Effect.forEach(Array.isArray(messages) ? messages as ReadonlyArray<unknown> : [messages], readEntry)

/** @internal */
export const readState: Read<HistoryState> = (message) =>
  Effect.map(HistoryStateMessage.read(message), ({ v: _, ...state }) => ({
    actor: undefined,
    scope: undefined,
    undoMessage: undefined,
    redoMessage: undefined,
    storeError: undefined,
    ...state,
    problems: []
  }))

/** @internal */
export const readError: Read<HistoryError> = (message) =>
  Effect.map(
    HistoryErrorMessage.read(message),
    ({ reason, undone }) =>
      new HistoryError(
        undone === undefined
          ? { reason: toReason(reason) }
          : { reason: toReason(reason), undone: undone.map(toEntry) }
      )
  )

const toEntry = ({ v: _, ...entry }: HistoryEntryMessage.HistoryEntryMessage): HistoryEntry => entry

const toReason = (reason: HistoryErrorMessage.HistoryErrorReason): HistoryErrorReason => {
  switch (reason._tag) {
    case "Conflict":
      return { _tag: "Conflict", by: { ...reason.by, actor: reason.by.actor } }
    case "InverseFailed":
      return { _tag: "InverseFailed", ...toStep(reason), putBack: reason.putBack && toStep(reason.putBack) }
    case "RollbackIncomplete":
      return { _tag: "RollbackIncomplete", ...toStep(reason), notUndone: reason.notUndone }
    default:
      return reason
  }
}

const toStep = (
  { cause, key }: { readonly key: string; readonly cause: CauseMessage }
): FailedStep => ({ key, cause: toCause(key, cause) })

/** Of an operation's own failure nobody here knows the schema. */
const toCause = (key: string, message: CauseMessage): Cause.Cause<unknown> =>
  Cause.fromReasons(message.map((reason): Cause.Reason<unknown> => {
    switch (reason._tag) {
      case "Failure":
        return Cause.makeFailReason(new RemoteFailure({ key, error: reason.error }))
      case "Refusal":
        return Cause.makeFailReason(new OperationError({ key: reason.error.key, reason: reason.error.reason }))
      case "Defect":
        return Cause.makeDieReason(new Error(reason.message))
      case "Interrupt":
        return Cause.makeInterruptReason()
    }
  }))
