/**
 * What a user interface needs to know of the history.
 *
 * @since 0.1.0
 */

/**
 * Something that went wrong beside the invocation it belongs to, which went on.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryProblem {
  /**
   * - `"Lost"`: a mapping's `capture`, `deriveContext` or `message` failed, so this invocation cannot be undone.
   * - `"TooLarge"`: the entry is larger than the limits allow.
   * - `"Unreadable"`: an entry's operation changed or is gone; it is skipped and kept.
   * - `"Uncertain"`: the process had ended in the middle of an undo or redo.
   * - `"Rollback"`: an interrupted transaction of an earlier process could not be rolled back.
   * - `"Hook"`: a hook that saves or restores failed.
   */
  readonly kind: "Lost" | "TooLarge" | "Unreadable" | "Uncertain" | "Rollback" | "Hook"
  readonly key: string
  /** One line. */
  readonly message: string
}

/**
 * The state of the history for one actor, in one scope or in all.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryState {
  readonly actor: string | undefined
  /** `undefined`: all scopes. */
  readonly scope: string | undefined
  readonly canUndo: boolean
  readonly canRedo: boolean
  /** What the next undo takes back. */
  readonly undoMessage: string | undefined
  /** What the next redo does again. */
  readonly redoMessage: string | undefined
  /** Entries that can be undone. */
  readonly undoCount: number
  /** Entries that can be redone. */
  readonly redoCount: number
  /** About how many bytes these entries hold. */
  readonly bytes: number
  /** An undo or redo is running. */
  readonly busy: boolean
  /** Entries that the store does not hold yet. */
  readonly pendingWrites: number
  /** Why the store could not be written; it is tried again until it can. */
  readonly storeError: string | undefined
  /** The newest problems, oldest first, of all actors. */
  readonly problems: ReadonlyArray<HistoryProblem>
  /** How many entries older than the limits were dropped. */
  readonly evicted: number
}
