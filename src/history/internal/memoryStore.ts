import * as Effect from "effect/Effect"
import type { HistoryBatch, HistoryStoreBackend, StoredEntry } from "../HistoryStore.ts"

interface Row extends StoredEntry {
  readonly change: number
}

/**
 * What a store in memory knows of the trackers that are open on it.
 *
 * Invariant: whoever reads the store or claims something in it first gathers what its writers have. So they need not write
 * before that: to make a row costs more than to record the entry, and most rows are never read.
 *
 * @internal
 */
export interface Shared {
  /** Each gives what it has not written yet. */
  readonly writers: Set<() => HistoryBatch | undefined>
  readonly gather: () => void
  /** There is one writer, who has read up to this cursor, and nothing was written since. */
  readonly isQuiet: (cursor: number) => boolean
}

const SharedKey = "~opbus/history/HistoryStore/shared"

/** `undefined` for a backend of another kind, also for one that is made of this one. @internal */
export const sharedOf = (backend: HistoryStoreBackend): Shared | undefined =>
  (backend as { readonly [SharedKey]?: Shared })[SharedKey]

/**
 * A backend that keeps rows in a map. Its owners live as long as their trackers are open.
 *
 * @internal
 */
export const make = (): HistoryStoreBackend => {
  const rows = new Map<string, Row>()
  const steps = new Map<string, Map<number, string>>()
  let change = 0
  const write = (batch: HistoryBatch): void => {
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
  }
  const shared: Shared = {
    writers: new Set(),
    gather: () => {
      for (const writer of shared.writers) {
        const batch = writer()
        if (batch !== undefined) write(batch)
      }
    },
    isQuiet: (cursor) => shared.writers.size === 1 && cursor === change
  }
  const backend: HistoryStoreBackend = {
    owner: (epoch) => epoch,
    isAlive: (_, open) => open,
    changes: (cursor, owner) =>
      Effect.sync(() => {
        shared.gather()
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
    write: (batch) => Effect.sync(() => write(batch)),
    claim: ({ cursor, from, id, owner, to }) =>
      Effect.sync(() => {
        shared.gather()
        const row = rows.get(id)
        if (row === undefined || row.status !== from || (row.owner !== owner && row.change > cursor)) return false
        rows.set(id, { ...row, status: to, owner, progress: undefined, change: ++change })
        return true
      })
  }
  // Not enumerable: a backend that passes some of it on to this one writes as it wants.
  return Object.defineProperty(backend, SharedKey, { value: shared })
}
