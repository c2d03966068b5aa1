import { createContext, type ReactElement, type ReactNode, useContext, useId, useMemo } from "react"
import { Button, IconButton } from "../ui/Button.tsx"
import { Icon } from "../ui/icons.tsx"
import { plain } from "../ui/text.ts"
import { Text } from "../ui/Text.tsx"
import { type Draft, type Entry, initialOf, type Item, itemOf, itemShape, newItem, type Problem } from "./draft.ts"
import type {
  ChoiceShape,
  ListShape,
  NullableShape,
  NumberShape,
  ObjectShape,
  Shape,
  TextShape,
  VariantsShape
} from "./shape.ts"

type Path = ReadonlyArray<string | number>

interface FormState {
  /** What to say at a place; each place is said once. */
  readonly problemsAt: (path: Path) => ReadonlyArray<string>
  /** The user has been there. */
  readonly touch: (path: Path) => void
}

const Context = createContext<FormState>({ problemsAt: () => [], touch: () => {} })

export const pathKey = (path: ReadonlyArray<PropertyKey>): string => JSON.stringify(path.map(String))

/** The controls for a schema. What is wrong is said at its place, once the user has been there or has tried to go on. */
export const Form = ({ draft, onChange, onTouch, problems, server, shape, shown }: {
  readonly shape: Shape
  readonly draft: Draft
  readonly onChange: (draft: Draft) => void
  readonly problems: ReadonlyArray<Problem>
  /** The places that were left, or `"all"`. */
  readonly shown: ReadonlySet<string> | "all"
  readonly onTouch: (path: string) => void
  /** What the server said, and where. */
  readonly server: { readonly path: string; readonly message: string } | undefined
}): ReactElement => {
  const state = useMemo((): FormState => ({
    problemsAt: (path) => {
      const key = pathKey(path)
      const said = shown === "all" || shown.has(key)
        ? problems.filter((problem) => pathKey(problem.path) === key).map(({ message }) => message)
        : []
      return server?.path === key ? [...said, `The server says: ${server.message}`] : said
    },
    touch: (path) => onTouch(pathKey(path))
  }), [problems, shown, server, onTouch])
  if (shape.kind === "constant") {
    return (
      <p className="muted">
        {shape.value === null ? "It takes no input." : <>Its input is always {plain(JSON.stringify(shape.value))}.</>}
      </p>
    )
  }
  return (
    <Context value={state}>
      <Part shape={shape} draft={draft} onChange={onChange} path={[]} label={undefined} />
    </Context>
  )
}

interface PartProps<S extends Shape = Shape> {
  readonly shape: S
  readonly draft: Draft
  readonly onChange: (draft: Draft) => void
  readonly path: Path
  /** What it is called; `undefined`: the input itself. */
  readonly label: string | undefined
  /** Beside the label: for example how to take it out. */
  readonly tools?: ReactNode
  readonly optional?: boolean
}

const nameOf = ({ label, shape }: PartProps): string => plain(shape.title ?? label ?? "Input", 80)

/** A control with its label, what it is about, and what is wrong with it. */
const Part = (props: PartProps): ReactElement => {
  const { draft, shape } = props
  switch (shape.kind) {
    case "object":
      return <ObjectPart {...props} shape={shape} />
    case "list":
      return <ListPart {...props} shape={shape} />
    case "variants":
      return <VariantsPart {...props} shape={shape} />
    case "nullable":
      return <NullablePart {...props} shape={shape} />
    case "constant":
      return (
        <div className="field">
          <Heading {...props} htmlFor={undefined} />
          <code className="field-constant">{plain(JSON.stringify(shape.value), 200)}</code>
        </div>
      )
    case "boolean":
      return <BooleanPart {...props} on={draft.kind === "boolean" && draft.on} />
    default:
      return <SimplePart {...props} shape={shape} />
  }
}

