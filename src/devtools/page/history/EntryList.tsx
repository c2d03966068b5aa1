import { memo, type ReactElement, useEffect, useId, useRef, useState } from "react"
import type { HistoryEntryMessage } from "../../../protocol/HistoryEntryMessage.ts"
import { hrefOf } from "../route.ts"
import { Badge } from "../ui/Badge.tsx"
import { Button, IconButton } from "../ui/Button.tsx"
import { formatAge, formatBytes, plural } from "../ui/format.ts"
import { plain } from "../ui/text.ts"
import { Text } from "../ui/Text.tsx"
import { Time, useNow } from "../ui/Time.tsx"
import { actorName, actorOf, scopeName } from "./groups.ts"

/** So many rows at first, and more at a time. */
const page = 100

/** The entries, the newest first. */
export const EntryList = ({ chosen, disabled, entries, ofAll, onUndoTo }: {
  /** Oldest first. */
  readonly entries: ReadonlyArray<HistoryEntryMessage>
  /** They are of several actors: each row says whose it is. */
  readonly ofAll: boolean
  /** The id of an entry that somebody was led to. */
  readonly chosen: string | undefined
  readonly disabled: boolean
  readonly onUndoTo: (entry: HistoryEntryMessage) => void
}): ReactElement => {
  const newestFirst = entries.toReversed()
  const index = chosen === undefined ? -1 : newestFirst.findIndex(({ id }) => id === chosen)
  const [asked, setAsked] = useState(page)
  const most = Math.max(asked, index + 1)
  const now = useNow(1_000)
  const latest = useRef(onUndoTo)
  useEffect(() => {
    latest.current = onUndoTo
  })
  const [undoTo] = useState(() => (entry: HistoryEntryMessage) => latest.current(entry))
  return (
    <>
      <ol className="entries" aria-label="Entries, newest first">
        {newestFirst.slice(0, most).map((entry) => (
          <Entry
            key={entry.id}
            entry={entry}
            ofAll={ofAll}
            chosen={entry.id === chosen}
            disabled={disabled}
            age={formatAge(entry.startedAt, now)}
            onUndoTo={undoTo}
          />
        ))}
      </ol>
      {newestFirst.length <= most ? null : (
        <p className="history-more">
          <Button size="s" onClick={() => setAsked(most + page)}>
            Show {Math.min(page, newestFirst.length - most)} older
          </Button>
        </p>
      )}
    </>
  )
}

interface EntryProps {
  readonly entry: HistoryEntryMessage
  readonly ofAll: boolean
  readonly chosen: boolean
  readonly disabled: boolean
  readonly age: string
  readonly onUndoTo: (entry: HistoryEntryMessage) => void
}

/** Every change of the history brings all entries anew; most of them are as before. */
const isSame = (before: EntryProps, after: EntryProps): boolean =>
  before.age === after.age && before.ofAll === after.ofAll && before.chosen === after.chosen &&
  before.disabled === after.disabled && before.onUndoTo === after.onUndoTo && isSameEntry(before.entry, after.entry)

const isSameEntry = (a: HistoryEntryMessage, b: HistoryEntryMessage): boolean =>
  a === b ||
  (a.status === b.status && a.startedAt === b.startedAt && a.message === b.message && a.partial === b.partial &&
    a.uncertain === b.uncertain && a.size === b.size && a.steps.length === b.steps.length)

