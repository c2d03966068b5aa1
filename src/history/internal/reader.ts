import * as Effect from "effect/Effect"
import type { StoredStep } from "../../protocol/HistoryEntryMessage.ts"
import type { HistoryChanges, StoredEntry } from "../HistoryStore.ts"
import { eachName, Entry, Live, type Pair, Partial, Removed, type Step, Uncertain, Undone } from "./entry.ts"
import type { StoreJournal } from "./journal.ts"
import type { Replayer } from "./replay.ts"
import { canRollBack, rollBack } from "./rollBack.ts"
import { decodeContent, type Decoded, decodeStepText } from "./stored.ts"

/**
 * Learns what a store has: at the start everything, later what other processes have changed.
 *
 * What a process that has died left in the middle is put in order here (H10): an open group is an entry; an open
 * transaction is an entry that is rolled back as soon as its handlers are there; an entry that was being undone or redone
 * is split where that had come to, and the step that may or may not have run makes its part `uncertain`.
 *
 * @internal
 */
export class Reader {
  cursor = 0
  private loaded = false
  private readonly journal: StoreJournal
  private readonly replayer: Replayer
  private readonly pairs = new Map<string, Pair>()
  private readonly transactions = new Set<Entry>()

  constructor(journal: StoreJournal, replayer: Replayer) {
    this.journal = journal
    this.replayer = replayer
  }

  /** Never fails: what cannot be read now is read the next time. */
  readonly refresh: Effect.Effect<void> = Effect.suspend(() => {
    const { journal } = this
    const rows: Array<StoredEntry> = []
    const steps: Array<HistoryChanges["steps"][number]> = []
    const page = (cursor: number): Effect.Effect<number, unknown> =>
      Effect.flatMap(journal.backend.changes(cursor, this.loaded ? journal.owner : ""), (changes) => {
        for (const row of changes.entries) rows.push(row)
        for (const step of changes.steps) steps.push(step)
        return changes.more ? page(changes.cursor) : Effect.succeed(changes.cursor)
      })
    return Effect.matchCauseEffect(page(this.cursor), {
      onFailure: (cause) => journal.unreadable(cause),
      onSuccess: (cursor) => {
        if (cursor > this.cursor) this.cursor = cursor
        const first = !this.loaded
        this.loaded = true
        return rows.length === 0 ? Effect.void : this.absorbAll(rows, steps, first)
      }
    })
  })

  private absorbAll(
    rows: Array<StoredEntry>,
    steps: ReadonlyArray<HistoryChanges["steps"][number]>,
    first: boolean
  ): Effect.Effect<void> {
    const { core } = this.journal
    const stepsOf = new Map<string, Array<HistoryChanges["steps"][number]>>()
    for (const step of steps) {
      const mine = stepsOf.get(step.entryId)
      if (mine === undefined) stepsOf.set(step.entryId, [step])
      else mine.push(step)
    }
    // In the order of their stacks, so that nothing has to be moved.
    rows.sort((a, b) => (a.undoneAt ?? a.position) - (b.undoneAt ?? b.position))
    return Effect.andThen(
      Effect.forEach(rows, (row) => {
        core.timeline.passed(row.position)
        if (row.undoneAt !== undefined && row.status !== "removed") core.timeline.passed(row.undoneAt)
        return row.status === "removed" ? this.forget(row.id) : this.absorb(row, stepsOf.get(row.id) ?? [], first)
      }, { discard: true }),
      Effect.sync(() => core.changed())
    )
  }

  private forget(id: string): Effect.Effect<void> {
    const { core, known } = this.journal
    const entry = known.get(id)
    if (entry !== undefined) {
      known.delete(id)
      core.timeline.remove(entry)
    }
    return Effect.void
  }

  private absorb(
    row: StoredEntry,
    extra: Array<HistoryChanges["steps"][number]>,
    first: boolean
  ): Effect.Effect<void> {
    const alive = row.owner === this.journal.owner ? !first : this.journal.isAlive(row.owner)
    if ((row.status === "open" || row.status === "transaction") && alive) return Effect.void
    const decode = Effect.flatMap(decodeContent(row.content, this.pairOf), (decoded) => {
      if (extra.length === 0) return Effect.succeed(decoded)
      this.journal.unsettled.add(row.id)
      const gathering = row.status === "open" || row.status === "transaction"
      extra.sort((a, b) => a.at - b.at)
      return Effect.as(
        Effect.forEach(extra, ({ at, content }) =>
          Effect.map(decodeStepText(content, this.pairOf), (step) => {
            // Of a group: in the order of ticks, up to where a rollback had come. Otherwise: what replaces a step.
            if (!gathering) decoded.steps[at] = step
            else if (row.progress === undefined || at <= row.progress) decoded.steps.push(step)
          }), { discard: true }),
        decoded
      )
    })
    return Effect.matchEffect(decode, {
      onFailure: (error) =>
        Effect.sync(() => {
          this.journal.core.report("Unreadable", row.id, `The stored history entry ${row.id} is passed over`, error)
        }),
      onSuccess: (decoded) => {
        if (decoded.steps.length === 0) return Effect.void
        if (row.status === "live" || row.status === "undone" || alive) {
          this.place(row, decoded, row.status === "undone" || row.status === "redoing" ? Undone : Live)
          return Effect.void
        }
        return this.takeOver(row, decoded)
      }
    })
  }

