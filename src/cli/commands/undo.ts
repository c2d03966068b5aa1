import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HistoryEntry } from "../../history/HistoryEntry.ts"
import { HistoryTracker } from "../../history/HistoryTracker.ts"
import { Argument, Command, Flag } from "../../internal/effect/cli.ts"
import { CurrentActor } from "../../operation/Invocation.ts"
import * as App from "../internal/app.ts"
import { find, historyFailure, type Numbered, numbered, record, trackerOf } from "../internal/entries.ts"
import { CliFailure, exitCodes, usage } from "../internal/failure.ts"
import * as flags from "../internal/flags.ts"
import { present } from "../internal/output.ts"
import { settle } from "../internal/settle.ts"

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
  dryRun: flags.dryRun
}

/**
 * `opbus undo [entry]`
 *
 * @internal
 */
export const undo = Command.make(
  "undo",
  config,
  ({ actor, dryRun, entry, scope, to }) =>
    App.provide(
      Effect.gen(function*() {
        if (Option.isSome(entry) && Option.isSome(to)) {
          return yield* usage("TooManyEntries", "give either an entry to undo alone, or --to an entry, not both")
        }
        const undone = yield* Option.isSome(to)
          ? undoTo(to.value, scope, dryRun)
          : Option.isSome(entry)
          ? undoOne(entry.value, dryRun)
          : undoNewest(scope, dryRun)
        yield* present(
          undone.map((entry) => ({ _tag: dryRun ? "WouldUndo" : "Undone", entry: record(entry) })),
          () => undone.map(({ message }) => `${dryRun ? "would undo" : "undone"}: ${message}`).join("\n")
        )
        if (!dryRun) yield* settle
      }).pipe(flags.as(actor))
    )
).pipe(
  Command.withDescription("Take the newest action back, or those down to an entry")
)

type Undone = Effect.Effect<ReadonlyArray<HistoryEntry>, CliFailure, HistoryTracker>

const undoNewest = (scope: Option.Option<string>, dryRun: boolean): Undone =>
  Effect.flatMap(
    trackerOf(scope),
    (tracker) =>
      Effect.mapBoth(dryRun ? tracker.peek : tracker.undo, { onFailure: historyFailure, onSuccess: (entry) => [entry] })
  )

const undoTo = (reference: string, scope: Option.Option<string>, dryRun: boolean): Undone =>
  Effect.gen(function*() {
    const entry = yield* find(reference, "live")
    if (dryRun) return (yield* fromTop(scope)).filter(({ number }) => number >= entry.number)
    return yield* Effect.mapError((yield* trackerOf(scope)).undoTo(entry.id), historyFailure)
  })

/** An entry can be undone alone when it is the next one in one of its scopes: what stands above it elsewhere is others'. */
const undoOne = (reference: string, dryRun: boolean): Undone =>
  Effect.gen(function*() {
    const entry = yield* find(reference, "live")
    const tracker = yield* HistoryTracker
    for (const scope of [tracker, ...entry.scopes.map((scope) => tracker.scope(scope))]) {
      const next = yield* Effect.option(scope.peek)
      if (Option.isSome(next) && next.value.id === entry.id) {
        return [yield* Effect.mapError(dryRun ? scope.peek : scope.undo, historyFailure)]
      }
    }
    const above = (yield* fromTop(Option.none())).find(({ number, scopes }) =>
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

/** What the actor can undo, the newest first. */
const fromTop = (scope: Option.Option<string>): Effect.Effect<ReadonlyArray<Numbered>, never, HistoryTracker> =>
  Effect.gen(function*() {
    const actor = yield* CurrentActor
    return (yield* numbered).filter((entry) =>
      entry.status === "live" && entry.actor === actor && (Option.isNone(scope) || entry.scopes.includes(scope.value))
    ).toReversed()
  })
