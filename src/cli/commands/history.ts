import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Command, Flag } from "../../internal/effect/cli.ts"
import { type Numbered, numbered, record, stateOf, timeOf } from "../internal/entries.ts"
import * as flags from "../internal/flags.ts"
import { withHistory } from "../internal/histories.ts"
import { present } from "../internal/output.ts"
import * as Remote from "../internal/remote.ts"
import { table } from "../internal/text.ts"

const config = {
  actor: flags.actor.pipe(Flag.withDescription("Only entries of this actor")),
  scope: flags.scope,
  limit: Flag.Int("limit").pipe(
    Flag.withAlias("n"),
    Flag.withMetavar("<count>"),
    Flag.withDescription("How many entries, the newest first; 0 shows all"),
    Flag.withDefault(20)
  ),
  ...Remote.flags
}

/** How many steps of an entry are shown one by one. */
const shownSteps = 5

/**
 * `opbus history`
 *
 * @internal
 */
export const history = Command.make(
  "history",
  config,
  ({ actor, header, limit, remote, scope }) =>
    withHistory({ actor, header, remote })((history) =>
      Effect.gen(function*() {
        const entries = (yield* numbered(history))
          .filter((entry) => Option.isNone(actor) || Option.isSome(remote) || entry.actor === actor.value)
          .filter((entry) => Option.isNone(scope) || entry.scopes.includes(scope.value))
          .reverse()
        const shown = limit > 0 ? entries.slice(0, limit) : entries
        yield* present(shown.map(record), () => render(shown, entries.length))
      })
    )
).pipe(Command.withDescription("Show what was done, the newest first, with the numbers that undo and redo take"))

const render = (shown: ReadonlyArray<Numbered>, count: number): string => {
  if (shown.length === 0) return "No entries."
  const rows = shown.flatMap((entry) => [
    [String(entry.number), timeOf(entry.startedAt), entry.actor ?? "-", stateOf(entry), entry.message],
    ...stepsOf(entry)
  ])
  const rest = count > shown.length ? `\n${count - shown.length} more: --limit 0 shows all.` : ""
  return table(["#", "WHEN", "ACTOR", "STATE", "WHAT"], rows) + rest
}

/** What an entry is made of, where it is more than one operation. */
const stepsOf = ({ steps }: Numbered): ReadonlyArray<ReadonlyArray<string>> => {
  if (steps.length < 2) return []
  const rows = steps.slice(0, shownSteps).map(({ key }) => ["", "", "", "", `- ${key}`])
  return steps.length <= shownSteps ? rows : [...rows, ["", "", "", "", `- and ${steps.length - shownSteps} more`]]
}
