import type * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import type { InvocationFrame } from "../../operation/internal/frame.ts"
import type { HistoryEntry } from "../HistoryEntry.ts"
import type { HistoryError } from "../HistoryError.ts"
import type { HistoryBatch, HistoryJoin, HistoryStoreBackend, StoredEntry } from "../HistoryStore.ts"
import type { Group, Steps } from "./containers.ts"
import type { Core, Journal } from "./core.ts"
import { type Entry, idOf, Partial, Step, Uncertain, Undone, Volatile } from "./entry.ts"
import { type Choice, intend } from "./intent.ts"
import { Joined, notCommitted } from "./join.ts"
import { type Shared, sharedOf } from "./memoryStore.ts"
import { Reader } from "./reader.ts"
import type { Replayer } from "./replay.ts"
import { encodeContent, encodeStep } from "./stored.ts"
import type { Direction } from "./timeline.ts"
import type { Restore } from "./turn.ts"

/** Processes of this process: two trackers in one program, or in a test. */
const localOwners = new Set<string>()

/** How many evicted entries may wait until they are deleted together: the limits hold again after a restart anyway. */
const lazyEvictions = 256

const firstDelay = 50
const longestDelay = 5_000

/** @internal */
export const attachable = <A extends object>(service: A, backend: HistoryStoreBackend): A =>
  Object.defineProperty(service, "~opbus/history/HistoryStore/attach", {
    value: (core: Core, replayer: Replayer) => attach(core, replayer, backend)
  })

const attach = (
  core: Core,
  replayer: Replayer,
  backend: HistoryStoreBackend
): Effect.Effect<Journal, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.suspend(() => {
      const journal = new StoreJournal(core, replayer, backend)
      return Effect.as(Effect.andThen(journal.reader.refresh, Effect.forkScoped(journal.settle)), journal)
    }),
    (journal) =>
      Effect.ensuring(
        journal.close,
        Effect.sync(() => journal.forget())
      )
  )

/** In real time: it is not the clock of the program that others wait by. */
const soon: Effect.Effect<void> = Effect.callback((resume) => {
  const timer: unknown = setTimeout(() => resume(Effect.void), 20) // Nothing that a process should be kept alive for.
  ;(timer as { unref?: () => void }).unref?.()
  return Effect.sync(() => clearTimeout(timer as number))
})

type Waiter = (error: string | undefined) => void

/**
 * Writes behind what changes, in order, and keeps trying.
 *
 *     changed ─► dirty ──take──► one write, all or nothing ──► durable: whoever waited goes on
 *                  ▲                       │
 *                  └────── put back ◄── failed: `error` is set, whoever waited goes on; again after a pause
 *
 * 1. What is written is the state at the moment of the write: several changes of an entry are one, and a batch never shows
 *    the middle of a change.
 * 2. There is one write at a time, so batches are in order, and what waits meanwhile shares the next one.
 * 3. A write that fails is put back before anything newer, and tried again forever; meanwhile nobody waits.
 * 4. What may hold sensitive fields never gets here (I8).
 * 5. In a store in memory it is written when somebody reads there, or when the tracker closes; nobody waits for it.
 *
 * @internal
 */
export class StoreJournal implements Journal {
  readonly core: Core
  readonly owner: string
  readonly backend: HistoryStoreBackend
  readonly reader: Reader
  private readonly replayer: Replayer
  /** Of a store in memory. */
  private readonly shared: Shared | undefined
  error: string | undefined = undefined
  /** Entries that the store has, by id. */
  readonly known = new Map<string, Entry>()
  private dirty = new Set<Entry>()
  private removals = new Set<string>()
  private evictions: Array<string> = []
  private openGroups = new Map<Group, OpenGroup>()
  private progressed = new Map<Entry, Progressed>()
  private claimed = new Set<Entry>()
  /** Ids of which the store has steps beside the content. */
  readonly unsettled = new Set<string>()
  private writing = false
  /** Transactions that are shared with handlers now. */
  private open = 0
  private readonly waiting: Array<Waiter> = []
  private readonly inFlight: Array<Waiter> = []
  private wake: (() => void) | undefined
  private hurry = false
  private closing = false

  constructor(core: Core, replayer: Replayer, backend: HistoryStoreBackend) {
    this.core = core
    this.replayer = replayer
    this.backend = backend
    this.shared = sharedOf(backend)
    this.owner = backend.owner(core.invoker.epoch)
    this.reader = new Reader(this, replayer)
    localOwners.add(this.owner)
    this.shared?.writers.add(this.unwritten)
  }

