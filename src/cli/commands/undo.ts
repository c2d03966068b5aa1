import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HistoryEntry } from "../../history/HistoryEntry.ts"
import { Argument, Command, Flag } from "../../internal/effect/cli.ts"
import { find, historyFailure, type Numbered, numbered, record, within } from "../internal/entries.ts"
import { CliFailure, exitCodes, usage } from "../internal/failure.ts"
import * as flags from "../internal/flags.ts"
import { type History, type Ways, withHistory } from "../internal/histories.ts"
import { present } from "../internal/output.ts"
import * as Remote from "../internal/remote.ts"

const config = {
  entry: Argument.String("entry").pipe(
    Argument.withDescription("The number or id of an entry: it alone, if nothing stands above it"),
    Argument.optional
  ),
  to: Flag.String("to").pipe(
    Flag.withMetavar("<entry>"),
    Flag.withDescription("Undo down to this entry and including it"),
    Flag.optional
  ),
  scope: flags.scope,
  actor: flags.actor,
  dryRun: flags.dryRun,
  ...Remote.flags
}

/**
 * `opbus undo [entry]`
 *
 * @internal
 */
export const undo = Command.make(
  "undo",
  config,
  ({ actor, dryRun, entry, header, remote, scope, to }) =>
    withHistory({ actor, header, remote })((history) =>
      Effect.gen(function*() {
        if (Option.isSome(entry) && Option.isSome(to)) {
          return yield* usage("TooManyEntries", "give either an entry to undo alone, or --to an entry, not both")
        }
        const undone = yield* Option.isSome(to)
          ? undoTo(history, to.value, scope, dryRun)
          : Option.isSome(entry)
          ? undoOne(history, entry.value, dryRun)
          : undoNewest(within(history, scope), dryRun)
        yield* present(
          undone.map((entry) => ({ _tag: dryRun ? "WouldUndo" : "Undone", entry: record(entry) })),
          () => undone.map(({ message }) => `${dryRun ? "would undo" : "undone"}: ${message}`).join("\n")
        )
        if (!dryRun) yield* history.settled
      })
    )
).pipe(
  Command.withDescription("Take the newest action back, or those down to an entry")
)

type Undone = Effect.Effect<ReadonlyArray<HistoryEntry>, CliFailure>

const undoNewest = (ways: Ways, dryRun: boolean): Undone =>
  Effect.mapBoth(dryRun ? ways.peek : ways.undo, { onFailure: historyFailure, onSuccess: (entry) => [entry] })

const undoTo = (history: History, reference: string, scope: Option.Option<string>, dryRun: boolean): Undone =>
  Effect.gen(function*() {
    const entry = yield* find(history, reference, "live")
    if (dryRun) return (yield* fromTop(history, scope)).filter(({ number }) => number >= entry.number)
    return yield* Effect.mapError(within(history, scope).undoTo(entry.id), historyFailure)
  })

/** An entry can be undone alone when it is the next one in one of its scopes: what stands above it elsewhere is others'. */
const undoOne = (history: History, reference: string, dryRun: boolean): Undone =>
  Effect.gen(function*() {
    const entry = yield* find(history, reference, "live")
    for (const ways of [history, ...entry.scopes.map((scope) => history.scope(scope))]) {
      const next = yield* Effect.option(ways.peek)
      if (Option.isSome(next) && next.value.id === entry.id) return yield* undoNewest(ways, dryRun)
    }
    const above = (yield* fromTop(history, Option.none())).find(({ number, scopes }) =>
      number > entry.number && scopes.some((scope) => entry.scopes.includes(scope))
    )
    return yield* new CliFailure({
      exitCode: exitCodes.history,
      reason: "Blocked",
      message: above === undefined
        ? `entry ${reference} cannot be undone alone; \`opbus undo --dry-run\` says what is next`
        : `entry ${reference} is not the next one: ${above.number} ("${above.message}") stands above it; --to ${reference} undoes both`,
      details: { entry: reference, above: above?.number ?? null }
    })
  })

/** What the caller can undo, the newest first. */
const fromTop = (
  history: History,
  scope: Option.Option<string>
): Effect.Effect<ReadonlyArray<Numbered>, CliFailure> =>
  Effect.gen(function*() {
    const entries = yield* numbered(history)
    const own = yield* Effect.filter(entries, history.isOwn)
    return own.filter((entry) =>
      entry.status === "live" && (Option.isNone(scope) || entry.scopes.includes(scope.value))
    ).toReversed()
  })