  private place(row: StoredEntry, { rest, steps }: Decoded, state: number, more = 0): Entry {
    const { core, known } = this.journal
    const { timeline } = core
    const flags = state | (row.partial ? Partial : 0) | (row.uncertain ? Uncertain : 0) | more
    const undoneAt = state === Undone ? row.undoneAt ?? timeline.tick(0) : undefined
    const entryRest = undoneAt === undefined ? rest : { ...rest, undoneAt }
    let entry = known.get(row.id)
    if (entry !== undefined) {
      const current = entry
      timeline.change(current, steps, () => {
        current.position = row.position
        current.flags = flags
        current.rest = entryRest
      })
    } else {
      entry = new Entry(row.id, timeline.book(row.actor), row.position, flags, steps, entryRest)
      known.set(row.id, entry)
      timeline.add(entry)
      timeline.limit(entry)
    }
    if (state === Undone && this.isOvertaken(entry, undoneAt!)) timeline.removeUndone(entry)
    return entry
  }

  /** H8: something new was done here since another process undid this. */
  private isOvertaken(entry: Entry, undoneAt: number): boolean {
    let overtaken = false
    eachName(entry.scopes, "", (scope) => {
      overtaken ||= (entry.book.scopes.get(scope)?.recordedAt ?? 0) > undoneAt
    })
    return overtaken
  }

  /** The process that was at it has died. One of those that live takes over. */
  private takeOver(row: StoredEntry, decoded: Decoded): Effect.Effect<void> {
    const { backend, owner } = this.journal
    return Effect.matchCauseEffect(
      backend.claim({ id: row.id, owner, from: row.status, to: row.status, cursor: this.cursor }),
      {
        onFailure: (cause) => this.journal.unreadable(cause),
        onSuccess: (mine) => {
          if (mine) this.recover(row, decoded)
          return Effect.void
        }
      }
    )
  }

  private recover(row: StoredEntry, { rest, steps }: Decoded): void {
    const { journal } = this
    const { core } = journal
    switch (row.status) {
      case "open": {
        journal.changed(this.place(row, { rest, steps }, Live))
        return
      }
      case "transaction": {
        const entry = this.place(row, { rest, steps }, Live, Partial | (row.progress === undefined ? 0 : Uncertain))
        this.transactions.add(entry)
        journal.changed(entry)
        return
      }
      default: {
        const at = row.progress ?? (row.status === "redoing" ? 0 : steps.length - 1)
        const [liveSteps, undoneSteps] = row.status === "undoing"
          ? [steps.slice(0, at + 1), steps.slice(at + 1)]
          : [steps.slice(0, at), steps.slice(at)]
        const part = { ...row, id: `${row.id}-s`, uncertain: false }
        const [liveRow, undoneRow] = row.status === "undoing"
          ? [{ ...row, uncertain: true }, part]
          : [part, { ...row, uncertain: true }]
        if (liveSteps.length > 0) {
          journal.changed(this.place(liveRow, { rest: named(rest, liveSteps), steps: liveSteps }, Live))
        }
        if (undoneSteps.length > 0) {
          journal.changed(this.place(undoneRow, { rest: named(rest, undoneSteps), steps: undoneSteps }, Undone))
        }
        core.report(
          "Uncertain",
          steps[0]!.pair.key,
          `The process ended in the middle of ${row.status} "${
            rest?.label ?? steps[0]!.message ?? steps[0]!.pair.key
          }"; it runs again only if that is idempotent`
        )
      }
    }
  }

  /** Rolls back what transactions of dead processes have left, once their handlers are there. */
  readonly rollBack: Effect.Effect<void> = Effect.withFiber(({ context }) =>
    this.transactions.size === 0 ? Effect.void : Effect.forEach(Array.from(this.transactions), (entry) => {
      if (entry.state !== Live) {
        this.transactions.delete(entry)
        return Effect.void
      }
      if (!canRollBack(this.journal.core, this.replayer, entry, context)) return Effect.void
      this.transactions.delete(entry)
      return rollBack(this.journal.core, this.replayer, entry)
    }, { discard: true })
  )

  /** Whether transactions still wait for their handlers. */
  get unsettled(): boolean {
    for (const entry of this.transactions) if (entry.state === Removed) this.transactions.delete(entry)
    return this.transactions.size > 0 || !this.loaded
  }

  private readonly pairOf = ({ inverse, key, remote, sync = false, withOutput = false }: StoredStep): Pair => {
    const id = `${key}\n${inverse}\n${sync}\n${withOutput}\n${remote}`
    let pair = this.pairs.get(id)
    if (pair === undefined) this.pairs.set(id, pair = { key, inverse, sync, remote, sensitive: false, withOutput })
    return pair
  }
}

/** What the parts of an entry are called after it was split. */
const named = (rest: Decoded["rest"], steps: ReadonlyArray<Step>): Decoded["rest"] => ({
  ...rest,
  key: rest?.key ?? steps[0]!.pair.key,
  label: rest?.label ?? steps[0]!.message ?? steps[0]!.pair.key
})
