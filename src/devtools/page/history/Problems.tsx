import { type ReactElement } from "react"
import type { History } from "../../DevtoolsMessages.ts"
import { Badge } from "../ui/Badge.tsx"
import { plural } from "../ui/format.ts"
import { Text } from "../ui/Text.tsx"

const words = new Map([
  ["Lost", "cannot be undone"],
  ["TooLarge", "too large"],
  ["Unreadable", "cannot be read"],
  ["Uncertain", "uncertain"],
  ["Rollback", "not rolled back"],
  ["Hook", "hook failed"]
])

/** What went wrong beside the invocations that it belongs to. */
export const Problems = ({ problems }: { readonly problems: History["problems"] }): ReactElement | null =>
  problems.length === 0 ? null : (
    <details className="history-problems">
      <summary>{plural(problems.length, "problem")} with the history</summary>
      <ul>
        {problems.toReversed().map(({ key, kind, message }, index) => (
          <li key={problems.length - index}>
            <Badge tone="warn">{words.get(kind) ?? kind}</Badge> <Text value={key} mono /> <Text value={message} />
          </li>
        ))}
      </ul>
    </details>
  )
