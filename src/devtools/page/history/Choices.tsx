import { type ReactElement, type ReactNode, useId } from "react"
import { formatCount } from "../ui/format.ts"
import { Text } from "../ui/Text.tsx"
import { type Actor, type ActorGroup, actorName, type ScopeGroup, scopeName } from "./groups.ts"

/** Whose history is shown, and of which scope. */
export const Choices = ({ actor, cut, groups, hrefFor, scope, scopes }: {
  readonly groups: ReadonlyArray<ActorGroup>
  readonly scopes: ReadonlyArray<ScopeGroup>
  /** There are more entries than are shown. */
  readonly cut: boolean
  readonly actor: Actor | undefined
  readonly scope: string | undefined
  readonly hrefFor: (actor: Actor | undefined, scope: string | undefined) => string
}): ReactElement => {
  const sum = (tallies: ReadonlyArray<{ readonly live: number; readonly undone: number }>) => ({
    live: tallies.reduce((sum, { live }) => sum + live, 0),
    undone: tallies.reduce((sum, { undone }) => sum + undone, 0)
  })
  const own = actor === undefined ? sum(groups) : groups.find((group) => group.actor === actor) ?? sum([])
  return (
    <nav className="history-choices" aria-label="Whose history, and where">
      <Group title="Actor">
        <Choice href={hrefFor(undefined, scope)} current={actor === undefined} {...sum(groups)}>
          <span>Everybody</span>
        </Choice>
        {groups.map((group) => (
          <Choice
            key={group.actor ?? "\u0000"}
            href={hrefFor(group.actor, undefined)}
            current={actor !== undefined && group.actor === actor}
            live={group.live}
            undone={group.undone}
          >
            {group.actor === null
              ? <span title="What was done without saying who">{actorName(null)}</span>
              : <Text value={group.actor} limit={80} truncate />}
          </Choice>
        ))}
      </Group>
      <Group title="Scope">
        <Choice href={hrefFor(actor, undefined)} current={scope === undefined} live={own.live} undone={own.undone}>
          <span>All scopes</span>
        </Choice>
        {scopes.map((group) => (
          <Choice
            key={group.scope}
            href={hrefFor(actor, group.scope)}
            current={group.scope === scope}
            live={group.live}
            undone={group.undone}
            atLeast={cut}
          >
            <Text value={scopeName(group.scope)} limit={80} truncate />
          </Choice>
        ))}
      </Group>
    </nav>
  )
}

const Group = ({ children, title }: { readonly title: string; readonly children: ReactNode }): ReactElement => {
  const id = useId()
  return (
    <div className="history-group">
      <h2 id={id}>{title}</h2>
      <ul aria-labelledby={id}>{children}</ul>
    </div>
  )
}

const Choice = ({ atLeast = false, children, current, href, live, undone }: {
  /** Not all entries are there to be counted. */
  readonly atLeast?: boolean
  readonly href: string
  readonly current: boolean
  readonly live: number
  readonly undone: number
  readonly children: ReactNode
}): ReactElement => (
  <li>
    <a className="history-choice" href={href} {...(current ? { "aria-current": "true" as const } : {})}>
      {children}
      <span className="history-count tabular">
        {formatCount(live)}
        {atLeast ? "+" : null}
        <span className="visually-hidden">{" "}to undo</span>
        {undone === 0 ? null : (
          <>
            {" "}
            <span className="muted" title="can be redone">+{formatCount(undone)}</span>
            <span className="visually-hidden">{" "}to redo</span>
          </>
        )}
      </span>
    </a>
  </li>
)