const Heading = (props: PartProps & { readonly htmlFor: string | undefined }): ReactElement => {
  const { htmlFor, label, optional = false, shape, tools } = props
  const name = nameOf(props)
  return (
    <div className="field-head">
      {htmlFor === undefined ?
        <span className="field-label">{name}</span> :
        <label className="field-label" htmlFor={htmlFor}>{name}</label>}
      {shape.title !== undefined && label !== undefined && shape.title !== label
        ? <span className="field-key mono">{plain(label, 60)}</span>
        : null}
      <span className="field-type">{typeWord(shape)}{optional ? ", optional" : ""}</span>
      {tools}
    </div>
  )
}

const typeWord = (shape: Shape): string => {
  switch (shape.kind) {
    case "text":
      return shape.format === undefined ? "text" : plain(shape.format, 30)
    case "number":
      return shape.integer ? "whole number" : "number"
    case "json":
      return "JSON"
    case "boolean":
      return "yes or no"
    case "choice":
      return "one of"
    case "list":
      return shape.item === undefined ? "fixed list" : "list"
    case "object":
      return shape.fields.length === 0 ? "names and values" : "object"
    case "variants":
      return "one of several"
    case "nullable":
      return typeWord(shape.inner)
    case "constant":
      return "always the same"
  }
}

const Help = ({ id, shape }: { readonly id: string; readonly shape: Shape }): ReactElement | null => {
  const said = [shape.description, hintOf(shape)].filter((text) => text !== undefined && text !== "")
  return said.length === 0 ? null : (
    <p className="field-help" id={id}>
      <Text value={said.join(" ")} limit={600} />
    </p>
  )
}

const hintOf = (shape: Shape): string | undefined => {
  if (shape.kind === "json" && shape.because !== undefined) return `Asked for as JSON, because ${shape.because}.`
  if (shape.kind === "nullable") return hintOf(shape.inner)
  if (shape.kind === "text") {
    const { maxLength, minLength } = shape
    if (minLength !== undefined && minLength > 1 && maxLength !== undefined) {
      return `${minLength} to ${maxLength} characters.`
    }
    if (maxLength !== undefined) return `At most ${maxLength} characters.`
  }
  if (shape.kind === "number") {
    const { maximum, minimum } = shape
    const safe = (limit: number | undefined) => limit !== undefined && Math.abs(limit) < Number.MAX_SAFE_INTEGER
    if (safe(minimum) && safe(maximum)) return `From ${minimum} to ${maximum}.`
    if (safe(minimum)) return `At least ${minimum}.`
    if (safe(maximum)) return `At most ${maximum}.`
  }
  return undefined
}

const Problems = (
  { id, messages }: { readonly id: string; readonly messages: ReadonlyArray<string> }
): ReactElement => (
  <div id={id} className="field-problems" aria-live="polite">
    {messages.map((message) => (
      <p key={message}>
        <Icon name="alert" size={12} />
        <Text value={message} limit={500} />
      </p>
    ))}
  </div>
)

// ---------------------------------------------------------------------------
// single values
// ---------------------------------------------------------------------------

const SimplePart = (
  props: PartProps<TextShape | NumberShape | ChoiceShape | Extract<Shape, { kind: "json" }>>
): ReactElement => {
  const { draft, onChange, path, shape } = props
  const id = useId()
  const { problemsAt, touch } = useContext(Context)
  const messages = problemsAt(path)
  const common = {
    id,
    "aria-invalid": messages.length > 0,
    "aria-describedby": `${id}-help ${id}-problems`,
    onBlur: () => touch(path)
  }
  const text = draft.kind === "text" ? draft.text : ""
  const set = (text: string) => onChange({ kind: "text", text })
  const example = shape.example === undefined
    ? undefined
    : plain(typeof shape.example === "string" ? shape.example : JSON.stringify(shape.example), 80)
  return (
    <div className="field">
      <Heading {...props} htmlFor={id} />
      {shape.kind === "choice"
        ? (
          <select
            {...common}
            className="select"
            value={draft.kind === "choice" ? draft.index : 0}
            onChange={(event) => onChange({ kind: "choice", index: Number(event.target.value) })}
          >
            {shape.options.map((option, index) => <option key={index} value={index}>{plain(option.label, 100)}
            </option>)}
          </select>
        )
        : shape.kind === "json"
        ? (
          <textarea
            {...common}
            className="textarea mono"
            rows={3}
            spellCheck={false}
            value={text}
            onChange={(event) => set(event.target.value)}
          />
        )
        : shape.kind === "text" && isLong(shape)
        ? (
          <textarea
            {...common}
            className="textarea field-long"
            rows={1}
            value={text}
            placeholder={example}
            onChange={(event) => set(event.target.value)}
          />
        )
        : (
          <input
            {...common}
            className="input"
            type={shape.kind === "text" && shape.sensitive ? "password" : "text"}
            inputMode={shape.kind === "number"
              ? (shape.integer && (shape.minimum ?? -1) >= 0 ? "numeric" : "decimal")
              : "text"}
            autoComplete="off"
            spellCheck={false}
            value={text}
            placeholder={example}
            onChange={(event) => set(event.target.value)}
          />
        )}
      <Help id={`${id}-help`} shape={shape} />
      <Problems id={`${id}-problems`} messages={messages} />
    </div>
  )
}

