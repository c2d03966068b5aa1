import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HistoryEntry } from "../../history/HistoryEntry.ts"
import { HistoryError } from "../../history/HistoryError.ts"
import { Command, Flag } from "../../internal/effect/cli.ts"
import { find, historyFailure, record, within } from "../internal/entries.ts"
import * as flags from "../internal/flags.ts"
import { withHistory } from "../internal/histories.ts"
import { present } from "../internal/output.ts"
import * as Remote from "../internal/remote.ts"

const config = {
  to: Flag.String("to").pipe(
    Flag.withMetavar("<entry>"),
    Flag.withDescription("Redo up to this entry and including it"),
    Flag.optional
  ),
  scope: flags.scope,
  actor: flags.actor,
  dryRun: flags.dryRun,
  ...Remote.flags
}

/**
 * `opbus redo`
 *
 * @internal
 */
export const redo = Command.make(
  "redo",
  config,
  ({ actor, dryRun, header, remote, scope, to }) =>
    withHistory({ actor, header, remote })((history) =>
      Effect.gen(function*() {
        const tracker = within(history, scope)
        const target = Option.isSome(to) ? yield* find(history, to.value, "undone") : undefined
        if (dryRun) {
          // Learns what other processes have done.
          yield* Effect.mapError(tracker.entries, historyFailure)
          const { redoMessage } = yield* Effect.mapError(tracker.state, historyFailure)
          if (redoMessage === undefined) {
            return yield* historyFailure(new HistoryError({ reason: { _tag: "NothingToRedo" } }))
          }
          return yield* present(
            [{ _tag: "WouldRedo", message: redoMessage }],
            () =>
              `would redo: ${redoMessage}${
                target === undefined || target.message === redoMessage ? "" : `, … ${target.message}`
              }`
          )
        }
        const redone: Array<HistoryEntry> = []
        const step = Effect.tap(tracker.redo, (entry) => Effect.sync(() => redone.push(entry)))
        const all = target === undefined ? step : Effect.repeat(step, { until: (entry) => entry.id === target.id })
        const exit = yield* Effect.exit(all)
        // What was redone before the first failure stays, so it is told.
        yield* present(
          redone.map((entry) => ({ _tag: "Redone", entry: record(entry) })),
          () => redone.map(({ message }) => `redone: ${message}`).join("\n")
        )
        if (redone.length > 0) yield* history.settled
        yield* Effect.mapError(exit, historyFailure)
      })
    )
).pipe(Command.withDescription("Do again what was undone last"))
