import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HistoryEntry } from "../../history/HistoryEntry.ts"
import type { HistoryError } from "../../history/HistoryError.ts"
import { type HistoryScope, HistoryTracker } from "../../history/HistoryTracker.ts"
import { CurrentActor } from "../../operation/Invocation.ts"
import { CliFailure, exitCodes } from "./failure.ts"

/**
 * An entry and its place in the whole history, counted from the oldest: what people call it by.
 *
 * @internal
 */
export interface Numbered extends HistoryEntry {
  readonly number: number
}

/**
 * All entries of all actors and scopes, oldest first.
 *
 * @internal
 */
export const numbered: Effect.Effect<ReadonlyArray<Numbered>, never, HistoryTracker> = Effect.map(
  HistoryTracker.allEntries,
  (entries) => entries.map((entry, index) => ({ number: index + 1, ...entry }))
)

/**
 * The history, or what it is in one scope.
 *
 * @internal
 */
export const trackerOf = (scope: Option.Option<string>): Effect.Effect<HistoryScope, never, HistoryTracker> =>
  Effect.map(HistoryTracker, (tracker) => Option.isNone(scope) ? tracker : tracker.scope(scope.value))

/**
 * The entry of the current actor that a number or an id means.
 *
 * @internal
 */
export const find = (
  reference: string,
  status: HistoryEntry["status"]
): Effect.Effect<Numbered, CliFailure, HistoryTracker> =>
  Effect.gen(function*() {
    const actor = yield* CurrentActor
    const entries = yield* numbered
    const entry = entries.find(({ id, number }) => id === reference || String(number) === reference)
    const problem = entry === undefined
      ? "there is no such entry; `opbus history` shows the entries with their numbers"
      : entry.actor !== actor
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
 * What the history refuses ends the command with a code of its own.
 *
 * @internal
 */
export const historyFailure = (error: HistoryError): CliFailure =>
  new CliFailure({
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