  /** It is closed: nobody asks it any more. */
  forget(): void {
    localOwners.delete(this.owner)
    this.shared?.writers.delete(this.unwritten)
  }

  isAlive(owner: string): boolean {
    return owner === this.owner || this.backend.isAlive(owner, localOwners.has(owner))
  }

  get pending(): number {
    return this.shared === undefined ? this.dirty.size + this.removals.size : 0
  }

  // -------------------------------------------------------------------------
  // what changes
  // -------------------------------------------------------------------------

  changed(entry: Entry): void {
    if ((entry.flags & Volatile) !== 0) return
    this.claimed.delete(entry)
    this.progressed.delete(entry)
    this.dirty.add(entry)
    this.start(entry.sync)
  }

  removed(entry: Entry, evicted: boolean): void {
    this.dirty.delete(entry)
    this.claimed.delete(entry)
    this.progressed.delete(entry)
    if (this.known.size === 0) return
    const id = this.idOf(entry)
    if (!this.known.delete(id)) return
    if (evicted && this.evictions.push(id) < lazyEvictions) return
    if (!evicted) this.removals.add(id)
    this.start(true)
  }

  stepped(group: Group, steps: Steps): void {
    const added = steps instanceof Step ? [steps] : steps
    let open = this.openGroups.get(group)
    if (open === undefined) {
      this.openGroups.set(group, open = { steps: [], written: 0, at: undefined, begun: false, volatile: false })
    }
    // I8: a group with something sensitive in it stays in memory as a whole.
    if (added.some((step) => step.pair.sensitive)) {
      if (open.begun) this.removals.add(group.id)
      open.volatile = true
    }
    for (const step of added) open.steps.push(step)
    if (!open.volatile) this.start(added.every((step) => step.pair.sync))
  }

  closed(group: Group): void {
    const open = this.openGroups.get(group)
    if (open === undefined) return
    this.openGroups.delete(group)
    // Its entry has the same id and takes the place of what was written; without one, that goes.
    if (open.begun && !this.known.has(group.id) && !this.isDirty(group.id)) {
      this.removals.add(group.id)
      this.start(false)
    }
  }

  rollingBack(group: Group, tick: number): Effect.Effect<void> | undefined {
    const open = this.openGroups.get(group)
    if (open === undefined || open.volatile) return undefined
    open.at = tick
    open.toldAt = undefined
    this.start(false)
    return this.durable()
  }

  private isDirty(id: string): boolean {
    for (const entry of this.dirty) if (entry.ref === id) return true
    return false
  }

  private idOf(entry: Entry): string {
    return idOf(this.core.invoker.epoch, entry.ref)
  }

  /** Handlers come when their layers are built, some time after this one: a few seconds in which to roll back. */
  readonly settle: Effect.Effect<void> = Effect.suspend(() => {
    let tries = 0
    const again: Effect.Effect<void> = Effect.suspend(() =>
      !this.reader.unsettled || ++tries > 100
        ? Effect.void
        : Effect.andThen(Effect.andThen(soon, this.replayer.between(this.recover)), again)
    )
    return again
  })

  // -------------------------------------------------------------------------
  // waiting
  // -------------------------------------------------------------------------

  durable(): Effect.Effect<void> | undefined {
    if (this.error !== undefined || !this.writing) return undefined
    const { isInTransaction } = this.backend
    if (isInTransaction === undefined) return Effect.asVoid(this.written)
    // The writer waits for the end of the caller's transaction, and so must not be waited for inside it.
    return Effect.withFiber((fiber) => isInTransaction(fiber.context) ? Effect.void : Effect.asVoid(this.written))
  }

  private readonly written: Effect.Effect<string | undefined> = Effect.callback<string | undefined>((resume) => {
    if (!this.writing) return resume(Effect.succeed(undefined))
    const list = this.hasWork ? this.waiting : this.inFlight
    list.push((error) => resume(Effect.succeed(error)))
    if (this.hurry) this.wake?.()
  })

  readonly recover: Effect.Effect<void> = Effect.suspend(() => this.reader.rollBack)

  readonly flush: Effect.Effect<void, string> = Effect.suspend(() =>
    this.reader.unsettled ? Effect.andThen(this.replayer.between(this.recover), this.flushed) : this.flushed
  )

