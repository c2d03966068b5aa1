import { type FormEvent, type KeyboardEvent, type ReactElement, useCallback, useMemo, useRef, useState } from "react"
import type { CatalogueEntry } from "../../DevtoolsMessages.ts"
import { actor } from "../connection.ts"
import { hrefOf } from "../route.ts"
import { feed, useFeed } from "../timeline/feed.ts"
import { StatusBadge } from "../ui/Badge.tsx"
import { Button } from "../ui/Button.tsx"
import { ErrorText } from "../ui/ErrorText.tsx"
import { formatDuration, plural } from "../ui/format.ts"
import { JsonView } from "../ui/JsonView.tsx"
import { Text } from "../ui/Text.tsx"
import { type Draft, draftOf, initialOf, parseJson, valueOf } from "./draft.ts"
import { Form, pathKey } from "./Form.tsx"
import { type Json, shapeOf } from "./shape.ts"
import { type Call, elementLimit, useCall } from "./useCall.ts"

type Mode = { readonly kind: "form"; readonly draft: Draft } | { readonly kind: "json"; readonly text: string }

/** The form of an operation, and what became of the last call. */
export const CallPanel = ({ entry: { json } }: { readonly entry: CatalogueEntry }): ReactElement => {
  const shape = useMemo(() => shapeOf(json.input), [json.input])
  const [mode, setMode] = useState<Mode>(() => ({ kind: "form", draft: initialOf(shape) }))
  const [shown, setShown] = useState<ReadonlySet<string> | "all">(new Set<string>())
  const [note, setNote] = useState<string>()
  const { call, cancel, invoke } = useCall()
  const form = useRef<HTMLFormElement>(null)

  const outcome = useMemo(() => mode.kind === "form" ? valueOf(shape, mode.draft) : undefined, [shape, mode])
  const parsed = mode.kind === "json" ? parseJson(mode.text) : undefined
  const refusal = call.refusal?.reason
  const server = refusal?._tag === "InvalidInput" ? { path: pathKey(refusal.path), message: refusal.issue } : undefined

  const touch = useCallback(
    (path: string) => setShown((shown) => shown === "all" || shown.has(path) ? shown : new Set([...shown, path])),
    []
  )
  const submit = (event?: FormEvent) => {
    event?.preventDefault()
    if (call.status === "running") return
    setShown("all")
    const value = mode.kind === "form" ? outcome?.value : parsed?.ok === true ? parsed.value : undefined
    if (value === undefined) {
      // The first place that something is said about.
      requestAnimationFrame(() => form.current?.querySelector<HTMLElement>("[aria-invalid=\"true\"]")?.focus())
      return
    }
    invoke(json, value)
  }
  const toJson = () => {
    const value = outcome?.value ?? (mode.kind === "form" ? partial(mode.draft, shape) : null)
    setNote(undefined)
    setMode({ kind: "json", text: JSON.stringify(value, null, 2) })
  }
  const toForm = () => {
    if (mode.kind !== "json") return
    if (parsed?.ok !== true) return setNote("This is not JSON yet, so it has no place in the form.")
    const draft = draftOf(shape, parsed.value)
    if (draft === undefined) {
      return setNote("This value does not have the shape of the form. Correct it, or invoke it as it is.")
    }
    setNote(undefined)
    setMode({ kind: "form", draft })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) submit()
  }
  const hints = outcome?.problems.filter(({ fatal }) => !fatal).length ?? 0
  const running = call.status === "running"
  return (
    <section className="card stack op-call" aria-label="Invoke">
      <form ref={form} className="stack" noValidate onSubmit={submit} onKeyDown={onKeyDown}>
        <div className="inline">
          <h3>Invoke</h3>
          <span className="spacer" />
          <div className="segments" role="group" aria-label="How to enter the input">
            <Button size="s" aria-pressed={mode.kind === "form"} onClick={toForm}>Form</Button>
            <Button size="s" aria-pressed={mode.kind === "json"} onClick={() => mode.kind === "form" && toJson()}>
              JSON
            </Button>
          </div>
        </div>
        {note === undefined ? null : <p className="field-problems" role="status">{note}</p>}
        {mode.kind === "form"
          ? (
            <Form
              shape={shape}
              draft={mode.draft}
              onChange={(draft) => setMode({ kind: "form", draft })}
              problems={outcome?.problems ?? []}
              shown={shown}
              onTouch={touch}
              server={server}
            />
          )
          : (
            <div className="field">
              <textarea
                className="textarea mono"
                aria-label="Input as JSON"
                aria-invalid={parsed?.ok === false}
                rows={Math.min(20, Math.max(5, mode.text.split("\n").length + 1))}
                spellCheck={false}
                value={mode.text}
                onChange={(event) => setMode({ kind: "json", text: event.target.value })}
              />
              {parsed?.ok === false
                ? <p className="field-problems" aria-live="polite">Not JSON: {parsed.why}</p>
                : null}
            </div>
          )}
        <div className="inline op-call-actions">
          <Button kind="primary" icon="play" type="submit" aria-disabled={running}>Invoke</Button>
          {running ? <Button icon="stop" onClick={cancel}>{json.stream ? "Stop" : "Cancel"}</Button> : null}
          {shown === "all" && hints > 0 && !running
            ? <span className="muted">{plural(hints, "hint")} above; the application decides.</span>
            : null}
        </div>
      </form>
      <Result
        call={call}
        stream={json.stream}
        operation={json.key}
        placed={server !== undefined && mode.kind === "form"}
      />
    </section>
  )
}

