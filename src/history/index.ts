/**
 * Undo and redo.
 *
 * @since 0.1.0
 */
export type { HistoryEntry, HistoryStep } from "./HistoryEntry.ts"
export { HistoryError, type HistoryErrorReason, isHistoryError } from "./HistoryError.ts"
export type { HistoryProblem, HistoryState } from "./HistoryState.ts"
export { HistoryStore } from "./HistoryStore.ts"
export {
  type HistoryHooks,
  type HistoryLimits,
  type HistoryOptions,
  type HistoryScope,
  HistoryTracker
} from "./HistoryTracker.ts"
export * as UndoMapping from "./UndoMapping.ts"
export { UndoRegistry } from "./UndoRegistry.ts"
