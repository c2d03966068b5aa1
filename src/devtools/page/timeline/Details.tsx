import { type ReactElement, type ReactNode, useId } from "react"
import type { CauseMessage, ReasonMessage } from "../../../protocol/CauseMessage.ts"
import type { InvocationRow } from "../../../reactivity/InvocationTable.ts"
import { History } from "../../DevtoolsOperations.ts"
import { useLatest } from "../connection.ts"
import { hrefOf } from "../route.ts"
import { Badge, StatusBadge } from "../ui/Badge.tsx"
import { IconButton } from "../ui/Button.tsx"
import { EmptyState } from "../ui/EmptyState.tsx"
import { formatDateTime } from "../ui/format.ts"
import { JsonView } from "../ui/JsonView.tsx"
import { plain } from "../ui/text.ts"
import { Text } from "../ui/Text.tsx"
import { Duration } from "../ui/Time.tsx"
import { feed } from "./feed.ts"
import { describeRefusal } from "./refusals.ts"
import { type Node } from "./TimelineModel.ts"
import { Waterfall } from "./Waterfall.tsx"
import { originWords } from "./words.ts"

/** Everything that is known about one invocation. */
export const Details = ({ id, labels, node, onClose, row }: {
  readonly id: string
  readonly node: Node | undefined
  readonly row: InvocationRow | undefined
  readonly labels: ReadonlyMap<string, string>
  readonly onClose: () => void
}): ReactElement => {
  const title = useId()
  if (node === undefined || row === undefined) {
    return (
      <div className="details">
        <header className="details-head">
          <h2>Not here</h2>
          <IconButton icon="cross" label="Close the details" onClick={onClose} />
        </header>
        <EmptyState title="This invocation is not here">
          It may be older than what is kept, or it has not happened yet.
        </EmptyState>
      </div>
    )
  }
  const label = labels.get(row.key)
  return (
    <div className="details" role="region" aria-labelledby={title} key={id}>
      <header className="details-head">
        <h2 id={title}>
          <Text value={row.key} limit={300} mono />
        </h2>
        <IconButton icon="cross" label="Close the details" onClick={onClose} />
      </header>
      <div className="details-body stack">
        <div className="inline">
          <StatusBadge status={row.status} />
          {row.durationMillis === undefined
            ? null
            : <Duration millis={row.durationMillis} />}
          {label === undefined || label === "" ? null : <Text value={label} limit={200} className="muted" />}
        </div>
        {row.cause === undefined ? null : <Cause cause={row.cause} operation={row.key} />}
        <Part title="Input">
          <JsonView label="Input" value={row.input} />
        </Part>
        {row.progress === undefined ? null : (
          <Part title="Last progress">
            <JsonView label="Last progress" value={row.progress} />
          </Part>
        )}
        {row.output === undefined ? null : (
          <Part title="Output">
            <JsonView label="Output" value={row.output} />
          </Part>
        )}
        {node.children.length === 0 && node.parent === undefined ? null : <Waterfall node={node} />}
        <Entry row={row} />
        <Part title="About it">
          <dl className="facts">
            <dt>Operation</dt>
            <dd>
              <a href={hrefOf("operations", row.key)}>
                <Text value={row.key} limit={200} mono />
              </a>
            </dd>
            <dt>Started</dt>
            <dd className="tabular">{formatDateTime(row.startedAt)}</dd>
            <dt>Origin</dt>
            <dd>
              {originWords[row.origin]}
              {row.remote === true ? " (it runs elsewhere; this is the caller's view)" : ""}
            </dd>
            <dt>Actor</dt>
            <dd>{row.actor === undefined ? "the application itself" : <Text value={row.actor} limit={200} />}</dd>
            <Reference name="Id" id={row.id} self />
            <Reference name="Parent" id={row.parentId} />
            <Reference name="Root" id={row.rootId === row.id ? undefined : row.rootId} />
            <Reference name="Caused by" id={row.causedBy} />
            {row.groupId === undefined ? null : (
              <>
                <dt>Group</dt>
                <dd>
                  <Text value={row.groupId} mono limit={200} />
                </dd>
              </>
            )}
          </dl>
          {node.parent === undefined && node.children.length === 0 ? null : (
            <p>
              <a href={hrefOf("timeline", row.id, { root: row.rootId })}>Show only this tree</a>
            </p>
          )}
        </Part>
      </div>
    </div>
  )
}

const Part = ({ children, title }: { readonly title: string; readonly children: ReactNode }): ReactElement => (
  <section className="stack-s">
    <h3>{title}</h3>
    {children}
  </section>
)

const Reference = ({ id, name, self = false }: {
  readonly name: string
  readonly id: string | undefined
  readonly self?: boolean
}): ReactElement | null => {
  if (id === undefined) return null
  const known = !self && feed.model.get(id)
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {known
          ? (
            <a href={hrefOf("timeline", id)} title={plain(id)}>
              <Text value={known.row.key} mono limit={100} />
            </a>
          )
          : <Text value={id} mono limit={200} />}
      </dd>
    </>
  )
}

const reasonWords: { readonly [T in ReasonMessage["_tag"]]: string } = {
  Failure: "It failed with its own error",
  Refusal: "The bus refused it",
  Defect: "Something unexpected happened in it",
  Interrupt: "It was interrupted"
}

const Cause = ({ cause, operation }: { readonly cause: CauseMessage; readonly operation: string }): ReactElement => (
  <section className="stack-s">
    <h3>Cause</h3>
    <ul className="stack-s">
      {cause.slice(0, 20).map((reason, i) => (
        <li key={i} className="details-cause">
          <strong>{reasonWords[reason._tag]}</strong>
          {reason._tag === "Refusal"
            ? (
              <p>
                <Text value={describeRefusal(operation, reason.error)} limit={2_000} />
              </p>
            )
            : reason._tag === "Defect"
            ? (
              <p>
                <Text value={reason.message} limit={2_000} />
              </p>
            )
            : null}
          {reason._tag === "Failure" || reason._tag === "Refusal"
            ? <JsonView label="Error" value={reason.error} open={reason._tag === "Failure" ? 3 : 0} />
            : null}
        </li>
      ))}
    </ul>
  </section>
)

/** The entry of the history that this invocation made. */
const Entry = ({ row }: { readonly row: InvocationRow }): ReactElement | null => {
  const { value } = useLatest(History, undefined)
  const entry = value?.entries.find((entry) => entry.id === row.rootId || entry.id === row.id)
  if (entry === undefined) return null
  return (
    <section className="stack-s">
      <h3>Undo</h3>
      <p className="inline">
        <a href={hrefOf("history", entry.id)}>
          <Text value={entry.message} limit={200} />
        </a>
        <Badge tone={entry.status === "live" ? "ok" : "neutral"} icon={entry.status === "live" ? "undo" : "redo"}>
          {entry.status === "live" ? "can be undone" : "undone"}
        </Badge>
      </p>
    </section>
  )
}