  private readonly flushed: Effect.Effect<void, string> = Effect.suspend(() => {
    for (const id of this.evictions.splice(0)) this.removals.add(id)
    if (this.shared !== undefined) {
      this.shared.gather()
      return Effect.void
    }
    if (this.hasWork) this.start(false)
    this.hurry = true
    return Effect.flatMap(this.written, (error) => error === undefined ? Effect.void : Effect.fail(error))
  })

  readonly refresh: Effect.Effect<void> = Effect.suspend(() =>
    this.shared?.isQuiet(this.reader.cursor) === true ? Effect.void : this.reader.refresh
  )

  /** The store could not be read. */
  unreadable(cause: Cause.Cause<unknown>): Effect.Effect<void> {
    return Effect.sync(() => {
      this.error ??= reasonOf(cause)
      this.core.changed()
      this.start(true)
    })
  }

  /** Writes what is left; what cannot be written is told. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.closing = true
    return Effect.catch(
      this.flushed,
      (error) => Effect.logError(`${this.pending} history entries could not be stored and are lost: ${error}`)
    )
  })

  // -------------------------------------------------------------------------
  // intents
  // -------------------------------------------------------------------------

  intend(choice: Choice, restore: Restore): Effect.Effect<HistoryEntry, HistoryError> {
    return intend(this, choice, restore)
  }

  isClaimed(entry: Entry): boolean {
    return this.claimed.has(entry)
  }

  claim(entry: Entry, direction: Direction): Effect.Effect<boolean> {
    return Effect.suspend(() =>
      Effect.flatMap(this.durable() ?? Effect.void, () => {
        // The store is failing: what happens is written when it does not.
        if (this.error !== undefined) return Effect.succeed(true)
        if (this.shared?.isQuiet(this.reader.cursor) === true) {
          // Nobody else is there to be faster; whoever comes reads of it.
          this.claimed.add(entry)
          const at = direction === "undo" ? entry.list.length - 1 : 0
          this.progressed.set(entry, { direction, at, steps: [] })
          return Effect.succeed(true)
        }
        const claim = this.backend.claim({
          id: this.idOf(entry),
          owner: this.owner,
          from: direction === "undo" ? "live" : "undone",
          to: direction === "undo" ? "undoing" : "redoing",
          cursor: this.reader.cursor
        })
        return Effect.matchCauseEffect(claim, {
          onFailure: () => Effect.succeed(true),
          onSuccess: (claimed) => {
            // Another process is at it: real time passes there, whatever the clock here says.
            if (!claimed) return Effect.as(soon, false)
            this.claimed.add(entry)
            return Effect.succeed(true)
          }
        })
      })
    )
  }

  progress(
    entry: Entry,
    direction: Direction,
    at: number,
    done?: readonly [at: number, step: Step]
  ): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (!this.claimed.has(entry)) return Effect.void
      let progressed = this.progressed.get(entry)
      if (progressed === undefined) this.progressed.set(entry, progressed = { direction, at, steps: [] })
      progressed.direction = direction
      progressed.at = at
      if (done !== undefined) progressed.steps.push(done)
      this.start(false)
      return this.durable() ?? Effect.void
    })
  }

  // -------------------------------------------------------------------------
  // transactions shared with handlers
  // -------------------------------------------------------------------------

  join(frame: InvocationFrame): ReturnType<Journal["join"]> {
    const { join } = this.backend
    if (join === undefined || frame.registration.sync || !frame.recording || !join.applies(frame.operation)) {
      return undefined
    }
    return (open, effect) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(restore(this.begin(join, frame)), (joined) => {
          if (joined === undefined) return restore(effect)
          open.joined = joined
          // What runs before the handler runs in its transaction, which ends with it.
          return Effect.onExitPrimitive(
            restore(joined.inside(effect)),
            (exit) => exit._tag === "Success" ? undefined : this.leave(joined)
          )
        })
      )
  }

  private begin(join: HistoryJoin, frame: InvocationFrame): Effect.Effect<Joined | undefined> {
    return Effect.withFiber((fiber) => {
      // The caller has one open: it decides.
      if (this.backend.isInTransaction?.(fiber.context) === true) return Effect.succeed(undefined)
      return Effect.suspend(() => {
        const joined = new Joined()
        // Earlier entries first; while the transaction is open, those of others wait for it anyway.
        const begin = Effect.andThen(this.durable() ?? Effect.void, joined.begin(this.backend, join, frame))
        return Effect.map(begin, (begun) => {
          if (!begun) return undefined
          this.open++
          return joined
        })
      })
    })
  }

  joined(
    joined: Joined,
    frame: InvocationFrame,
    entry: Entry | undefined
  ): Effect.Effect<void | Exit.Exit<never, unknown>> {
    return Effect.suspend(() => {
      const batch = this.take()
      return Effect.map(joined.commit(batch.rows), (exit) => {
        this.closeJoined()
        if (exit._tag === "Success") return undefined
        batch.putBack()
        if (entry !== undefined) this.core.timeline.remove(entry)
        this.core.changed()
        return notCommitted(frame.key, exit)
      })
    })
  }

  leave(joined: Joined): Effect.Effect<void> {
    return Effect.map(joined.rollback(), () => this.closeJoined())
  }

  private closeJoined(): void {
    this.open--
    if (this.hasWork) this.start(false)
  }

  // -------------------------------------------------------------------------
  // writing
  // -------------------------------------------------------------------------

  private get hasWork(): boolean {
    if (this.dirty.size > 0 || this.removals.size > 0 || this.progressed.size > 0) return true
    if (this.evictions.length >= lazyEvictions) return true
    for (const open of this.openGroups.values()) if (hasNews(open)) return true
    return false
  }

  private start(later: boolean): void {
    // An open transaction holds the lock, and takes with it what has come up meanwhile.
    if (this.writing || this.open > 0 || this.shared !== undefined) return
    this.writing = true
    const loop = later ? Effect.andThen(Effect.yieldNow, this.loop) : this.loop
    Effect.runForkWith(this.core.context)(loop)
  }

  private readonly loop: Effect.Effect<void> = Effect.suspend(() => {
    let delay = firstDelay
    const next: Effect.Effect<void> = Effect.suspend(() => {
      if (!this.hasWork) {
        delay = Math.min(delay * 2, longestDelay)
        return this.rest(delay, next)
      }
      const batch = this.take()
      // Somebody may have come before the first write began.
      this.inFlight.push(...this.waiting.splice(0))
      return Effect.matchCauseEffect(this.backend.write(batch.rows), {
        onSuccess: () => {
          delay = firstDelay
          const recovered = this.error !== undefined
          this.error = undefined
          if (recovered) this.core.changed()
          // Whoever goes on now may change something: it must find either a writer that will see it, or none.
          const more = this.writing = this.hasWork
          // Without more to write, what somebody waits for has gone meanwhile, with its group.
          this.release(undefined, !more)
          return more ? next : Effect.void
        },
        onFailure: (cause) => {
          const error = reasonOf(cause)
          const news = this.error !== error
          this.error = error
          batch.putBack()
          this.release(error, true)
          if (news) this.core.changed()
          if (this.closing) {
            this.writing = false
            return Effect.void
          }
          const pause = this.pause(delay)
          delay = Math.min(delay * 2, longestDelay)
          return Effect.andThen(pause, next)
        }
      })
    })
    return next
  })

  /** Nothing to write. What could not be read is tried again. */
  private rest(delay: number, next: Effect.Effect<void>): Effect.Effect<void> {
    const idle = (error: string | undefined) =>
      Effect.sync(() => {
        this.writing = false
        this.release(error, true)
      })
    if (this.error === undefined) return idle(undefined)
    return Effect.flatMap(Effect.exit(this.backend.changes(this.reader.cursor, this.owner)), (exit) => {
      if (Exit.isSuccess(exit)) {
        this.error = undefined
        this.core.changed()
        return Effect.andThen(this.reader.refresh, Effect.suspend(() => this.hasWork ? next : idle(undefined)))
      }
      if (this.closing) return idle(this.error)
      this.release(this.error, true)
      return Effect.andThen(this.pause(delay), next)
    })
  }

