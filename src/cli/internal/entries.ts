import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HistoryEntry } from "../../history/HistoryEntry.ts"
import type { HistoryError } from "../../history/HistoryError.ts"
import { isOperationError, type OperationError } from "../../operation/OperationError.ts"
import { CliFailure, exitCodes } from "./failure.ts"
import type { History, Ways } from "./histories.ts"

/**
 * An entry and its place in the whole history, counted from the oldest: what people call it by.
 *
 * @internal
 */
export interface Numbered extends HistoryEntry {
  readonly number: number
}

/**
 * All entries of all actors and scopes, oldest first; on a server those of the caller.
 *
 * @internal
 */
export const numbered = (history: History): Effect.Effect<ReadonlyArray<Numbered>, CliFailure> =>
  Effect.mapBoth(history.all, {
    onFailure: historyFailure,
    onSuccess: (entries) => entries.map((entry, index) => ({ number: index + 1, ...entry }))
  })

/**
 * The history, or what it is in one scope.
 *
 * @internal
 */
export const within = (history: History, scope: Option.Option<string>): Ways =>
  Option.isNone(scope) ? history : history.scope(scope.value)

/**
 * The caller's own entry that a number or an id means.
 *
 * @internal
 */
export const find = (
  history: History,
  reference: string,
  status: HistoryEntry["status"]
): Effect.Effect<Numbered, CliFailure> =>
  Effect.gen(function*() {
    const entries = yield* numbered(history)
    const entry = entries.find(({ id, number }) => id === reference || String(number) === reference)
    const problem = entry === undefined
      ? "there is no such entry; `opbus history` shows the entries with their numbers"
      : !(yield* history.isOwn(entry))
      ? entry.actor === undefined
        ? "it belongs to nobody; leave out --actor"
        : `it belongs to ${entry.actor}; add --actor ${entry.actor}`
      : entry.status !== status
      ? status === "live" ? "it is undone already" : "it is not undone"
      : undefined
    if (problem === undefined) return entry!
    return yield* new CliFailure({
      exitCode: exitCodes.history,
      reason: entry === undefined ? "UnknownEntry" : "NotUndoable",
      message: `entry ${reference}: ${problem}`,
      details: { entry: reference }
    })
  })

/**
 * What the history refuses ends the command with a code of its own; so that a server cannot be asked does not.
 *
 * @internal
 */
export const historyFailure = (error: HistoryError | OperationError): CliFailure =>
  isOperationError(error)
    ? new CliFailure({
      exitCode: exitCodes.failed,
      reason: error.reason._tag,
      message: error.message.replaceAll(/"@opbus\/(\w+)"/g, "the history of the server ($1)"),
      cause: error
    })
    : new CliFailure({
      exitCode: exitCodes.history,
      reason: error.reason._tag,
      message: error.message,
      details: { ...detailsOf(error), ...(error.undone !== undefined && { undone: error.undone }) },
      cause: "cause" in error.reason ? error.reason.cause : undefined
    })

const detailsOf = ({ reason }: HistoryError): object => {
  switch (reason._tag) {
    case "Blocked":
      return { scopes: reason.scopes }
    case "Conflict":
      return { by: reason.by }
    case "InverseFailed":
    case "Unreadable":
      return { key: reason.key }
    default:
      return {}
  }
}

/** @internal */
export const stateOf = ({ partial, status, uncertain }: HistoryEntry): string =>
  [status === "live" ? "done" : "undone", ...(partial ? ["partial"] : []), ...(uncertain ? ["uncertain"] : [])].join(
    ", "
  )

/** @internal */
export const timeOf = (millis: number): string => {
  const date = new Date(millis)
  const two = (part: number) => String(part).padStart(2, "0")
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${
    two(date.getMinutes())
  }:${two(date.getSeconds())}`
}

/**
 * An entry for machines: its times as text.
 *
 * @internal
 */
export const record = <E extends HistoryEntry>(entry: E) => ({
  ...entry,
  startedAt: new Date(entry.startedAt).toISOString()
})
