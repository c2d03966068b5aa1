import { type ReactElement, type ReactNode, useId, useState } from "react"
import type { Remote as RemoteMessage } from "../../DevtoolsMessages.ts"
import { DeliverNow, Remote, RemoveCall, RetryDeadLetter } from "../../DevtoolsOperations.ts"
import { useLatest, useTools } from "../connection.ts"
import { Button } from "../ui/Button.tsx"
import { EmptyState, Loading } from "../ui/EmptyState.tsx"
import { ErrorText } from "../ui/ErrorText.tsx"
import { formatCount } from "../ui/format.ts"
import { Icon } from "../ui/icons.tsx"
import { plain } from "../ui/text.ts"
import { DeadLetters } from "./DeadLetters.tsx"
import { Deployments } from "./Deployments.tsx"
import { WaitingCalls } from "./WaitingCalls.tsx"
import "./remote.css"

/** What runs elsewhere, and what waits for it. */
export const RemotePanel = (): ReactElement => {
  const { error, value } = useLatest(Remote, undefined)
  if (value === undefined) {
    return error === undefined
      ? <Loading>Reading the outbox…</Loading>
      : (
        <EmptyState title="The outbox cannot be read">
          <ErrorText message={error} />
        </EmptyState>
      )
  }
  return <RemoteView remote={value} />
}

const RemoteView = ({ remote }: { readonly remote: RemoteMessage }): ReactElement => {
  const calls = useCalls()
  return (
    <div className="panel panel-page remote">
      <p className="remote-said" role="status">
        {calls.said === undefined ? null : (
          <>
            <Icon name="check" /> {calls.said}
          </>
        )}
      </p>
      {calls.error === undefined ? null : <ErrorText message={calls.error} />}
      {remote.problems.map((problem) => <ErrorText key={problem} live={false} message={problem} />)}
      <Section
        title="Waiting calls"
        count={remote.hasOutbox ? remote.pendingTotal : undefined}
        action={remote.pending.length === 0 ? null : (
          <Button
            size="s"
            icon="retry"
            aria-disabled={calls.pending}
            title="Waiting calls are tried again by themselves, less and less often; this tries all of them now"
            onClick={() => !calls.pending && calls.deliver()}
          >
            Deliver now
          </Button>
        )}
      >
        {!remote.hasOutbox
          ? (
            <NotThere
              title="No outbox"
              code={"// or Outbox.layer(), in memory\nLayer.provideMerge(SqlOutbox.layer())"}
            >
              Calls that must not be lost are queued with{" "}
              <code>{`invokeRemote(operation, input, { offline: "queue" })`}</code>; they wait here until the other side
              can be reached. The application's layer does not provide an outbox.
            </NotThere>
          )
          : remote.pending.length === 0
          ? <EmptyState title="Nothing waits">Every queued call has been delivered.</EmptyState>
          : (
            <WaitingCalls
              calls={remote.pending}
              disabled={calls.pending}
              onRemove={({ id, key }) => calls.remove(id, `The call of ${plain(key)} was removed`)}
            />
          )}
        <LeftOut shown={remote.pending.length} total={remote.pendingTotal} which="oldest" />
      </Section>
      {!remote.hasOutbox ? null : (
        <Section title="Dead letters" count={remote.deadTotal}>
          {remote.dead.length === 0
            ? <EmptyState title="No dead letters">Calls that were given up stand here, with the reason.</EmptyState>
            : (
              <DeadLetters
                letters={remote.dead}
                disabled={calls.pending}
                onRetry={({ id, key }) => calls.retry(id, `The call of ${plain(key)} is queued again`)}
                onRemove={({ id, key }) => calls.remove(id, `The dead letter of ${plain(key)} was removed`)}
              />
            )}
          <LeftOut shown={remote.dead.length} total={remote.deadTotal} which="newest" />
        </Section>
      )}
      <Section title="Deployments" count={remote.hasDeployments ? remote.deployments.length : undefined}>
        {!remote.hasDeployments
          ? (
            <NotThere title="No registry of deployments" code="Layer.provideMerge(SqlDeploymentRegistry.layer)">
              Where operations are deployed to, and in which versions, is kept in a DeploymentRegistry;{" "}
              <code>opbus deploy</code> writes it. The application's layer does not provide one.
            </NotThere>
          )
          : remote.deployments.length === 0
          ? (
            <EmptyState title="Nothing is deployed">
              <code>opbus deploy</code> puts operations on an edge worker and records them here.
            </EmptyState>
          )
          : <Deployments deployments={remote.deployments} />}
      </Section>
    </div>
  )
}

/** What can be done with queued calls, and what came of it. */
const useCalls = () => {
  const retry = useTools(RetryDeadLetter)
  const remove = useTools(RemoveCall)
  const deliver = useTools(DeliverNow)
  const all = [retry, remove, deliver]
  const [said, setSaid] = useState<string>()
  const run = <Call extends { readonly reset: () => void }>(
    tool: Call,
    invoke: (tool: Call) => Promise<{ readonly _tag: "Success" | "Failure" }>,
    done: string
  ) => {
    setSaid(undefined)
    for (const other of all) other.reset()
    void invoke(tool).then(({ _tag }) => _tag === "Success" && setSaid(done))
  }
  return {
    said,
    error: all.find(({ error }) => error !== undefined)?.error,
    pending: all.some(({ pending }) => pending),
    retry: (id: string, done: string) => run(retry, (tool) => tool.invoke({ id }), done),
    remove: (id: string, done: string) => run(remove, (tool) => tool.invoke({ id }), done),
    deliver: () => run(deliver, (tool) => tool.invoke(undefined), "All waiting calls were tried")
  }
}

const Section = ({ action, children, count, title }: {
  readonly title: string
  readonly action?: ReactNode
  readonly count: number | undefined
  readonly children: ReactNode
}): ReactElement => {
  const id = useId()
  return (
    <section aria-labelledby={id} className="remote-section">
      <div className="remote-title">
        <h2 id={id}>
          {title}
          {count === undefined ? null : <span className="muted tabular remote-total">{formatCount(count)}</span>}
        </h2>
        <span className="spacer" />
        {action}
      </div>
      {children}
    </section>
  )
}

/** What the application does not have, and the line that gives it. */
const NotThere = ({ children, code, title }: {
  readonly title: string
  readonly code: string
  readonly children: ReactNode
}): ReactElement => (
  <EmptyState title={title} action={<pre className="how-to"><code>{code}</code></pre>}>{children}</EmptyState>
)

const LeftOut = ({ shown, total, which }: {
  readonly shown: number
  readonly total: number
  readonly which: "oldest" | "newest"
}): ReactElement | null =>
  total <= shown ? null : <p className="muted">Only the {which} {formatCount(shown)} are shown.</p>
