/**
 * The history in a component.
 *
 * @since 0.1.0
 */
import { useMemo } from "react"
import type { HistoryHandle, HistoryOptions, HistoryView } from "../reactivity/HistoryView.ts"
import { useObservable } from "./internal/useObservable.ts"
import { useBus } from "./OpbusProvider.ts"

/**
 * What can be undone and redone, and how.
 *
 * @category models
 * @since 0.1.0
 */
export interface UseHistory
  extends HistoryView, Pick<HistoryHandle, "undo" | "redo" | "undoTo" | "clear" | "refresh">
{}

/**
 * Renders what can be undone and redone.
 *
 * **When to use**
 *
 * Use for an undo bar, a menu, or a list of what was done: of all scopes, or of one, for example one document.
 *
 * @category hooks
 * @since 0.1.0
 */
export const useHistory = (scope?: string, { entries, side }: HistoryOptions = {}): UseHistory => {
  const history = useHistoryHandle(scope, { entries, side })
  const { clear, redo, refresh, undo, undoTo } = history
  return { ...useObservable(history), undo, redo, undoTo, clear, refresh }
}

/** @internal */
export const useHistoryHandle = (scope: string | undefined, { entries, side }: HistoryOptions): HistoryHandle => {
  const bus = useBus()
  return useMemo(() => bus.history(scope, { side, entries }), [bus, scope, side, entries])
}
