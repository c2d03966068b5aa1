/**
 * Undo and redo.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { OperationInvoker } from "../operation/OperationInvoker.ts"
import type { HistoryEntry } from "./HistoryEntry.ts"
import type { HistoryError } from "./HistoryError.ts"
import type { HistoryState } from "./HistoryState.ts"
import type { HistoryStore } from "./HistoryStore.ts"
import { HistoryStoreKey } from "./internal/storeKey.ts"
import * as tracker from "./internal/tracker.ts"
import { UndoRegistry } from "./UndoRegistry.ts"

/**
 * A value that JSON can carry.
 *
 * @category models
 * @since 0.1.0
 */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | ReadonlyArray<JsonValue>
  | { readonly [key: string]: JsonValue }

/**
 * Saves something with every entry, and restores it when the entry is undone or redone: a selection, a scroll position.
 *
 * **Details**
 *
 * `save` runs before an action and before its undo; `restore` after an undo gets what was saved before the action, and
 * after a redo what was saved before the undo. Around a synchronous operation both must be synchronous.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryHooks {
  readonly save: Effect.Effect<JsonValue, unknown>
  readonly restore: (value: JsonValue, direction: "undo" | "redo") => Effect.Effect<void, unknown>
}

/**
 * How much history is kept. The oldest entries go first.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryLimits {
  /** Entries for each actor and scope. Default 10,000. */
  readonly count?: number | undefined
  /** Bytes for each actor and scope. Default 64 MiB. */
  readonly bytes?: number | undefined
  /** Bytes of one entry; a larger one is not kept, and reported. Default 16 MiB. */
  readonly entryBytes?: number | undefined
  /** Entries of all actors. Default 100,000. */
  readonly totalCount?: number | undefined
  /** Bytes of all actors. Default 256 MiB. */
  readonly totalBytes?: number | undefined
}

/**
 * How a tracker works.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryOptions {
  readonly limits?: HistoryLimits | undefined
  readonly hooks?: HistoryHooks | undefined
  /** Asked before an undo or redo of an entry that stands in several scopes; `false` leaves it: `Blocked`. */
  readonly confirm?: ((entry: HistoryEntry, direction: "undo" | "redo") => Effect.Effect<boolean>) | undefined
}

/**
 * Undo and redo for the current actor, in one scope or in all.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistoryScope {
  /** Takes back the newest entry. A second call waits for the first. */
  readonly undo: Effect.Effect<HistoryEntry, HistoryError>
  /** Does again what was undone last. */
  readonly redo: Effect.Effect<HistoryEntry, HistoryError>
  /** Undoes up to and including an entry. Stops at the first failure, whose `undone` says how far it came. */
  readonly undoTo: (entryId: string) => Effect.Effect<ReadonlyArray<HistoryEntry>, HistoryError>
  readonly canUndo: Effect.Effect<boolean>
  readonly canRedo: Effect.Effect<boolean>
  /** What the next undo will take back, or why it cannot. */
  readonly peek: Effect.Effect<HistoryEntry, HistoryError>
  readonly state: Effect.Effect<HistoryState>
  /** The state now and after every change; a slow consumer sees the newest. Costs nothing while nobody listens. */
  readonly changes: Stream.Stream<HistoryState>
  /** The current actor's entries, live and undone, in the order of their starts. */
  readonly entries: Effect.Effect<ReadonlyArray<HistoryEntry>>
  /** Forgets the current actor's entries. */
  readonly clear: Effect.Effect<void>
}

/**
 * The history of what was done, and the way back.
 *
 * **When to use**
 *
 * Use `undo`, `redo` and `state` for menus, `group` to make several operations one entry, and `transaction` to make them
 * all or nothing. The functions of the same names on the class take the tracker from the context.
 *
 * **Details**
 *
 * The tracker sees every invocation of its invoker from inside, so an entry is there when `invoke` returns. Entries are
 * kept per actor (`CurrentActor`) and scope; nobody's undo takes back somebody else's later change.
 *
 * @category services
 * @since 0.1.0
 */
