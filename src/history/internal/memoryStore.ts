import * as Effect from "effect/Effect"
import type { HistoryStoreBackend, StoredEntry } from "../HistoryStore.ts"

interface Row extends StoredEntry {
  readonly change: number
}

/**
 * A backend that keeps rows in a map. Its owners live as long as their trackers are open.
 *
 * @internal
 */
export const make = (): HistoryStoreBackend => {
  const rows = new Map<string, Row>()
  const steps = new Map<string, Map<number, string>>()
  let change = 0
  return {
    owner: (epoch) => epoch,
    isAlive: (_, open) => open,
    changes: (cursor, owner) =>
      Effect.sync(() => {
        const entries = Array.from(rows.values()).filter((row) =>
          row.change > cursor && row.owner !== owner && (cursor > 0 || row.status !== "removed")
        ).sort((a, b) => a.change - b.change)
        return {
          entries,
          steps: entries.flatMap(({ id }) =>
            Array.from(steps.get(id) ?? [], ([at, content]) => ({ entryId: id, at, content }))
          ),
          cursor: change,
          more: false
        }
      }),
    write: (batch) =>
      Effect.sync(() => {
        change++
        for (const entry of batch.entries) rows.set(entry.id, { ...entry, change })
        for (const id of batch.settled) steps.delete(id)
        for (const { at, content, entryId } of batch.steps) {
          let mine = steps.get(entryId)
          if (mine === undefined) steps.set(entryId, mine = new Map())
          mine.set(at, content)
        }
        for (const { at, id, status } of batch.progress) {
          const row = rows.get(id)
          if (row !== undefined) rows.set(id, { ...row, status, progress: at, owner: batch.owner, change })
        }
        for (const id of batch.removed) {
          const row = rows.get(id)
          steps.delete(id)
          if (row !== undefined) {
            rows.set(id, { ...row, status: "removed", undoneAt: batch.now, owner: batch.owner, content: "", change })
          }
        }
      }),
    claim: ({ cursor, from, id, owner, to }) =>
      Effect.sync(() => {
        const row = rows.get(id)
        if (row === undefined || row.status !== from || (row.owner !== owner && row.change > cursor)) return false
        rows.set(id, { ...row, status: to, owner, progress: undefined, change: ++change })
        return true
      })
  }
}
