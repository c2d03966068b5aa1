import { type ReactElement, useCallback, useEffect, useMemo, useRef, useState } from "react"
import { Catalogue } from "../../DevtoolsOperations.ts"
import { useLatest } from "../connection.ts"
import { goTo, hrefOf, useRoute } from "../route.ts"
import { Button } from "../ui/Button.tsx"
import { EmptyState, Loading } from "../ui/EmptyState.tsx"
import { ErrorText } from "../ui/ErrorText.tsx"
import { formatCount, plural } from "../ui/format.ts"
import { Icon } from "../ui/icons.tsx"
import { SplitView } from "../ui/SplitView.tsx"
import { Details } from "./Details.tsx"
import { feed, useFeed } from "./feed.ts"
import { type Filter, isEmpty, predicateOf, readFilter, writeFilter } from "./filter.ts"
import { Toolbar } from "./Toolbar.tsx"
import { TreeGrid } from "./TreeGrid.tsx"

/** How long typing in the search field waits for the next letter. */
const pause = 120

/** What happens on the bus, as it happens. */
export const TimelinePanel = (): ReactElement => {
  const state = useFeed()
  const { query, rest } = useRoute()
  const { value: catalogue } = useLatest(Catalogue, undefined)
  const { model } = feed
  const search = useRef<HTMLInputElement>(null)
  const grid = useRef<HTMLDivElement>(null)
  const filter = useMemo(() => readFilter(query), [query])
  const labels = useMemo(
    () => new Map(catalogue?.operations.map(({ json }) => [json.key, json.label ?? ""])),
    [catalogue]
  )

  const goWith = useCallback((change: Partial<Filter>, id = rest) => {
    goTo(hrefOf("timeline", id, writeFilter({ ...filter, ...change })), { replace: true })
  }, [filter, rest])

  // The field shows what is typed at once; what it filters follows, at the latest when the field is left.
  const [typed, setTyped] = useState(filter.text)
  useEffect(() => setTyped(filter.text), [filter.text])
  useEffect(() => {
    if (typed === filter.text) return
    const timer = setTimeout(() => goWith({ text: typed }), pause)
    return () => clearTimeout(timer)
  }, [typed, filter.text, goWith])

  const { kind, operation, origin, root, status, text } = filter
  useEffect(() => {
    feed.setFilter(predicateOf({ kind, operation, origin, root, status, text }, labels))
  }, [kind, operation, origin, root, status, text, labels])

  // An address that names an invocation shows it, also when it is below a closed line.
  const begun = model.size > 0
  useEffect(() => {
    if (rest !== undefined && begun) feed.edit((it) => it.reveal(rest))
  }, [rest, begun])

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      event.preventDefault()
      search.current?.focus()
      search.current?.select()
    }
    addEventListener("keydown", onKey)
    return () => removeEventListener("keydown", onKey)
  }, [])

  const open = useCallback(
    (id: string | undefined) => goTo(hrefOf("timeline", id, writeFilter(filter)), { replace: true }),
    [filter]
  )
  const close = useCallback(() => {
    open(undefined)
    grid.current?.focus()
  }, [open])
  const chosen = rest === undefined ? undefined : model.get(rest)

  return (
    <div className="panel">
      <Toolbar
        filter={filter}
        text={typed}
        onText={setTyped}
        onTextDone={() => typed !== filter.text && goWith({ text: typed })}
        onFilter={goWith}
        searchRef={search}
        paused={state.paused}
        waiting={state.waiting}
        labels={labels}
      />
      <Notices />
      <SplitView
        name="timeline"
        label="Details"
        side={rest === undefined ?
          undefined :
          <Details id={rest} node={chosen} row={chosen?.row} labels={labels} onClose={close} />}
      >
        {model.lines.length === 0
          ? <Nothing filter={filter} begun={state.begun} onReset={() => goTo(hrefOf("timeline", rest))} />
          : <TreeGrid gridRef={grid} chosen={rest} onOpen={open} labels={labels} version={model.version} />}
        <StatusLine filter={filter} paused={state.paused} />
      </SplitView>
    </div>
  )
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

const Notices = (): ReactElement => {
  const { gap, lost, refused, unreadable } = useFeed()
  return (
    <>
      {refused === undefined ? null : (
        <div className="banner" data-tone="bad">
          <ErrorText message={`What happens cannot be watched: ${refused}`} />
        </div>
      )}
      {gap === undefined ? null : (
        <div className="banner" role="status">
          <Icon name="alert" />
          <span>{gap.split(". ")[0]}. What happens from here on is shown.</span>
          <Button size="s" onClick={() => feed.dismissGap()}>Understood</Button>
        </div>
      )}
      {lost + unreadable === 0 ? null : (
        <div className="banner" role="status">
          <Icon name="alert" />
          {lost > 0 ? <span>{plural(lost, "event")} went during the pause, because it was too long.</span> : null}
          {unreadable > 0 ? <span>{plural(unreadable, "event")} could not be read.</span> : null}
        </div>
      )}
    </>
  )
}

const Nothing = ({ begun, filter, onReset }: {
  readonly filter: Filter
  readonly begun: boolean
  readonly onReset: () => void
}): ReactElement => {
  if (feed.model.size > 0 && !isEmpty(filter)) {
    if (feed.model.filtering) return <Loading>Searching…</Loading>
    return (
      <EmptyState title="Nothing fits the filter" action={<Button onClick={onReset}>Remove the filter</Button>}>
        None of {plural(feed.model.size, "invocation")}{" "}
        {feed.model.size === 1 ? "does" : "do"}. What happens next is looked at too.
      </EmptyState>
    )
  }
  if (!begun) return <Loading>Waiting for the application…</Loading>
  return (
    <EmptyState
      title="Nothing has happened yet"
      action={<a className="button" href={hrefOf("operations")}>Invoke an operation</a>}
    >
      Whatever the application does through its bus shows up here, while it happens.
    </EmptyState>
  )
}

const StatusLine = ({ filter, paused }: { readonly filter: Filter; readonly paused: boolean }): ReactElement => {
  const { dropped, filtering, fitting, limit, size } = feed.model
  return (
    <p className="tl-status">
      <span className="tabular">
        {isEmpty(filter)
          ? plural(size, "invocation")
          : `${plural(fitting, "invocation")} of ${formatCount(size)}`}
      </span>
      <span>{paused ? "paused" : "live"}</span>
      {filtering ? <span>searching…</span> : null}
      {dropped > 0
        ? <span>{plural(dropped, "older one")} dropped: the newest {plural(limit, "invocation")} are kept</span>
        : null}
    </p>
  )
}
