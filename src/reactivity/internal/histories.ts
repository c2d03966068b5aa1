import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { HistoryTracker } from "../../history/HistoryTracker.ts"
import { OperationError } from "../../operation/OperationError.ts"
import type { RemoteHistory, RemoteHistoryScope } from "../../remote/RemoteHistory.ts"
import type { Connection } from "./connection.ts"

/** By their keys: a page without the one or the other does not contain it. */
const TrackerKey = Context.Service<HistoryTracker, (typeof HistoryTracker)["Service"]>("opbus/history/HistoryTracker")
const RemoteKey = Context.Service<RemoteHistory, (typeof RemoteHistory)["Service"]>("opbus/remote/RemoteHistory")

/**
 * The histories that there are.
 *
 * @internal
 */
export const histories = (context: Context.Context<never>, connection: Connection) => {
  const tracker = Context.getOrUndefined(context, TrackerKey)
  const remote = Context.getOrUndefined(context, RemoteKey)
  return (scope?: string, side: "here" | "server" = remote === undefined ? "here" : "server"): RemoteHistoryScope => {
    if (side === "here") {
      if (tracker === undefined) return absent("Provide a HistoryTracker layer below BusClient.layer")
      return scope === undefined ? tracker : tracker.scope(scope)
    }
    if (remote === undefined) return absent("Provide RemoteHistory.layer below BusClient.layer")
    const history = scope === undefined ? remote : remote.scope(scope)
    return {
      ...history,
      changes: history.changes.pipe(
        Stream.tap(() => Effect.sync(() => connection.heard(undefined))),
        Stream.tapError((error) => Effect.sync(() => connection.heard(error)))
      )
    }
  }
}

const absent = (what: string): RemoteHistoryScope => {
  const failed = Exit.fail(
    new OperationError({ key: "history", reason: { _tag: "Denied", why: `there is no history. ${what}` } })
  )
  return {
    undo: failed,
    redo: failed,
    undoTo: () => failed,
    canUndo: failed,
    canRedo: failed,
    peek: failed,
    state: failed,
    changes: Stream.fromEffect(failed),
    entries: failed,
    clear: failed
  }
}
