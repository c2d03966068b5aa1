import { type ReactElement, type Ref } from "react"
import type { InvocationRow, InvocationStatus } from "../../../reactivity/InvocationTable.ts"
import { Button } from "../ui/Button.tsx"
import { formatCount } from "../ui/format.ts"
import { Icon } from "../ui/icons.tsx"
import { SearchField } from "../ui/SearchField.tsx"
import { plain } from "../ui/text.ts"
import { feed } from "./feed.ts"
import { type Filter, type Kind, kinds, origins, statuses } from "./filter.ts"
import { originWords } from "./words.ts"

/** What is shown of the timeline, and whether it goes on. */
export const Toolbar = ({ filter, labels, onFilter, onText, onTextDone, paused, searchRef, text, waiting }: {
  readonly filter: Filter
  readonly text: string
  readonly onText: (text: string) => void
  readonly onTextDone: () => void
  readonly onFilter: (change: Partial<Filter>) => void
  readonly searchRef: Ref<HTMLInputElement>
  readonly paused: boolean
  readonly waiting: number
  readonly labels: ReadonlyMap<string, string>
}): ReactElement => {
  const counted = feed.model.operations
  const keys = Array.from(new Set([...counted.keys(), ...(filter.operation === undefined ? [] : [filter.operation])]))
    .sort()
  return (
    <div className="toolbar tl-toolbar" role="group" aria-label="What is shown">
      <SearchField
        ref={searchRef}
        label="Search invocations"
        placeholder="Search names, inputs, outputs"
        hint="/"
        value={text}
        onChange={onText}
        onDone={onTextDone}
      />
      <Choice
        label="Kind"
        value={filter.kind}
        options={kinds.map((kind) => [kind, kind])}
        onChange={(kind) => onFilter({ kind: kind as Kind | undefined })}
      />
      <Choice
        label="Status"
        value={filter.status}
        options={statuses.map((status) => [status, status])}
        onChange={(status) => onFilter({ status: status as InvocationStatus | undefined })}
      />
      <Choice
        label="Origin"
        value={filter.origin}
        options={origins.map((origin) => [origin, originWords[origin]])}
        onChange={(origin) => onFilter({ origin: origin as InvocationRow["origin"] | undefined })}
      />
      <Choice
        label="Operation"
        value={filter.operation}
        options={keys.map((key) => {
          const label = labels.get(key)
          const name = plain(label === undefined || label === "" ? key : `${key} – ${label}`, 60)
          return [key, `${name} (${formatCount(counted.get(key) ?? 0)})`]
        })}
        onChange={(operation) => onFilter({ operation })}
      />
      {filter.root === undefined ?
        null :
        (
          <Button
            className="button tl-root"
            onClick={() => onFilter({ root: undefined })}
            title="Show all invocations again"
          >
            One tree only
            <Icon name="cross" />
          </Button>
        )}
      <span className="spacer" />
      <Button
        className="button tl-action"
        icon={paused ? "play" : "pause"}
        data-paused={paused}
        onClick={() => feed.setPaused(!paused)}
        title={paused ? "Show what happened since, and go on" : "Hold what is shown; nothing is lost"}
      >
        <span>{paused ? waiting === 0 ? "Resume" : `Resume · ${formatCount(waiting)} new` : "Pause"}</span>
      </Button>
      <Button
        className="button tl-action"
        icon="trash"
        onClick={() => feed.clear()}
        title="Forget what has happened so far"
      >
        <span>Clear</span>
      </Button>
    </div>
  )
}

const Choice = ({ label, onChange, options, value }: {
  readonly label: string
  readonly value: string | undefined
  readonly options: ReadonlyArray<readonly [value: string, text: string]>
  readonly onChange: (value: string | undefined) => void
}): ReactElement => (
  <select
    className="select tl-choice"
    aria-label={label}
    data-set={value !== undefined}
    value={value ?? ""}
    onChange={(event) => onChange(event.target.value === "" ? undefined : event.target.value)}
  >
    <option value="">{label}: all</option>
    {options.map(([option, text]) => <option key={option} value={option}>{text}</option>)}
  </select>
)
