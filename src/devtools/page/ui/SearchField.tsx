import { type ReactElement, type Ref } from "react"
import { IconButton } from "./Button.tsx"
import { Icon } from "./icons.tsx"

/** A field to search in what is shown. Escape empties it. */
export const SearchField = ({ hint, label, onChange, onDone, placeholder, ref, value }: {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  /** The words are complete: Enter was pressed, or the field was left. */
  readonly onDone?: () => void
  readonly placeholder?: string
  /** The key that leads here. */
  readonly hint?: string
  readonly ref?: Ref<HTMLInputElement>
}): ReactElement => (
  <div className="search-field" role="search">
    <Icon name="search" />
    <input
      ref={ref}
      className="input"
      type="search"
      aria-label={label}
      placeholder={placeholder ?? label}
      value={value}
      autoComplete="off"
      spellCheck={false}
      maxLength={1_000}
      onChange={(event) => onChange(event.target.value)}
      onBlur={onDone}
      onKeyDown={(event) => {
        if (event.key === "Enter") onDone?.()
        if (event.key !== "Escape" || value === "") return
        event.preventDefault()
        event.stopPropagation()
        onChange("")
      }}
    />
    {value !== ""
      ? <IconButton icon="cross" size="s" label="Empty the search" onClick={() => onChange("")} />
      : hint === undefined
      ? null
      : <kbd aria-hidden="true">{hint}</kbd>}
  </div>
)