/** What is there of a form that is not complete. */
const partial = (draft: Draft, shape: ReturnType<typeof shapeOf>): Json => {
  if (draft.kind !== "object" || shape.kind !== "object") return null
  return Object.fromEntries(shape.fields.flatMap(({ name, shape }, i) => {
    const field = draft.fields[i]
    if (field === undefined) return []
    const { value } = valueOf(shape(), field)
    return [[name, value ?? null] as const]
  }))
}

const Result = ({ call, operation, placed, stream }: {
  readonly call: Call
  readonly operation: string
  readonly stream: boolean
  /** What the server said is said at its field. */
  readonly placed: boolean
}): ReactElement | null => {
  if (call.status === "idle") return null
  return (
    <div className="stack-s op-call-result">
      <div className="inline" role="status">
        <StatusBadge status={call.status === "failed" && call.refusal !== undefined ? "refused" : call.status} />
        {call.millis === undefined ? null : <span className="tabular muted">{formatDuration(call.millis)}</span>}
        {stream ? <span className="tabular">{plural(call.count, "element")}</span> : null}
        <RowLink call={call} operation={operation} />
      </div>
      {call.progress === undefined ? null : <Progress value={call.progress} />}
      {call.refusal === undefined ? null : <ErrorText message={call.refusal.message} />}
      {placed ? <p className="muted">It is marked above.</p> : null}
      {call.defect === undefined ? null : <ErrorText message={call.defect} />}
      {call.failure === undefined
        ? null
        : (
          <>
            <p className="op-call-failure">It failed with its own error:</p>
            <JsonView label="Error" value={call.failure.error} open={3} />
          </>
        )}
      {stream && call.count > 0
        ? (
          <>
            {call.count > call.elements.length
              ? (
                <p className="muted">
                  The newest {plural(Math.min(elementLimit, call.elements.length), "element")} of {call.count}.
                </p>
              )
              : null}
            <ol className="op-call-elements" tabIndex={0} aria-label="Elements">
              {call.elements.slice(-200).toReversed().map((element, i) => (
                <li key={call.count - i}>
                  <span className="muted tabular">{call.count - i}</span>
                  <code>
                    <Text value={JSON.stringify(element) ?? ""} limit={300} />
                  </code>
                </li>
              ))}
            </ol>
          </>
        )
        : null}
      {call.status === "succeeded" && !stream
        ? call.output === null || call.output === undefined
          ? <p className="muted">It gave no output.</p>
          : <JsonView label="Output" value={call.output} open={3} />
        : null}
    </div>
  )
}

/** Progress as a bar where it says how much of how much. */
const Progress = ({ value }: { readonly value: unknown }): ReactElement => {
  const { done, total } = (typeof value === "object" && value !== null ? value : {}) as {
    readonly done?: unknown
    readonly total?: unknown
  }
  const bar = typeof done === "number" && typeof total === "number" && total > 0
  return (
    <div className="inline op-call-progress">
      {bar ? <progress max={total} value={Math.min(done, total)} aria-label="Progress" /> : null}
      <code>
        <Text value={JSON.stringify(value) ?? ""} limit={300} />
      </code>
    </div>
  )
}

/** Leads to the invocation in the timeline: the newest one from this page with this input. */
const RowLink = ({ call, operation }: { readonly call: Call; readonly operation: string }): ReactElement | null => {
  useFeed()
  const found = useRef<{ readonly call: number; readonly id: string } | undefined>(undefined)
  if (found.current?.call !== call.startedAt) {
    const id = feed.model.findNewest((row) =>
      row.key === operation && row.actor === actor && row.startedAt >= call.startedAt - 1_000
    )
    found.current = id === undefined ? undefined : { call: call.startedAt, id }
  }
  return found.current === undefined ? null : <a href={hrefOf("timeline", found.current.id)}>Show it in the timeline</a>
}
