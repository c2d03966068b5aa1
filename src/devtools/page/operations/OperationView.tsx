import { type ReactElement, type ReactNode, useId, useMemo, useState } from "react"
import type { CatalogueEntry } from "../../DevtoolsMessages.ts"
import { hrefOf } from "../route.ts"
import { Badge } from "../ui/Badge.tsx"
import { Button } from "../ui/Button.tsx"
import { ErrorText } from "../ui/ErrorText.tsx"
import { Icon } from "../ui/icons.tsx"
import { JsonView } from "../ui/JsonView.tsx"
import { Text } from "../ui/Text.tsx"
import { CallPanel } from "./CallPanel.tsx"
import type { Schema } from "./shape.ts"
import { typeText } from "./typeText.ts"

/** One operation: what it is, what it takes and gives, and a form to invoke it. */
export const OperationView = ({ entry }: { readonly entry: CatalogueEntry }): ReactElement => {
  const { exposed, handled, inverse, json, problem, undoable } = entry
  const title = useId()
  return (
    <article className="op" aria-labelledby={title}>
      <header className="op-head stack-s">
        <p className="op-back">
          <a href={hrefOf("operations")}>
            <Icon name="left" /> All operations
          </a>
        </p>
        <h2 id={title} className="op-title">
          <Text value={json.label ?? json.key} limit={300} />
        </h2>
        <p className="inline">
          <Text value={json.key} limit={300} mono className="op-key" />
          <span className="muted">version {json.version}</span>
          <a href={hrefOf("timeline", undefined, { operation: json.key })}>Its invocations</a>
        </p>
        <div className="inline">
          <Badge>{json.executionMode === "sync" ? "synchronous" : "asynchronous"}</Badge>
          {json.stream ? <Badge tone="accent" icon={null}>stream</Badge> : null}
          {json.annotations.readonly === true ? <Badge>reads only</Badge> : null}
          {undoable
            ? (
              <Badge tone="ok" icon="undo">
                {inverse === undefined ? "can be undone" : (
                  <>
                    undone by <Text value={inverse} limit={80} />
                  </>
                )}
              </Badge>
            )
            : null}
          {json.annotations.irreversible === true ? <Badge tone="warn">irreversible</Badge> : null}
          {json.annotations.idempotent === true ? <Badge>idempotent</Badge> : null}
          {json.annotations.permission === undefined ? null : (
            <Badge>
              needs <Text value={json.annotations.permission} limit={80} />
            </Badge>
          )}
          {json.concurrency === "unbounded" ?
            null :
            (
              <Badge title="How it runs beside itself">
                {json.concurrency}
                {json.lane === undefined ? "" : (
                  <>
                    : <Text value={json.lane} limit={60} />
                  </>
                )}
              </Badge>
            )}
          {exposed ? <Badge tone="ok" icon="check">exposed</Badge> : <Badge tone="warn" icon="ban">not exposed</Badge>}
          {handled ? null : <Badge tone="bad">no handler</Badge>}
        </div>
        {json.description === undefined ? null : (
          <p className="op-text">
            <Text value={json.description} limit={5_000} />
          </p>
        )}
        {problem === undefined ? null : <ErrorText live={false} message={problem} />}
      </header>
      {exposed
        ? <CallPanel entry={entry} />
        : (
          <section className="card stack-s">
            <h3>Invoke</h3>
            <p>
              This page may not invoke it: the application does not expose it to the devtools. Add it to{" "}
              <code>expose</code> of the module that <code>opbus serve</code> runs, or of <code>Devtools.layer</code>.
            </p>
          </section>
        )}
      <section className="stack op-schemas" aria-label="Schemas">
        <SchemaPart title="Input" schema={json.input} />
        <SchemaPart title={json.stream ? "Each element" : "Output"} schema={json.output} />
        {isNever(json.error) ? null : <SchemaPart title="Error" schema={json.error} />}
        {isNever(json.progress) ? null : <SchemaPart title="Progress" schema={json.progress} />}
      </section>
    </article>
  )
}

const isNever = (schema: Schema): boolean => {
  const { not } = schema
  return typeof not === "object" && not !== null && Object.keys(not).length === 0 && Object.keys(schema).length === 1
}

const SchemaPart = ({ schema, title }: { readonly title: string; readonly schema: Schema }): ReactNode => {
  const [raw, setRaw] = useState(false)
  const readable = useMemo(() => typeText(schema), [schema])
  return (
    <section className="stack-s">
      <div className="inline">
        <h3>{title}</h3>
        <span className="spacer" />
        <Button size="s" kind="quiet" aria-pressed={raw} onClick={() => setRaw(!raw)}>
          JSON Schema<span className="visually-hidden">of {title.toLowerCase()}</span>
        </Button>
      </div>
      {raw
        ? <JsonView label={`JSON Schema of ${title.toLowerCase()}`} value={schema} open={4} />
        : (
          <pre className="op-type" tabIndex={0} aria-label={`${title}, as a type`}>
            <Text value={readable} limit={20_000} />
          </pre>
        )}
    </section>
  )
}
