import { Icon } from "../Icon.tsx"
import { useLayoutMode } from "../layout/LayoutSwitch.tsx"
import { isNarrow, useNotebook } from "../useNotebook.ts"

export const SearchField = () => {
  const { open, query, search } = useNotebook()
  const mode = useLayoutMode()
  const find = (words: string) => {
    search(words)
    // Where there is room for one thing only, that is now the list.
    if (mode === "solo" || isNarrow()) open(undefined)
  }
  return (
    <div className="search" role="search">
      <Icon name="search" />
      <input
        type="search"
        aria-label="Search notes"
        placeholder="Search notes"
        value={query}
        maxLength={2000}
        onChange={(event) => find(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && search("")}
      />
    </div>
  )
}
