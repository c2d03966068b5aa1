import { type ReactElement, useDeferredValue, useEffect, useMemo, useRef, useState } from "react"
import { Catalogue } from "../../DevtoolsOperations.ts"
import { useLatest } from "../connection.ts"
import { hrefOf, useRoute } from "../route.ts"
import { EmptyState, Loading } from "../ui/EmptyState.tsx"
import { ErrorText } from "../ui/ErrorText.tsx"
import { plural } from "../ui/format.ts"
import { Icon } from "../ui/icons.tsx"
import { SearchField } from "../ui/SearchField.tsx"
import { Text } from "../ui/Text.tsx"
import { OperationView } from "./OperationView.tsx"
import { searchOperations } from "./search.ts"

/** The operations of the application: what they are, and a form to invoke each. */
export const OperationsPanel = (): ReactElement => {
  const { error, value } = useLatest(Catalogue, undefined)
  const { rest } = useRoute()
  const [text, setText] = useState("")
  const searched = useDeferredValue(text)
  const search = useRef<HTMLInputElement>(null)
  const operations = value?.operations
  const groups = useMemo(() => searchOperations(operations ?? [], searched), [operations, searched])
  const entry = rest === undefined ? undefined : operations?.find(({ json }) => json.key === rest)

  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { target } = event
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return
      if (target instanceof HTMLElement && /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) return
      event.preventDefault()
      search.current?.focus()
    }
    addEventListener("keydown", onKey)
    return () => removeEventListener("keydown", onKey)
  }, [])

  if (operations === undefined) {
    return error === undefined ? <Loading>Waiting for the application…</Loading> : (
      <div className="panel-page">
        <ErrorText message={error} />
      </div>
    )
  }
  const found = groups.reduce((sum, group) => sum + group.operations.length, 0)
  return (
    <div className="ops" data-open={rest !== undefined}>
      <nav className="ops-list" aria-label="Operations">
        <div className="ops-search">
          <SearchField ref={search} label="Search operations" hint="/" value={text} onChange={setText} />
          <p className="muted ops-count" aria-live="polite">
            {text === ""
              ? plural(operations.length, "operation")
              : `${found} of ${plural(operations.length, "operation")}`}
          </p>
        </div>
        <div className="ops-groups">
          {operations.length === 0
            ? <EmptyState title="No operations yet">The application has registered none.</EmptyState>
            : found === 0
            ? <EmptyState title="Nothing found">No operation has all of these words.</EmptyState>
            : null}
          {groups.map(({ group, operations }) => (
            <section key={group}>
              <h2 className="ops-group">
                <Text value={group === "" ? "without a group" : group} limit={80} truncate />
              </h2>
              <ul>
                {operations.map(({ exposed, handled, json }) => (
                  <li key={json.key}>
                    <a
                      href={hrefOf("operations", json.key)}
                      className="ops-item"
                      data-exposed={exposed}
                      {...(json.key === rest ? { "aria-current": "page" as const } : {})}
                    >
                      <Text value={json.key} limit={120} truncate mono className="ops-item-key" />
                      {exposed ? null : (
                        <span className="ops-item-mark" title="Not exposed to the devtools">
                          <Icon name="ban" size={12} />
                          <span className="visually-hidden">not exposed</span>
                        </span>
                      )}
                      {handled ? null : <span className="ops-item-mark">no handler</span>}
                      {json.label === undefined
                        ? null
                        : <Text value={json.label} limit={100} truncate className="ops-item-label" />}
                    </a>
                  </li>
                ))}
              </ul>
            </section>
          ))}
        </div>
      </nav>
      <div className="ops-view">
        {rest === undefined
          ? (
            <EmptyState title="Choose an operation">
              See what it takes and gives, and invoke it with a form that is made from its schema.
            </EmptyState>
          )
          : entry === undefined
          ? (
            <EmptyState
              title="There is no such operation"
              action={<a className="button" href={hrefOf("operations")}>All operations</a>}
            >
              Nothing is registered as <Text value={rest} limit={200} mono />.
            </EmptyState>
          )
          : <OperationView key={entry.json.key} entry={entry} />}
      </div>
    </div>
  )
}
