/**
 * Where a history is kept beyond the process.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Operation from "../operation/Operation.ts"
import * as journal from "./internal/journal.ts"
import * as memory from "./internal/memoryStore.ts"

/**
 * What an entry is in a store.
 *
 * **Details**
 *
 * - `open`, `transaction`: a group or transaction that had not ended; its steps are kept one by one.
 * - `live`, `undone`: what it says.
 * - `undoing`, `redoing`: the intent to undo or redo it was written, and the outcome not yet.
 * - `removed`: forgotten. It is kept for a while so that other processes learn of it.
 *
 * @category models
 * @since 0.1.0
 */
export type StoredStatus = "open" | "transaction" | "live" | "undone" | "undoing" | "redoing" | "removed"

/**
 * An entry as a store keeps it.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoredEntry {
  readonly id: string
  /** Ascends with the starts of root actions, across processes. */
  readonly position: number
  readonly actor: string | undefined
  readonly status: StoredStatus
  /** Ascends with undos, across processes; of a removed entry: when it was removed, in milliseconds. */
  readonly undoneAt: number | undefined
  /** While it is undone or redone: the step that was about to run. */
  readonly progress: number | undefined
  readonly partial: boolean
  readonly uncertain: boolean
  /** The process that wrote it last. */
  readonly owner: string
  /** JSON of a `StoredEntry` of `opbus/protocol`, with its steps. */
  readonly content: string
}

/**
 * A step of an entry that is written before the entry is: of an open group, or while the entry is undone or redone.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoredStepRow {
  readonly entryId: string
  readonly at: number
  /** JSON of a `StoredStep` of `opbus/protocol`. */
  readonly content: string
}

/**
 * Changes that are written together.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryBatch {
  readonly owner: string
  /** New entries, and others as they are now; their steps are in their content from now on. */
  readonly entries: ReadonlyArray<StoredEntry>
  /** Steps of entries whose content does not have them yet. */
  readonly steps: ReadonlyArray<StoredStepRow>
  /** How far the undo or redo of an entry has come. */
  readonly progress: ReadonlyArray<{ readonly id: string; readonly status: StoredStatus; readonly at: number }>
  readonly removed: ReadonlyArray<string>
  /** Entries whose content has all their steps: those written before are obsolete. */
  readonly settled: ReadonlyArray<string>
  /** Milliseconds since the epoch. */
  readonly now: number
}

/**
 * The intent to undo, redo or take over an entry.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryClaim {
  readonly id: string
  readonly owner: string
  readonly from: StoredStatus
  readonly to: StoredStatus
  /** It is refused when another process has changed the entry after this. */
  readonly cursor: number
}

/**
 * What has changed in a store.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryChanges {
  readonly entries: ReadonlyArray<StoredEntry>
  /** The steps of these entries that their content does not have. */
  readonly steps: ReadonlyArray<StoredStepRow>
  /** Where the next reading goes on. */
  readonly cursor: number
  /** There are more. */
  readonly more: boolean
}

/**
 * The store cannot be read or written.
 *
 * @category errors
 * @since 0.1.0
 */
export class HistoryStoreError extends Data.TaggedError("HistoryStoreError")<{
  readonly message: string
  readonly cause?: unknown
}> {}

/**
 * How a handler and the writing of its entry share a transaction.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryJoin {
  /** Whether to do so for an operation. */
  readonly applies: (operation: Operation.Any) => boolean
  /** Begins a transaction, runs the effect in it, and commits if it succeeds. */
  readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, unknown, R>
}

/**
 * What a store must be able to do. `HistoryStore.make` turns it into a `HistoryStore`.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryStoreBackend {
  /** What changed after a cursor, oldest change first, but for what the owner wrote itself. The first cursor is 0. */
  readonly changes: (cursor: number, owner: string) => Effect.Effect<HistoryChanges, HistoryStoreError>
  /** Writes all of it or nothing. Written twice, it is there once. */
  readonly write: (batch: HistoryBatch) => Effect.Effect<void, HistoryStoreError>
  /** Changes the status if it is still the expected one, and tells whether it was. */
  readonly claim: (claim: HistoryClaim) => Effect.Effect<boolean, HistoryStoreError>
  /** Names this process. Two runs of a program have different names. */
  readonly owner: (epoch: string) => string
  /** Whether the process that wrote something still lives. `open`: it is a tracker of this very process. */
  readonly isAlive: (owner: string, open: boolean) => boolean
  /** Whether a transaction is open in this context, for whose end `write` would have to wait. */
  readonly isInTransaction?: ((context: Context.Context<never>) => boolean) | undefined
  /** How a handler and the writing of its entry share a transaction. */
  readonly join?: HistoryJoin | undefined
}

/**
 * The store of a history.
 *
 * **When to use**
 *
 * Use `SqlHistoryStore.layer` for a history that survives a restart, `HistoryStore.layerMemory` in tests, and
 * `HistoryStore.make` for a store of another kind.
 *
 * @category services
 * @since 0.1.0
 */
export class HistoryStore extends Context.Service<HistoryStore, {
  readonly backend: HistoryStoreBackend
}>()("opbus/history/HistoryStore") {
  /**
   * A store on a backend.
   *
   * @since 0.1.0
   */
  static readonly make = (backend: HistoryStoreBackend): (typeof HistoryStore)["Service"] =>
    journal.attachable({ backend }, backend)

  /**
   * A store in memory: it lives as long as the layer.
   *
   * @since 0.1.0
   */
  static readonly layerMemory: Layer.Layer<HistoryStore> = Layer.effect(
    HistoryStore,
    Effect.sync(() => HistoryStore.make(memory.make()))
  )
}
