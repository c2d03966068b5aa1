import { Cause, Exit } from "effect"
import type { HistoryEntry } from "opbus"
import { useHistory } from "opbus/react"
import { useEffect, useRef, useState } from "react"
import { Icon } from "../Icon.tsx"
import { usePage } from "../page.ts"
import { useNotebook } from "../useNotebook.ts"
import { explain } from "./explain.ts"

const clock = new Intl.DateTimeFormat(undefined, { timeStyle: "short", dateStyle: "medium" })

/** What this window has done, the newest first. */
export const HistoryDrawer = ({ onClose }: { readonly onClose: () => void }) => {
  const { away } = useNotebook()
  const { toasts } = usePage()
  const { entries, loading, undoTo } = useHistory(undefined, { side: "server", entries: true })
  const [asked, setAsked] = useState<string>()
  const heading = useRef<HTMLHeadingElement>(null)
  useEffect(() => heading.current?.focus(), [])

  const newestFirst = [...entries].reverse()
  const live = newestFirst.filter(({ status }) => status === "live")

  const undoBackTo = async ({ id }: HistoryEntry) => {
    setAsked(undefined)
    const exit = await undoTo(id)
    if (Exit.isSuccess(exit)) toasts.done(`Undone: ${steps(exit.value.length)}`)
    else toasts.problem(explain(Cause.squash(exit.cause) as Parameters<typeof explain>[0]))
  }

  return (
    <aside className="drawer" aria-labelledby="history" onKeyDown={(event) => event.key === "Escape" && onClose()}>
      <div className="drawer-head">
        <h2 id="history" ref={heading} tabIndex={-1}>History</h2>
        <button type="button" className="plain" aria-label="Close the history" onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <p className="muted">What this window has done, the newest first. It is still here after a reload.</p>
      {newestFirst.length === 0 && <p className="muted">{loading ? "Loading …" : "Nothing has been done here yet."}</p>}
      <ol>
        {newestFirst.map((entry) => {
          const count = live.indexOf(entry) + 1
          return (
            <li key={entry.id} className={entry.status}>
              <p>{entry.message}</p>
              <p className="muted">
                <time>{clock.format(entry.startedAt)}</time>
                {entry.status === "undone" && " · undone"}
                {entry.partial && " · only partly done"}
              </p>
              {count > 0 && asked !== entry.id && (
                <button
                  type="button"
                  disabled={away}
                  onClick={() => setAsked(entry.id)}
                >
                  Undo to here
                </button>
              )}
              {count > 0 && asked === entry.id && (
                <p className="actions">
                  <button type="button" className="primary" autoFocus onClick={() => void undoBackTo(entry)}>
                    Undo {steps(count)}
                  </button>
                  <button type="button" onClick={() => setAsked(undefined)}>Keep</button>
                </p>
              )}
            </li>
          )
        })}
      </ol>
    </aside>
  )
}

const steps = (count: number): string => count === 1 ? "1 step" : `${count} steps`
