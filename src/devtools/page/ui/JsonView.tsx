import { type ReactElement, useState } from "react"
import { CopyButton } from "./CopyButton.tsx"
import { formatCount } from "./format.ts"
import { plain } from "./text.ts"
import { Text } from "./Text.tsx"

/** How many members of one object or array are shown at first, and more at a time. */
const page = 100

/** How much of a long string is shown at first. */
const textLimit = 400

/** How much of a string is ever shown. */
const textMost = 100_000

/** How deep a value is shown; what is deeper is named. */
const depthLimit = 60

/** JSON data as a tree that opens and closes. It is shown as text, and only as much of it as is asked for. */
export const JsonView = ({ copy = true, label, open = 2, value }: {
  readonly value: unknown
  /** Its accessible name. */
  readonly label: string
  /** So many levels are open at first. */
  readonly open?: number
  readonly copy?: boolean
}): ReactElement => (
  <div className="json" role="group" aria-label={label}>
    {copy ? <CopyButton className="json-copy" text={() => JSON.stringify(value, null, 2) ?? "undefined"} /> : null}
    <div>
      <Value value={value} depth={0} open={open} />
    </div>
  </div>
)

const Value = ({ depth, name, open, value }: {
  readonly value: unknown
  readonly depth: number
  readonly open: number
  readonly name?: string | number
}): ReactElement => {
  if (typeof value === "object" && value !== null) return <Members {...{ depth, name, open }} value={value} />
  return (
    <>
      <Name name={name} />
      {typeof value === "string" ?
        <Long text={value} /> :
        <span className={typeof value === "number" ? "json-number" : "json-literal"}>{String(value)}</span>}
    </>
  )
}

const Name = ({ name }: { readonly name: string | number | undefined }): ReactElement | null =>
  name === undefined ? null : (
    <>
      <span className={typeof name === "number" ? "json-count" : "json-key"}>
        {typeof name === "number" ? name : <Text value={name} limit={200} />}
      </span>
      {": "}
    </>
  )

const Long = ({ text }: { readonly text: string }): ReactElement => {
  const [whole, setWhole] = useState(false)
  const limit = whole ? textMost : textLimit
  return (
    <>
      <span className="json-string">
        "<Text value={text} limit={limit} />"
      </span>
      {text.length > limit
        ? (
          <>
            {" "}
            {whole ?
              <span className="json-count">{formatCount(text.length)} characters</span> :
              (
                <button type="button" className="json-more" onClick={() => setWhole(true)}>
                  show all {formatCount(text.length)} characters
                </button>
              )}
          </>
        )
        : null}
    </>
  )
}

const Members = ({ depth, name, open, value }: {
  readonly value: object
  readonly depth: number
  readonly open: number
  readonly name?: string | number | undefined
}): ReactElement => {
  const isArray = Array.isArray(value)
  const size = isArray ? value.length : Object.keys(value).length
  // A wide value would push everything else away.
  const [expanded, setExpanded] = useState(depth < open && (depth === 0 || size <= page))
  const [shown, setShown] = useState(page)
  const brackets = isArray ? "[]" : "{}"
  if (size === 0 || depth >= depthLimit) {
    return (
      <>
        <Name name={name} />
        <span className="json-count">{size === 0 ? brackets : `${brackets[0]}…${brackets[1]} (too deep)`}</span>
      </>
    )
  }
  const names: ReadonlyArray<string | number> = isArray
    ? Array.from({ length: Math.min(size, shown) }, (_, i) => i)
    : Object.keys(value).slice(0, shown)
  return (
    <>
      <button
        type="button"
        className="json-toggle"
        aria-expanded={expanded}
        onClick={() => setExpanded(!expanded)}
      >
        <Name name={name} />
        <span className="json-count">
          {isArray ? `[${formatCount(size)}]` : expanded ? `{${formatCount(size)}}` : `{${preview(value)}}`}
        </span>
      </button>
      {expanded
        ? (
          <ul>
            {names.map((member) => (
              <li key={member}>
                <Value
                  value={(value as Record<PropertyKey, unknown>)[member]}
                  name={member}
                  depth={depth + 1}
                  open={open}
                />
              </li>
            ))}
            {size > shown
              ? (
                <li>
                  <button type="button" className="json-more" onClick={() => setShown(shown + page)}>
                    show {formatCount(Math.min(page, size - shown))} more of {formatCount(size)}
                  </button>
                </li>
              )
              : null}
          </ul>
        )
        : null}
    </>
  )
}

const preview = (value: object): string => {
  const names = Object.keys(value)
  const first = names.slice(0, 4).map((name) => plain(name, 30)).join(", ")
  return names.length > 4 ? `${first}, …` : first
}
