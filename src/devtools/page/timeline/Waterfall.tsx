import { type ReactElement } from "react"
import { hrefOf } from "../route.ts"
import { formatDuration, plural } from "../ui/format.ts"
import { Text } from "../ui/Text.tsx"
import { type Node } from "./TimelineModel.ts"

const limit = 40

/** The tree that an invocation belongs to: when each part of it ran. */
export const Waterfall = ({ node }: { readonly node: Node }): ReactElement => {
  let root = node
  while (root.parent !== undefined) root = root.parent
  const { left, parts } = partsOf(root)
  const start = root.row.startedAt
  const end = Math.max(start + 1, ...parts.map(({ node }) => node.row.startedAt + (node.row.durationMillis ?? 0)))
  const share = (millis: number) => `${Math.min(100, Math.max(0, millis / (end - start) * 100))}%`
  return (
    <section className="stack-s">
      <h3>The whole tree</h3>
      <ol className="waterfall">
        {parts.map(({ depth, node: part }) => (
          <li key={part.id}>
            <a
              href={hrefOf("timeline", part.id)}
              className="waterfall-line"
              {...(part === node ? { "aria-current": "true" as const } : {})}
            >
              <span className="waterfall-name" style={{ paddingLeft: Math.min(depth, 8) * 10 }}>
                <Text value={part.row.key} limit={100} truncate />
              </span>
              <span className="waterfall-track">
                <span
                  className="waterfall-bar"
                  data-bad={part.row.status === "failed" || part.row.status === "refused"}
                  style={{ left: share(part.row.startedAt - start), width: share(part.row.durationMillis ?? 0) }}
                />
              </span>
              <span className="waterfall-took tabular">
                {part.row.durationMillis === undefined ? "…" : formatDuration(part.row.durationMillis)}
              </span>
            </a>
          </li>
        ))}
      </ol>
      {left > 0 ? <p className="muted">and {plural(left, "more invocation")}</p> : null}
    </section>
  )
}

const partsOf = (root: Node) => {
  const parts: Array<{ readonly node: Node; readonly depth: number }> = []
  let left = 0
  const walk = (node: Node, depth: number): void => {
    if (parts.length >= limit || depth > 50) {
      left += 1
      return
    }
    parts.push({ node, depth })
    for (const child of node.children) walk(child, depth + 1)
  }
  walk(root, 0)
  return { parts, left }
}