const isLong = (shape: TextShape): boolean =>
  !shape.sensitive && shape.format === undefined && shape.pattern === undefined && (shape.maxLength ?? Infinity) > 120

const BooleanPart = (props: PartProps & { readonly on: boolean }): ReactElement => {
  const { on, onChange, path, shape, tools } = props
  const id = useId()
  const messages = useContext(Context).problemsAt(path)
  return (
    <div className="field">
      <div className="field-head">
        <label className="field-check">
          <input
            type="checkbox"
            className="input"
            checked={on}
            aria-describedby={`${id}-help ${id}-problems`}
            onChange={(event) => onChange({ kind: "boolean", on: event.target.checked })}
          />
          <span className="field-label">{nameOf(props)}</span>
        </label>
        <span className="field-type">{on ? "yes" : "no"}</span>
        {tools}
      </div>
      <Help id={`${id}-help`} shape={shape} />
      <Problems id={`${id}-problems`} messages={messages} />
    </div>
  )
}

const NullablePart = (props: PartProps<NullableShape>): ReactElement => {
  const { draft, onChange, shape, tools } = props
  const isNull = draft.kind !== "nullable" || draft.isNull
  const inner = draft.kind === "nullable" ? draft.inner : { kind: "none" as const }
  const toggle = (
    <>
      <label className="field-check field-null">
        <input
          type="checkbox"
          className="input"
          checked={isNull}
          aria-label={`${nameOf(props)}: no value`}
          onChange={(event) =>
            onChange({
              kind: "nullable",
              isNull: event.target.checked,
              inner: inner.kind === "none" || (!event.target.checked && !("text" in inner))
                ? initialOf(shape.inner)
                : inner
            })}
        />
        no value (null)
      </label>
      {tools}
    </>
  )
  const titled = shape.title === undefined && shape.inner.title === undefined
    ? shape.inner
    : { ...shape.inner, title: shape.title ?? shape.inner.title }
  if (isNull) {
    return (
      <div className="field">
        <Heading {...props} tools={toggle} htmlFor={undefined} />
      </div>
    )
  }
  return (
    <Part
      {...props}
      shape={{ ...titled, description: shape.description ?? shape.inner.description }}
      draft={inner}
      tools={toggle}
      onChange={(inner) => onChange({ kind: "nullable", isNull: false, inner })}
    />
  )
}

