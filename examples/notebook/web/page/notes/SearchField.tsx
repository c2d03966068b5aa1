import { Icon } from "../Icon.tsx"
import { useNotebook } from "../useNotebook.ts"

export const SearchField = () => {
  const { query, search } = useNotebook()
  return (
    <div className="search" role="search">
      <Icon name="search" />
      <input
        type="search"
        aria-label="Search notes"
        placeholder="Search notes"
        value={query}
        maxLength={2000}
        onChange={(event) => search(event.target.value)}
        onKeyDown={(event) => event.key === "Escape" && search("")}
      />
    </div>
  )
}
