/**
 * Everything an application needs of opbus, as one layer.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import type { HistoryStore } from "./history/HistoryStore.ts"
import { type HistoryOptions, HistoryTracker } from "./history/HistoryTracker.ts"
import { UndoRegistry } from "./history/UndoRegistry.ts"
import { FollowupScheduler } from "./operation/FollowupScheduler.ts"
import { OperationInvoker } from "./operation/OperationInvoker.ts"
import { OperationRegistry } from "./operation/OperationRegistry.ts"

/**
 * The services of an application.
 *
 * @category models
 * @since 0.1.0
 */
export type Services = OperationRegistry | OperationInvoker | FollowupScheduler | UndoRegistry | HistoryTracker

const bus = FollowupScheduler.layer.pipe(
  Layer.provideMerge(OperationInvoker.layer),
  Layer.provideMerge(Layer.mergeAll(OperationRegistry.layer, UndoRegistry.layer))
)

/**
 * Registry, invoker, follow-ups and history, in memory.
 *
 * **When to use**
 *
 * Use under the layers of plugins: `Layer.mergeAll(NotesPlugin, LayoutPlugin).pipe(Layer.provideMerge(Opbus.layer))`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<Services> = HistoryTracker.layer.pipe(Layer.provideMerge(bus))

/**
 * The same with limits, hooks or a confirmation for the history.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerWith = (history: HistoryOptions): Layer.Layer<Services> =>
  HistoryTracker.layerWith(history).pipe(Layer.provideMerge(bus))

/**
 * The same with a history that is kept in a `HistoryStore`, and survives a restart if that does.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStore: Layer.Layer<Services, never, HistoryStore> = HistoryTracker.layerStore.pipe(
  Layer.provideMerge(bus)
)

/**
 * The same with a history in a store, and options for it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerStoreWith = (history: HistoryOptions): Layer.Layer<Services, never, HistoryStore> =>
  HistoryTracker.layerStoreWith(history).pipe(Layer.provideMerge(bus))
