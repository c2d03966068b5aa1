import * as Effect from "effect/Effect"
import type { HistoryEntry } from "../HistoryEntry.ts"
import { HistoryError, type HistoryErrorReason } from "../HistoryError.ts"
import { Entry, Removed, Volatile } from "./entry.ts"
import type { StoreJournal } from "./journal.ts"
import type { Direction } from "./timeline.ts"
import type { Restore } from "./turn.ts"

/** How often an entry is asked for that another process undoes or redoes, about 20 ms apart. */
const patience = 500

/**
 * How the replayer chooses an entry, and runs it. It asks for another one when that cannot be read.
 *
 * @internal
 */
export interface Choice {
  readonly direction: Direction
  readonly select: () => Entry | HistoryErrorReason
  readonly run: (
    entry: Entry,
    another: Effect.Effect<HistoryEntry, HistoryError>
  ) => Effect.Effect<HistoryEntry, HistoryError>
}

/** Takes the next entry that no other process takes: the intent is written before it runs. @internal */
export const intend = (
  journal: StoreJournal,
  { direction, run, select }: Choice,
  restore: Restore
): Effect.Effect<HistoryEntry, HistoryError> => {
  let refused = 0
  const next: Effect.Effect<HistoryEntry, HistoryError> = Effect.suspend(() => {
    const found = select()
    if (!(found instanceof Entry)) return failWith(found)
    if ((found.flags & Volatile) !== 0) return run(found, next)
    return Effect.flatMap(journal.claim(found, direction), (claimed) => {
      if (!claimed) {
        // Another process is at it. It ends, or dies, and then it is taken over.
        if (++refused > patience) return failWith({ _tag: "UndoInProgress" })
        return Effect.andThen(restore(journal.refresh), next)
      }
      const settle = Effect.suspend(() => {
        // What could not be claimed has nothing to release.
        if (found.state !== Removed && journal.isClaimed(found)) journal.changed(found)
        return journal.durable() ?? Effect.void
      })
      // Something may have happened while the intent was written.
      return Effect.ensuring(select() === found ? run(found, next) : next, settle)
    })
  })
  return Effect.andThen(restore(Effect.andThen(journal.refresh, journal.recover)), next)
}

const failWith = (reason: HistoryErrorReason): Effect.Effect<never, HistoryError> =>
  Effect.fail(new HistoryError({ reason }))