export class HistoryTracker extends Context.Service<
  HistoryTracker,
  HistoryScope & {
    /** The entries of all actors, in the order of their starts. */
    readonly allEntries: Effect.Effect<ReadonlyArray<HistoryEntry>>
    /** The same for one scope, for example one document. */
    readonly scope: (id: string) => HistoryScope
    /** Waits until everything is in the store; fails with `StoreFailed` when the store does. */
    readonly flush: Effect.Effect<void, HistoryError>
    /** Forgets entries that an outside change has made impossible, of all actors. Tells how many. */
    readonly invalidate: (
      which: ((entry: HistoryEntry) => boolean) | { readonly touches: string | ReadonlyArray<string> }
    ) => Effect.Effect<number>
    /** Makes all undoable work inside one entry, also when it fails. */
    readonly group: (label: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** Takes back what was done when the effect fails or is interrupted, and is one entry otherwise. */
    readonly transaction: (
      label: string
    ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | HistoryError, R>
    /** What the current actor does next starts a new entry, however quick it is. */
    readonly breakCoalescing: Effect.Effect<void>
    /** Saves and restores something with every entry until the scope closes. */
    readonly hooks: (hooks: HistoryHooks) => Effect.Effect<void, never, Scope.Scope>
    /** For user interfaces without Effect. Rejects with the `HistoryError`. */
    readonly undoPromise: () => Promise<HistoryEntry>
    readonly redoPromise: () => Promise<HistoryEntry>
  }
>()("opbus/history/HistoryTracker") {
  /**
   * A history in memory, with options.
   *
   * @since 0.1.0
   */
  static readonly layerWith = (
    options: HistoryOptions
  ): Layer.Layer<HistoryTracker, never, OperationInvoker | UndoRegistry> =>
    Layer.effect(
      HistoryTracker,
      Effect.flatMap(OperationInvoker, (invoker) =>
        Effect.flatMap(UndoRegistry, (registry) => tracker.make(invoker, registry, options, undefined)))
    )

  /**
   * A history in memory.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<HistoryTracker, never, OperationInvoker | UndoRegistry> = HistoryTracker.layerWith(
    {}
  )

  /**
   * A history in a store, with options.
   *
   * @since 0.1.0
   */
  static readonly layerStoreWith = (
    options: HistoryOptions
  ): Layer.Layer<HistoryTracker, never, OperationInvoker | UndoRegistry | HistoryStore> =>
    Layer.effect(
      HistoryTracker,
      Effect.flatMap(OperationInvoker, (invoker) =>
        Effect.flatMap(UndoRegistry, (registry) =>
          Effect.flatMap(HistoryStoreKey, (store) =>
            tracker.make(invoker, registry, options, store["~opbus/history/HistoryStore/attach"]))))
    ) as Layer.Layer<HistoryTracker, never, OperationInvoker | UndoRegistry | HistoryStore>

  /**
   * A history that is kept in a `HistoryStore`, and survives a restart if that does.
   *
   * @since 0.1.0
   */
  static readonly layerStore: Layer.Layer<HistoryTracker, never, OperationInvoker | UndoRegistry | HistoryStore> =
    HistoryTracker.layerStoreWith({})

  /** @since 0.1.0 */
  static readonly undo = HistoryTracker.use((tracker) => tracker.undo)

  /** @since 0.1.0 */
  static readonly redo = HistoryTracker.use((tracker) => tracker.redo)

  /** @since 0.1.0 */
  static readonly undoTo = (entryId: string) => HistoryTracker.use((tracker) => tracker.undoTo(entryId))

  /** @since 0.1.0 */
  static readonly canUndo = HistoryTracker.use((tracker) => tracker.canUndo)

  /** @since 0.1.0 */
  static readonly canRedo = HistoryTracker.use((tracker) => tracker.canRedo)

  /** @since 0.1.0 */
  static readonly peek = HistoryTracker.use((tracker) => tracker.peek)

  /** @since 0.1.0 */
  static readonly state = HistoryTracker.use((tracker) => tracker.state)

  /** @since 0.1.0 */
  static readonly changes: Stream.Stream<HistoryState, never, HistoryTracker> = Stream.unwrap(
    Effect.map(HistoryTracker, (tracker) => tracker.changes)
  )

  /** @since 0.1.0 */
  static readonly entries = HistoryTracker.use((tracker) => tracker.entries)

  /** @since 0.1.0 */
  static readonly allEntries = HistoryTracker.use((tracker) => tracker.allEntries)

  /** @since 0.1.0 */
  static readonly clear = HistoryTracker.use((tracker) => tracker.clear)

  /** @since 0.1.0 */
  static readonly flush = HistoryTracker.use((tracker) => tracker.flush)

  /** @since 0.1.0 */
  static readonly breakCoalescing = HistoryTracker.use((tracker) => tracker.breakCoalescing)

  /** @since 0.1.0 */
  static readonly invalidate = (
    which: ((entry: HistoryEntry) => boolean) | { readonly touches: string | ReadonlyArray<string> }
  ) => HistoryTracker.use((tracker) => tracker.invalidate(which))

  /** @since 0.1.0 */
  static readonly hooks = (hooks: HistoryHooks) => HistoryTracker.use((tracker) => tracker.hooks(hooks))

  /** @since 0.1.0 */
  static readonly group =
    (label: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | HistoryTracker> =>
      HistoryTracker.use((tracker) => tracker.group(label)(effect))

  /** @since 0.1.0 */
  static readonly transaction =
    (label: string) =>
    <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | HistoryError, R | HistoryTracker> =>
      HistoryTracker.use((tracker) => tracker.transaction(label)(effect))

  /**
   * The history of one scope.
   *
   * @since 0.1.0
   */
  static readonly scope = (id: string) => ({
    undo: HistoryTracker.use((tracker) => tracker.scope(id).undo),
    redo: HistoryTracker.use((tracker) => tracker.scope(id).redo),
    undoTo: (entryId: string) => HistoryTracker.use((tracker) => tracker.scope(id).undoTo(entryId)),
    canUndo: HistoryTracker.use((tracker) => tracker.scope(id).canUndo),
    canRedo: HistoryTracker.use((tracker) => tracker.scope(id).canRedo),
    peek: HistoryTracker.use((tracker) => tracker.scope(id).peek),
    state: HistoryTracker.use((tracker) => tracker.scope(id).state),
    changes: Stream.unwrap(Effect.map(HistoryTracker, (tracker) => tracker.scope(id).changes)),
    entries: HistoryTracker.use((tracker) => tracker.scope(id).entries),
    clear: HistoryTracker.use((tracker) => tracker.scope(id).clear)
  })
}