  /** Whoever goes on may come back at once, and then waits for the next write: those are not released here. */
  private release(error: string | undefined, all: boolean): void {
    const waiters = this.inFlight.splice(0)
    if (all) waiters.push(...this.waiting.splice(0))
    for (const waiter of waiters) waiter(error)
  }

  /** A flush does not wait for the end of it. */
  private pause(millis: number): Effect.Effect<void> {
    if (this.hurry) {
      this.hurry = false
      return Effect.yieldNow
    }
    return Effect.raceFirst(
      Effect.sleep(millis),
      Effect.callback<void>((resume) => {
        this.wake = () => {
          this.hurry = false
          resume(Effect.void)
        }
        return Effect.sync(() => {
          this.wake = undefined
        })
      })
    )
  }

  private readonly unwritten = (): HistoryBatch | undefined => this.hasWork ? this.take().rows : undefined

  private take(): Taken {
    const { dirty, progressed, removals } = this
    const steps: Array<HistoryBatch["steps"][number]> = []
    const entries: Array<StoredEntry> = []
    const before: Array<readonly [OpenGroup, number, boolean]> = []
    const progress: Array<HistoryBatch["progress"][number]> = []
    for (const [group, open] of this.openGroups) {
      if (!hasNews(open)) continue
      before.push([open, open.written, open.begun])
      if (!open.begun) entries.push(this.rowOfGroup(group))
      open.begun = true
      for (let i = open.written; i < open.steps.length; i++) {
        const step = open.steps[i]!
        // By tick, so that the steps can be read in the order of their commits.
        steps.push({ entryId: group.id, at: step.tick, content: encodeStep(step) })
      }
      open.written = open.steps.length
      if (open.at !== undefined) {
        progress.push({ id: group.id, status: "transaction", at: open.at })
        open.toldAt = open.at
      }
    }
    for (const entry of dirty) {
      entries.push(this.rowOf(entry))
      this.known.set(this.idOf(entry), entry)
    }
    for (const [entry, { at, direction, steps: done }] of progressed) {
      const id = this.idOf(entry)
      for (const [at, step] of done) steps.push({ entryId: id, at, content: encodeStep(step) })
      progress.push({ id, status: direction === "undo" ? "undoing" : "redoing", at })
    }
    if (this.evictions.length >= lazyEvictions) { for (const id of this.evictions.splice(0)) removals.add(id) }
    const settled: Array<string> = []
    for (const { id, status } of entries) {
      if (status !== "open" && status !== "transaction" && this.unsettled.delete(id)) settled.push(id)
    }
    for (const id of removals) if (this.unsettled.delete(id)) settled.push(id)
    for (const { entryId } of steps) this.unsettled.add(entryId)
    this.dirty = new Set()
    this.removals = new Set()
    this.progressed = new Map()
    const now = Context.get(this.core.context, Clock.Clock).currentTimeMillisUnsafe()
    return {
      rows: { owner: this.owner, entries, steps, progress, removed: Array.from(removals), settled, now },
      putBack: () => {
        for (const [open, written, begun] of before) {
          open.written = written
          open.begun = begun
          open.toldAt = undefined
        }
        for (const id of settled) this.unsettled.add(id)
        // What has been removed or changed meanwhile stays so.
        for (const entry of dirty) if (this.known.has(this.idOf(entry))) this.dirty.add(entry)
        for (const id of removals) if (!this.known.has(id)) this.removals.add(id)
        for (const [entry, value] of progressed) {
          if (this.claimed.has(entry) && !this.progressed.has(entry)) this.progressed.set(entry, value)
        }
      }
    }
  }

