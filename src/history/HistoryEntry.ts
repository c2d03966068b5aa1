/**
 * What the history shows of one entry.
 *
 * @since 0.1.0
 */

/**
 * One thing that was done inside an entry, and what takes it back.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryStep {
  /** The operation that was invoked. */
  readonly key: string
  /** The operation that takes it back. */
  readonly inverse: string
  /** It ran elsewhere, and so does what takes it back. */
  readonly remote?: boolean
}

/**
 * One user action that can be undone, or has been and can be redone.
 *
 * **Details**
 *
 * It never carries inputs or outputs: those may be sensitive, and stay where undo needs them.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryEntry {
  /** The id of the root invocation, or of the group. */
  readonly id: string
  /** `"live"`: it can be undone. `"undone"`: it can be redone. */
  readonly status: "live" | "undone"
  /** One line for menus: the mapping's `message`, the group's label, or the operation's label or key. */
  readonly message: string
  /** The operation of the root invocation; absent for a group. */
  readonly key?: string | undefined
  readonly actor?: string | undefined
  /** The stacks it stands in. `[""]` when its mappings name none. */
  readonly scopes: ReadonlyArray<string>
  /** The resources it changed. */
  readonly touches: ReadonlyArray<string>
  /** Milliseconds since the epoch, from `Clock`: when the action, or its last redo, started. */
  readonly startedAt: number
  readonly groupId?: string | undefined
  /** What set it off without waiting for it, for example a root that had ended before this child. */
  readonly causedBy?: string | undefined
  /** Its root failed or was interrupted; these are the steps that had been committed. */
  readonly partial: boolean
  /** The process ended in the middle of an undo or redo of it. It runs again only if that is idempotent. */
  readonly uncertain: boolean
  /** About how many bytes it holds. */
  readonly size: number
  /** In the order of their commits. */
  readonly steps: ReadonlyArray<HistoryStep>
}
