import { type ReactElement, useEffect, useState } from "react"
import { Button } from "./Button.tsx"

/** Copies a text, and says so. */
export const CopyButton = ({ className, label = "Copy", text }: {
  readonly text: () => string
  readonly label?: string
  readonly className?: string
}): ReactElement => {
  const [said, setSaid] = useState<string>()
  useEffect(() => {
    if (said === undefined) return
    const timer = setTimeout(() => setSaid(undefined), 1_500)
    return () => clearTimeout(timer)
  }, [said])
  return (
    <Button
      kind="quiet"
      size="s"
      icon="copy"
      className={["button", className].filter(Boolean).join(" ")}
      onClick={() => {
        // Without a secure context there is no clipboard.
        const written = navigator.clipboard?.writeText(text()) ?? Promise.reject(new Error("no clipboard"))
        written.then(() => setSaid("Copied"), () => setSaid("Cannot copy here"))
      }}
    >
      <span aria-live="polite">{said ?? label}</span>
    </Button>
  )
}
