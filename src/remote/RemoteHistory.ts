/**
 * Undo and redo of what was done on a server.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import type { HistoryEntry } from "../history/HistoryEntry.ts"
import type { HistoryError } from "../history/HistoryError.ts"
import type { HistoryState } from "../history/HistoryState.ts"
import type { OperationError } from "../operation/OperationError.ts"
import { RemoteInvoker } from "../operation/RemoteInvoker.ts"
import { makeRemoteHistory } from "./internal/remoteHistory.ts"

/**
 * Undo and redo of this client's own actions on the server, in one scope or in all.
 *
 * **Details**
 *
 * The members are those of `HistoryScope`; they also fail with the `OperationError` of the way there: `RemoteUnavailable`,
 * `Denied`. When an answer is lost, `state` or `entries` tell whether it was undone.
 *
 * @category models
 * @since 0.1.0
 */
export interface RemoteHistoryScope {
  /** Takes back the newest entry: the inverse runs on the server. */
  readonly undo: Effect.Effect<HistoryEntry, HistoryError | OperationError>
  /** Does again what was undone last. */
  readonly redo: Effect.Effect<HistoryEntry, HistoryError | OperationError>
  /** Undoes up to and including an entry. Stops at the first failure, whose `undone` says how far it came. */
  readonly undoTo: (entryId: string) => Effect.Effect<ReadonlyArray<HistoryEntry>, HistoryError | OperationError>
  readonly canUndo: Effect.Effect<boolean, OperationError>
  readonly canRedo: Effect.Effect<boolean, OperationError>
  /** What the next undo will take back, or why it cannot. */
  readonly peek: Effect.Effect<HistoryEntry, HistoryError | OperationError>
  /** The state of this actor's history. `problems` stay on the server. */
  readonly state: Effect.Effect<HistoryState, OperationError>
  /** The state now and after every change; a slow consumer sees the newest. Ends when the connection does. */
  readonly changes: Stream.Stream<HistoryState, OperationError>
  /** This actor's entries, live and undone, in the order of their starts. */
  readonly entries: Effect.Effect<ReadonlyArray<HistoryEntry>, OperationError>
  /** Forgets this actor's entries. */
  readonly clear: Effect.Effect<void, OperationError>
}

/**
 * How a client uses the history of its server.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Asked before every request, for the server's authorizer: for example for a fresh token. */
  readonly headers?: Effect.Effect<Readonly<Record<string, string>>> | undefined
}

/**
 * The history that a server keeps for this client.
 *
 * **When to use**
 *
 * Use where the server keeps the history of remote calls, which is the default: for the undo button of a client. Where
 * the client keeps it (`history: "client"` on both sides), use `HistoryTracker`.
 *
 * **Details**
 *
 * Whose history it is the server decides: the actor that its authorizer names; from the same machine the one that the
 * client claims (`CurrentActor`, or the option `actor`); else the client's `session`, hashed. Give a `session` of your own to find
 * the history again after a restart of the client. The authorizer is asked with the kind `"history"`, for the request and
 * for every operation that an undo or a redo is going to run; those need not be exposed.
 *
 * @category services
 * @since 0.1.0
 */
export class RemoteHistory extends Context.Service<
  RemoteHistory,
  RemoteHistoryScope & {
    /** The same for one scope, for example one document. */
    readonly scope: (id: string) => RemoteHistoryScope
  }
>()("opbus/remote/RemoteHistory") {
  /**
   * The history of the server behind the `RemoteInvoker`, with options.
   *
   * @since 0.1.0
   */
  static readonly layerWith = (options: Options): Layer.Layer<RemoteHistory, never, RemoteInvoker> =>
    Layer.effect(RemoteHistory, Effect.map(RemoteInvoker, (invoker) => makeRemoteHistory(invoker, options.headers)))

  /**
   * The history of the server behind the `RemoteInvoker`.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<RemoteHistory, never, RemoteInvoker> = RemoteHistory.layerWith({})

  /** @since 0.1.0 */
  static readonly undo = RemoteHistory.use((history) => history.undo)

  /** @since 0.1.0 */
  static readonly redo = RemoteHistory.use((history) => history.redo)

  /** @since 0.1.0 */
  static readonly undoTo = (entryId: string) => RemoteHistory.use((history) => history.undoTo(entryId))

  /** @since 0.1.0 */
  static readonly canUndo = RemoteHistory.use((history) => history.canUndo)

  /** @since 0.1.0 */
  static readonly canRedo = RemoteHistory.use((history) => history.canRedo)

  /** @since 0.1.0 */
  static readonly peek = RemoteHistory.use((history) => history.peek)

  /** @since 0.1.0 */
  static readonly state = RemoteHistory.use((history) => history.state)

  /** @since 0.1.0 */
  static readonly changes: Stream.Stream<HistoryState, OperationError, RemoteHistory> = Stream.unwrap(
    Effect.map(RemoteHistory, (history) => history.changes)
  )

  /** @since 0.1.0 */
  static readonly entries = RemoteHistory.use((history) => history.entries)

  /** @since 0.1.0 */
  static readonly clear = RemoteHistory.use((history) => history.clear)
}