const VariantsPart = (props: PartProps<VariantsShape>): ReactElement => {
  const { draft, onChange, path, shape, tools } = props
  const id = useId()
  const { problemsAt } = useContext(Context)
  const index = draft.kind === "variants" ? draft.index : 0
  const inner = draft.kind === "variants" ? draft.inner : { kind: "none" as const }
  const chosen = shape.variants[index]!.shape()
  return (
    <fieldset className="field-group">
      <legend className="field-head">
        <span className="field-label">{nameOf(props)}</span>
        <span className="field-type">one of {shape.variants.length}{props.optional === true ? ", optional" : ""}</span>
        {tools}
      </legend>
      <Help id={`${id}-help`} shape={shape} />
      <select
        className="select field-variant"
        aria-label={`Variant of ${nameOf(props)}`}
        value={index}
        onChange={(event) => {
          const next = Number(event.target.value)
          onChange({ kind: "variants", index: next, inner: initialOf(shape.variants[next]!.shape()) })
        }}
      >
        {shape.variants.map((variant, i) => <option key={i} value={i}>{plain(variant.label, 80)}</option>)}
      </select>
      {chosen.kind === "constant" ? null : chosen.kind === "object"
        ? (
          <Fields
            shape={chosen}
            draft={inner}
            path={path}
            onChange={(inner) => onChange({ kind: "variants", index, inner })}
          />
        )
        : (
          <Part
            shape={chosen}
            draft={inner}
            path={path}
            label={shape.variants[index]!.label}
            onChange={(inner) => onChange({ kind: "variants", index, inner })}
          />
        )}
      {chosen.kind === "constant" || chosen.kind === "object"
        ? <Problems id={`${id}-problems`} messages={problemsAt(path)} />
        : null}
    </fieldset>
  )
}

// ---------------------------------------------------------------------------
// objects and lists
// ---------------------------------------------------------------------------

const ObjectPart = (props: PartProps<ObjectShape>): ReactElement => {
  const { draft, label, onChange, optional = false, path, shape, tools } = props
  const id = useId()
  const messages = useContext(Context).problemsAt(path)
  if (label === undefined) {
    return (
      <div className="fields">
        <Help id={`${id}-help`} shape={shape} />
        <Fields shape={shape} draft={draft} path={path} onChange={onChange} />
        <Problems id={`${id}-problems`} messages={messages} />
      </div>
    )
  }
  return (
    <fieldset className="field-group">
      <legend className="field-head">
        <span className="field-label">{nameOf(props)}</span>
        <span className="field-type">{typeWord(shape)}{optional ? ", optional" : ""}</span>
        {tools}
      </legend>
      <Help id={`${id}-help`} shape={shape} />
      <Fields shape={shape} draft={draft} path={path} onChange={onChange} />
      <Problems id={`${id}-problems`} messages={messages} />
    </fieldset>
  )
}

const Fields = ({ draft, onChange, path, shape }: {
  readonly shape: ObjectShape
  readonly draft: Draft
  readonly path: Path
  readonly onChange: (draft: Draft) => void
}): ReactElement => {
  const fields = draft.kind === "object" ? draft.fields : []
  const rest = draft.kind === "object" ? draft.rest : []
  const set = (index: number, field: Draft | undefined) =>
    onChange({ kind: "object", fields: shape.fields.map((_, i) => i === index ? field : fields[i]), rest })
  const absent = shape.fields.map((field, index) => ({ ...field, index })).filter(({ index }) =>
    fields[index] === undefined
  )
  return (
    <div className="fields">
      {shape.fields.map(({ name, required, shape: part }, index) => {
        const field = fields[index]
        if (field === undefined) return null
        const inner = part()
        // What tells variants apart is chosen with the variant.
        if (required && inner.kind === "constant") return null
        return (
          <Part
            key={name}
            shape={inner}
            draft={field}
            path={[...path, name]}
            label={name}
            optional={!required}
            onChange={(next) => set(index, next)}
            {...(required ? {} : {
              tools: (
                <IconButton
                  icon="cross"
                  size="s"
                  label={`Leave out ${plain(name, 60)}`}
                  onClick={() => set(index, undefined)}
                />
              )
            })}
          />
        )
      })}
      {absent.length === 0 ? null : (
        <div className="inline field-absent">
          {absent.map(({ index, name, required, shape: part }) => (
            <Button
              key={name}
              size="s"
              icon="plus"
              onClick={() => set(index, initialOf(part()))}
              title={required ? "It is required" : "It is optional"}
            >
              {plain(part().title ?? name, 60)}
            </Button>
          ))}
        </div>
      )}
      {shape.rest === undefined ? null : (
        <Entries
          shape={shape.rest()}
          entries={rest}
          path={path}
          more={shape.fields.length > 0}
          onChange={(rest) => onChange({ kind: "object", fields, rest })}
        />
      )}
    </div>
  )
}

