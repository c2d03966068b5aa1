import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { HistoryError } from "../../history/HistoryError.ts"
import { remoteInternalsOf } from "../../operation/internal/remoteInternals.ts"
import { isOperationError, OperationError } from "../../operation/OperationError.ts"
import type { RemoteFailure, RemoteInvoker } from "../../operation/RemoteInvoker.ts"
import type * as Protocol from "../../protocol/Protocol.ts"
import type { RemoteHistory, RemoteHistoryScope } from "../RemoteHistory.ts"
import { readEntries, readEntry, readError, readState } from "./historyMessages.ts"
import * as wire from "./wire.ts"

type Headers = Readonly<Record<string, string>>

/**
 * The history of the server at the other end of a transport.
 *
 * @internal
 */
export const makeRemoteHistory = (
  remote: (typeof RemoteInvoker)["Service"],
  headers: Effect.Effect<Headers> = Exit.succeed({})
): (typeof RemoteHistory)["Service"] => {
  const { streamKey } = remoteInternalsOf(remote)

  /** What a server of another release says may not be readable here. */
  const misread = (key: string) => (error: Protocol.Unreadable) =>
    new OperationError({ key, reason: { _tag: "Incompatible", difference: error.message } })

  const failed = (
    key: string,
    error: OperationError | RemoteFailure
  ): Effect.Effect<never, HistoryError | OperationError> =>
    isOperationError(error)
      ? Effect.fail(error)
      : Effect.flatMap(Effect.mapError(readError(error.error), misread(key)), Effect.fail)

  const ask = <A>(
    key: string,
    payload: object,
    read: (message: unknown) => Effect.Effect<A, Protocol.Unreadable>
  ): Effect.Effect<A, HistoryError | OperationError> =>
    streamKey === undefined ? nowhere(key) : Effect.matchEffect(
      Effect.flatMap(headers, (all) => remote.invokeKey(key, payload, { headers: all })),
      {
        onFailure: (error) => failed(key, error),
        onSuccess: (message) => Effect.mapError(read(message), misread(key))
      }
    )

  const scoped = (scope: string | undefined): RemoteHistoryScope => {
    const where = scope === undefined ? {} : { scope }
    const { changes, clear, history, redo, undo, undoTo } = wire.builtin
    const state = ask(history, where, readState) as RemoteHistoryScope["state"]
    return {
      undo: ask(undo, where, readEntry),
      redo: ask(redo, where, readEntry),
      undoTo: (entryId) => ask(undoTo, { ...where, entryId }, readEntries),
      canUndo: Effect.map(state, ({ canUndo }) => canUndo),
      canRedo: Effect.map(state, ({ canRedo }) => canRedo),
      peek: ask(history, { ...where, show: "peek" }, readEntry),
      state,
      changes: Stream.unwrap(
        Effect.map(
          headers,
          (all) =>
            streamKey === undefined ? Stream.fromEffect(nowhere(changes)) : streamKey(changes, where, all).pipe(
              Stream.mapEffect((message) => Effect.mapError(readState(message), misread(changes)))
            )
        )
      ) as RemoteHistoryScope["changes"],
      entries: ask(history, { ...where, show: "entries" }, readEntries) as RemoteHistoryScope["entries"],
      clear: ask(clear, where, () => Effect.void) as RemoteHistoryScope["clear"]
    }
  }

  return { ...scoped(undefined), scope: scoped }
}

const nowhere = (key: string) => Exit.fail(new OperationError({ key, reason: { _tag: "RemoteUnavailable", why } }))

const why =
  "this transport leads to several servers, each with a history of its own. Provide RemoteInvoker.layerHttp or layerWebSocket to RemoteHistory"
