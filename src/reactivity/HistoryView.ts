/**
 * The history, for those who show it.
 *
 * @since 0.1.0
 */
import type * as Exit from "effect/Exit"
import type { HistoryEntry } from "../history/HistoryEntry.ts"
import type { HistoryError } from "../history/HistoryError.ts"
import type { OperationError } from "../operation/OperationError.ts"
import type { Observable } from "./Observable.ts"

/**
 * What an undo bar shows.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryView {
  readonly canUndo: boolean
  readonly canRedo: boolean
  /** What the next undo takes back. */
  readonly undoMessage: string | undefined
  /** What the next redo does again. */
  readonly redoMessage: string | undefined
  readonly undoCount: number
  readonly redoCount: number
  /** An undo or redo is running. */
  readonly busy: boolean
  /** Newest last, those that can be redone too; empty unless they were asked for. */
  readonly entries: ReadonlyArray<HistoryEntry>
  /** Why the last undo or redo failed, or why the history cannot be followed. */
  readonly error: HistoryError | OperationError | Error | undefined
  /** Nothing is known yet. */
  readonly loading: boolean
}

/**
 * Which history is shown.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryOptions {
  /** Of this process, or of the server. Default: of the server when there is a `RemoteHistory`. */
  readonly side?: "here" | "server" | undefined
  /** Read the entries too, after every change. */
  readonly entries?: boolean | undefined
}

/**
 * Undo and redo, with what can be undone. None of the promises rejects.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryHandle extends Observable<HistoryView> {
  readonly undo: () => Promise<Exit.Exit<HistoryEntry, HistoryError | OperationError>>
  readonly redo: () => Promise<Exit.Exit<HistoryEntry, HistoryError | OperationError>>
  /** Undoes up to and including an entry. */
  readonly undoTo: (entryId: string) => Promise<Exit.Exit<ReadonlyArray<HistoryEntry>, HistoryError | OperationError>>
  /** Forgets the entries. */
  readonly clear: () => Promise<Exit.Exit<void, OperationError>>
  /** Reads it anew, also after it could not be followed. */
  readonly refresh: () => void
}