const Entry = memo(({ age, chosen, disabled, entry, ofAll, onUndoTo }: EntryProps): ReactElement => {
  const [open, setOpen] = useState(chosen)
  const details = useId()
  const row = useRef<HTMLLIElement>(null)
  const led = useRef(false)
  useEffect(() => {
    if (!chosen) led.current = false
    else if (!led.current) {
      if (!open) return setOpen(true)
      // Only with its steps it has its size.
      led.current = true
      row.current?.scrollIntoView({ block: "center" })
    }
  }, [chosen, open])
  const title = plain(entry.message, 80)
  const { status } = entry
  return (
    <li className="entry" data-status={status} data-chosen={chosen} ref={row}>
      <div className="entry-row">
        <IconButton
          icon={open ? "down" : "right"}
          size="s"
          label={`${open ? "Hide" : "Show"} the steps of ${title}`}
          aria-expanded={open}
          aria-controls={details}
          onClick={() => setOpen(!open)}
        />
        <div className="entry-what">
          <p className="entry-title">
            <Text value={entry.message} limit={200} />
          </p>
          <p className="entry-badges">
            {status === "undone" ? <Badge icon="undo">undone</Badge> : null}
            {entry.partial
              ? <Badge tone="warn" title="It failed half-way: these are the steps that had been done">partial</Badge>
              : null}
            {entry.uncertain
              ? <Badge tone="warn" title="The process ended in the middle of an undo or redo of it">uncertain</Badge>
              : null}
            {entry.groupId === undefined ? null : <Badge icon={null}>group</Badge>}
            {entry.steps.length > 1 ? <Badge icon={null}>{plural(entry.steps.length, "step")}</Badge> : null}
            {entry.steps.some(({ remote }) => remote === true) ? <Badge icon="link">elsewhere</Badge> : null}
            {ofAll ? <Badge icon={null} tone="accent">{plain(actorName(actorOf(entry)), 60)}</Badge> : null}
            {entry.scopes.length === 1 && entry.scopes[0] === ""
              ? null
              : entry.scopes.map((scope) => <Badge key={scope} icon={null}>{plain(scopeName(scope), 60)}</Badge>)}
          </p>
        </div>
        <span className="entry-age muted">
          {age}
        </span>
        {status === "live"
          ? (
            <Button
              size="s"
              icon="undo"
              aria-disabled={disabled}
              aria-label={`Undo to here: ${title}`}
              onClick={() => !disabled && onUndoTo(entry)}
            >
              Undo to here
            </Button>
          )
          : null}
      </div>
      <div className="entry-details" id={details} hidden={!open}>{open ? <Details entry={entry} /> : null}</div>
    </li>
  )
}, isSame)

const Details = ({ entry }: { readonly entry: HistoryEntryMessage }): ReactElement => (
  <>
    <table className="table steps">
      <caption className="visually-hidden">Steps, in the order in which they were done</caption>
      <thead>
        <tr>
          <th scope="col">Done</th>
          <th scope="col">Taken back by</th>
        </tr>
      </thead>
      <tbody>
        {entry.steps.map((step, index) => (
          <tr key={index}>
            <td>
              <Text value={step.key} mono />
              {step.remote === true
                ? (
                  <>
                    <Badge icon="link">elsewhere</Badge>
                  </>
                )
                : null}
            </td>
            <td>
              <Text value={step.inverse} mono />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    <dl className="facts">
      <dt>Started</dt>
      <dd>
        <Time millis={entry.startedAt} />
      </dd>
      <dt>Actor</dt>
      <dd>
        <Text value={actorName(actorOf(entry))} />
      </dd>
      {entry.touches.length === 0 ? null : (
        <>
          <dt>Changed</dt>
          <dd>{entry.touches.map((name) => <Text key={name} value={name} className="entry-touch" />)}</dd>
        </>
      )}
      {entry.causedBy === undefined ? null : (
        <>
          <dt>Caused by</dt>
          <dd>
            <a href={hrefOf("timeline", entry.causedBy)} className="mono">{plain(entry.causedBy)}</a>
          </dd>
        </>
      )}
      <dt>Id</dt>
      <dd>
        {entry.groupId === undefined
          ? <a href={hrefOf("timeline", entry.id)} className="mono">{plain(entry.id)}</a>
          : <Text value={entry.id} mono />}
      </dd>
      <dt>Size</dt>
      <dd>{formatBytes(entry.size)}</dd>
    </dl>
  </>
)