const Entries = ({ entries, more, onChange, path, shape }: {
  readonly shape: Shape
  readonly entries: ReadonlyArray<Entry>
  readonly path: Path
  readonly more: boolean
  readonly onChange: (entries: ReadonlyArray<Entry>) => void
}): ReactElement => {
  const id = useId()
  return (
    <div className="fields">
      {entries.map((entry, index) => (
        <div key={entry.id} className="field-entry">
          <input
            className="input"
            aria-label={`Name ${index + 1}`}
            placeholder="name"
            value={entry.name}
            autoComplete="off"
            spellCheck={false}
            onChange={(event) => onChange(entries.map((it) => it === entry ? { ...it, name: event.target.value } : it))}
          />
          <Part
            shape={shape}
            draft={entry.draft}
            path={[...path, entry.name]}
            label={entry.name === "" ? `value ${index + 1}` : entry.name}
            onChange={(draft) => onChange(entries.map((it) => it === entry ? { ...it, draft } : it))}
          />
          <IconButton
            icon="trash"
            size="s"
            label={`Remove ${entry.name === "" ? `entry ${index + 1}` : plain(entry.name, 60)}`}
            onClick={() => onChange(entries.filter((it) => it !== entry))}
          />
        </div>
      ))}
      <div>
        <Button
          size="s"
          icon="plus"
          id={id}
          onClick={() => onChange([...entries, { ...itemOf(initialOf(shape)), name: "" }])}
        >
          {more ? "Add another property" : "Add an entry"}
        </Button>
      </div>
    </div>
  )
}

const ListPart = (props: PartProps<ListShape>): ReactElement => {
  const { draft, onChange, optional = false, path, shape, tools } = props
  const id = useId()
  const { problemsAt, touch } = useContext(Context)
  const items = draft.kind === "list" ? draft.items : []
  const set = (items: ReadonlyArray<Item>) => {
    touch(path)
    onChange({ kind: "list", items })
  }
  const name = nameOf(props)
  const full = (shape.max !== undefined && items.length >= shape.max) ||
    (shape.item === undefined && items.length >= shape.first.length)
  return (
    <fieldset className="field-group">
      <legend className="field-head">
        <span className="field-label">{name}</span>
        <span className="field-type">
          {typeWord(shape)}, {items.length} {items.length === 1 ? "item" : "items"}
          {optional ? ", optional" : ""}
        </span>
        {tools}
      </legend>
      <Help id={`${id}-help`} shape={shape} />
      {items.map((item, index) => (
        <div key={item.id} className="field-item">
          <Part
            shape={itemShape(shape, index)}
            draft={item.draft}
            path={[...path, index]}
            label={`${index + 1}`}
            onChange={(draft) =>
              onChange({ kind: "list", items: items.map((it) => it === item ? { ...it, draft } : it) })}
          />
          <div className="field-item-tools">
            {shape.first.length > 0 ? null : (
              <IconButton
                icon="up"
                size="s"
                label={`Move item ${index + 1} of ${name} up`}
                disabled={index === 0}
                onClick={() => set(items.map((it, i) => i === index - 1 ? item : i === index ? items[index - 1]! : it))}
              />
            )}
            {shape.first.length > 0 && index < shape.min ? null : (
              <IconButton
                icon="trash"
                size="s"
                label={`Remove item ${index + 1} of ${name}`}
                onClick={() => set(items.filter((it) => it !== item))}
              />
            )}
          </div>
        </div>
      ))}
      {full ? null : (
        <div>
          <Button size="s" icon="plus" onClick={() => set([...items, newItem(shape, items.length)])}>
            Add an item<span className="visually-hidden">to {name}</span>
          </Button>
        </div>
      )}
      <Problems id={`${id}-problems`} messages={problemsAt(path)} />
    </fieldset>
  )
}