  private rowOf(entry: Entry): StoredEntry {
    const undone = entry.state === Undone
    return {
      id: this.idOf(entry),
      position: entry.position,
      actor: entry.book.actor,
      status: undone ? "undone" : "live",
      undoneAt: undone ? entry.rest!.undoneAt : undefined,
      progress: undefined,
      partial: (entry.flags & Partial) !== 0,
      uncertain: (entry.flags & Uncertain) !== 0,
      owner: this.owner,
      content: encodeContent(entry.list, entry.rest)
    }
  }

  private rowOfGroup(group: Group): StoredEntry {
    return {
      id: group.id,
      position: group.position,
      actor: group.actor,
      status: group.transaction ? "transaction" : "open",
      undoneAt: undefined,
      progress: undefined,
      partial: false,
      uncertain: false,
      owner: this.owner,
      content: encodeContent([], { key: "", label: group.label, groupId: group.id })
    }
  }
}

interface OpenGroup {
  readonly steps: Array<Step>
  written: number
  /** The tick of the step that a rollback is about to take back, and the one that the store knows of. */
  at: number | undefined
  toldAt?: number | undefined
  /** The store has it. */
  begun: boolean
  volatile: boolean
}

const hasNews = (open: OpenGroup): boolean =>
  !open.volatile && (open.written < open.steps.length || open.at !== open.toldAt)

interface Progressed {
  direction: Direction
  at: number
  readonly steps: Array<readonly [at: number, step: Step]>
}

interface Taken {
  readonly rows: HistoryBatch
  readonly putBack: () => void
}

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const reason = cause.reasons[0]
  const error: unknown = reason?._tag === "Fail"
    ? reason.error
    : reason?._tag === "Die"
    ? reason.defect
    : "it was interrupted"
  return (error instanceof Error ? error.message : String(error)).split("\n")[0]!
}
