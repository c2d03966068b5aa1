/**
 * Undo and redo of this window's work on the server; what happened, or why it did not, is told in a message.
 */
import { Cause, Exit } from "effect"
import type { HistoryEntry } from "opbus"
import { useHistory, useUndoShortcuts } from "opbus/react"
import { usePage } from "../page.ts"
import { explain } from "./explain.ts"

const useTelling = () => {
  const { toasts } = usePage()
  return {
    onUndo: (entry: HistoryEntry) => toasts.done(`Undone: ${entry.message}`),
    onRedo: (entry: HistoryEntry) => toasts.done(`Redone: ${entry.message}`),
    onError: (error: unknown) => toasts.problem(explain(error as Parameters<typeof explain>[0]))
  }
}

/** Ctrl-Z and its like, wherever no text is edited. */
export const useUndoKeys = (): void => useUndoShortcuts({ side: "server", ...useTelling() })

export const useUndo = () => {
  const history = useHistory(undefined, { side: "server" })
  const { onError, onRedo, onUndo } = useTelling()
  const told = async <A, E>(exit: Promise<Exit.Exit<A, E>>, tell: (value: A) => void): Promise<void> => {
    const result = await exit
    if (Exit.isSuccess(result)) tell(result.value)
    else onError(Cause.squash(result.cause))
  }
  return {
    ...history,
    undo: () => told(history.undo(), onUndo),
    redo: () => told(history.redo(), onRedo)
  }
}
