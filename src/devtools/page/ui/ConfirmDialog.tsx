import { type ReactElement, type ReactNode, useId, useLayoutEffect, useRef } from "react"
import { Button } from "./Button.tsx"

/** Asks before something that is more than a click: it says what will happen, and how much of it. */
export const ConfirmDialog = ({ children, confirm, danger = false, onCancel, onConfirm, title }: {
  readonly title: string
  readonly children: ReactNode
  /** What the button that goes ahead says. */
  readonly confirm: string
  readonly danger?: boolean
  readonly onConfirm: () => void
  readonly onCancel: () => void
}): ReactElement => {
  const ref = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  // Closed while it is still in the page: only then does the focus go back to where it was.
  useLayoutEffect(() => {
    const dialog = ref.current
    if (dialog !== null && !dialog.open) dialog.showModal()
    return () => dialog?.close()
  }, [])
  return (
    <dialog
      ref={ref}
      className="dialog"
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault()
        onCancel()
      }}
    >
      <div className="stack">
        <h2 id={titleId}>{title}</h2>
        <div>{children}</div>
      </div>
      <div className="dialog-actions">
        <Button autoFocus onClick={onCancel}>Cancel</Button>
        <Button kind={danger ? "danger" : "primary"} onClick={onConfirm}>{confirm}</Button>
      </div>
    </dialog>
  )
}
