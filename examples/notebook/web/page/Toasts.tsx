import { Exit } from "effect"
import { BusClient } from "opbus/reactivity"
import { useEffect, useState, useSyncExternalStore } from "react"
import { useUndo } from "./history/useUndo.ts"
import { Icon } from "./Icon.tsx"
import { usePage } from "./page.ts"
import type { Toast } from "./toasts.ts"

const millis = 8_000

export const Toasts = () => {
  const { toasts } = usePage()
  return (
    <section className="toasts" aria-label="Messages" aria-live="polite">
      {useSyncExternalStore(toasts.subscribe, toasts.all).map((toast) => <ToastMessage key={toast.id} toast={toast} />)}
    </section>
  )
}

/** It does not go away while somebody is at it, by mouse or by keyboard. */
const ToastMessage = ({ toast: { entryId, id, kind, text } }: { readonly toast: Toast }) => {
  const { bus, toasts } = usePage()
  const { undo } = useUndo()
  const [hovered, setHovered] = useState(false)
  const [focused, setFocused] = useState(false)
  const held = hovered || focused

  useEffect(() => {
    if (held) return
    const timer = setTimeout(() => toasts.dismiss(id), millis)
    return () => clearTimeout(timer)
  }, [held, id, toasts])

  const undoThis = async () => {
    toasts.dismiss(id)
    const newest = await bus.run(BusClient.use((client) => client.history(undefined, "server").peek))
    if (Exit.isSuccess(newest) && newest.value.id === entryId) return undo()
    toasts.problem("Something was done since. The history undoes as far back as you like.")
  }

  return (
    <div
      className={`toast ${kind}`}
      onPointerEnter={() => setHovered(true)}
      onPointerLeave={() => setHovered(false)}
      onFocus={() => setFocused(true)}
      onBlur={() => setFocused(false)}
      onKeyDown={(event) => event.key === "Escape" && toasts.dismiss(id)}
    >
      <p>{text}</p>
      {entryId !== undefined && <button type="button" onClick={() => void undoThis()}>Undo</button>}
      <button type="button" className="plain" aria-label="Dismiss" onClick={() => toasts.dismiss(id)}>
        <Icon name="close" />
      </button>
    </div>
  )
}
