import * as Effect from "effect/Effect"
import type { HistoryEntry } from "../HistoryEntry.ts"
import type { HistoryTracker } from "../HistoryTracker.ts"
import type { Entry } from "./entry.ts"
import { trackerInternalsOf } from "./trackerInternals.ts"

/**
 * The newest of the history of all actors.
 *
 * @internal
 */
export interface Recent {
  /** In the order of their starts. */
  readonly entries: ReadonlyArray<HistoryEntry>
  /** How many there are. */
  readonly total: number
  readonly actors: ReadonlyArray<{
    readonly actor: string | undefined
    readonly undoCount: number
    readonly redoCount: number
  }>
}

/**
 * So many of the newest entries; of a long history the others are not looked at. Beside the tracker, so that who does not
 * ask does not carry it.
 *
 * @internal
 */
export const recent = (tracker: (typeof HistoryTracker)["Service"], count: number): Effect.Effect<Recent> => {
  const { books, modelsOf } = trackerInternalsOf(tracker)
  return Effect.map(books, (books) => {
    const found: Array<Entry> = []
    const actors: Array<Recent["actors"][number]> = []
    let total = 0
    for (const [actor, { live, undone }] of books) {
      if (live.length + undone.length === 0) continue
      total += live.length + undone.length
      actors.push({ actor, undoCount: live.length, redoCount: undone.length })
      let left = count
      live.descend((entry) => {
        found.push(entry)
        return --left > 0 ? undefined : entry
      })
      // They stand in the order of their undos.
      undone.descend((entry) => void found.push(entry))
    }
    const entries = found.sort((a, b) => a.position - b.position).slice(-count)
    return { entries: modelsOf(entries), total, actors }
  })
}
