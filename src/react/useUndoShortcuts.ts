/**
 * Undo and redo by keyboard.
 *
 * @since 0.1.0
 */
import { type RefObject, useEffect, useInsertionEffect, useRef } from "react"
import type { HistoryEntry } from "../history/HistoryEntry.ts"
import { listen, type Shortcuts } from "./internal/shortcuts.ts"
import { useHistoryHandle } from "./useHistory.ts"

/**
 * What the keys do, and where.
 *
 * @category models
 * @since 0.1.0
 */
export interface UseUndoShortcutsOptions {
  readonly scope?: string | undefined
  readonly side?: "here" | "server" | undefined
  /** Only while the focus is inside this element; of elements within each other the innermost counts. */
  readonly ref?: RefObject<HTMLElement | null> | undefined
  readonly onUndo?: ((entry: HistoryEntry) => void) | undefined
  readonly onRedo?: ((entry: HistoryEntry) => void) | undefined
  readonly onError?: ((error: unknown) => void) | undefined
}

/**
 * Undoes with Ctrl-Z, and redoes with Shift-Ctrl-Z or Ctrl-Y; on a Mac with Cmd-Z and Shift-Cmd-Z.
 *
 * **When to use**
 *
 * Use once for the whole page, and with a `ref` for a part that has a history of its own. Text fields, lists and what is
 * editable keep their own undo.
 *
 * @category hooks
 * @since 0.1.0
 */
export const useUndoShortcuts = (options: UseUndoShortcutsOptions = {}): void => {
  const history = useHistoryHandle(options.scope, { side: options.side })
  const newest = useRef(options)
  useInsertionEffect(() => {
    newest.current = options
  })
  const { ref } = options
  useEffect(() => {
    const shortcuts: Shortcuts = {
      element: () => ref === undefined ? undefined : ref.current,
      act: (direction) => {
        void history[direction]().then((exit) => {
          const { onError, onRedo, onUndo } = newest.current
          if (exit._tag === "Success") (direction === "undo" ? onUndo : onRedo)?.(exit.value)
          else onError?.(exit.cause.reasons.find((reason) => reason._tag === "Fail")?.error ?? exit.cause)
        })
      }
    }
    return listen(shortcuts)
  }, [history, ref])
}
