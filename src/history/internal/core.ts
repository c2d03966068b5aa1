import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import type { InvocationFrame } from "../../operation/internal/frame.ts"
import type { InvokerInternals } from "../../operation/internal/invoker.ts"
import type { HistoryEntry } from "../HistoryEntry.ts"
import type { HistoryError } from "../HistoryError.ts"
import type { HistoryProblem } from "../HistoryState.ts"
import type { HistoryHooks } from "../HistoryTracker.ts"
import type { Group, Steps } from "./containers.ts"
import type { Entry, Step } from "./entry.ts"
import type { Choice } from "./intent.ts"
import type { Joined } from "./join.ts"
import type { Mapping } from "./mapping.ts"
import { type Direction, type Limits, Timeline } from "./timeline.ts"
import type { Restore } from "./turn.ts"

/**
 * How the history keeps what it knows beyond the process. Without one it is kept in memory.
 *
 * Everything but the effects is synchronous: it notes what has changed, and writes behind.
 *
 * @internal
 */
export interface Journal {
  /** The entry is new or has changed. It is written as it is when its turn comes. */
  readonly changed: (entry: Entry) => void
  readonly removed: (entry: Entry, evicted: boolean) => void
  /** A step was committed in an open group. */
  readonly stepped: (group: Group, steps: Steps) => void
  /** The rollback of a transaction is about to take back the step of this tick; those after it are taken back. */
  readonly rollingBack: (group: Group, tick: number) => Effect.Effect<void> | undefined
  /** The group is closed; what it did is an entry by now, or nothing. */
  readonly closed: (group: Group) => void
  /** Waits until everything so far is durable, or until the store fails; `undefined` when there is nothing to wait for. */
  readonly durable: () => Effect.Effect<void> | undefined
  /** Waits until everything so far is durable; fails with the store's error. */
  readonly flush: Effect.Effect<void, string>
  /** Learns what other processes have done. */
  readonly refresh: Effect.Effect<void>
  /** Undoes or redoes the next entry that no other process takes, and writes the intent before. */
  readonly intend: (choice: Choice, restore: Restore) => Effect.Effect<HistoryEntry, HistoryError>
  /**
   * About to run this step of a claimed entry. Where the last one left its step with another text, that is written too.
   */
  readonly progress: (
    entry: Entry,
    direction: Direction,
    at: number,
    done?: readonly [at: number, step: Step]
  ) => Effect.Effect<void>
  /**
   * For an invocation that shares a transaction with its entry, what begins it around the effect that comes before the
   * handler; `undefined` for others.
   */
  readonly join: (
    frame: InvocationFrame
  ) => ((open: { joined: Joined | undefined }, effect: Effect.Effect<void>) => Effect.Effect<void>) | undefined
  /** Ends it: with everything that is to be written, or with nothing. Gives the exit when it could not be committed. */
  readonly joined: (
    joined: Joined,
    frame: InvocationFrame,
    entry: Entry | undefined
  ) => Effect.Effect<void | Exit.Exit<never, unknown>>
  readonly leave: (joined: Joined) => Effect.Effect<void>
  readonly pending: number
  readonly error: string | undefined
}

/** How many problems are kept to be shown. */
const keptProblems = 32

/**
 * What the parts of a tracker share.
 *
 * @internal
 */
export class Core {
  readonly invoker: InvokerInternals
  readonly mappings: ReadonlyMap<string, Mapping>
  readonly timeline: Timeline
  readonly context: Context.Context<never>
  journal: Journal | undefined = undefined
  hooks: ReadonlyArray<HistoryHooks> = []
  problems: ReadonlyArray<HistoryProblem> = []
  private commits = 0
  private made = 0
  private readonly watchers = new Set<Watcher>()

  constructor(
    invoker: InvokerInternals,
    mappings: ReadonlyMap<string, Mapping>,
    limits: Limits,
    context: Context.Context<never>
  ) {
    this.invoker = invoker
    this.mappings = mappings
    this.context = context
    this.timeline = new Timeline(invoker.epoch, limits)
    this.timeline.onRemove = (entry, evicted) => this.journal?.removed(entry, evicted)
  }

  /** Counts commits. */
  commit(): number {
    return ++this.commits
  }

  /** An id for what has no invocation of its own. */
  id(kind: string): string {
    return `${this.invoker.epoch}-${kind}${(++this.made).toString(36)}`
  }

  /** H7: what goes wrong beside an invocation is told, and never fails it. */
  report(kind: HistoryProblem["kind"], key: string, what: string, failure?: unknown): void {
    const why = failure === undefined
      ? ""
      : `: ${(failure instanceof Error ? failure.message : String(failure)).split("\n")[0]!}`
    const problem: HistoryProblem = { kind, key, message: `${what}${why}` }
    this.problems = [...this.problems.slice(1 - keptProblems), problem]
    Effect.runForkWith(this.context)(Effect.logWarning(problem.message))
    this.changed()
  }

  /** The state is another one. Costs nothing when nobody listens. */
  changed(): void {
    if (this.watchers.size === 0) return
    for (const watcher of this.watchers) watcher.wake()
  }

  /** A value now, and after each change; a slow consumer sees the newest. */
  watch<A>(read: () => A): Stream.Stream<A> {
    return Stream.unwrap(Effect.suspend(() => {
      const watcher = new Watcher()
      this.watchers.add(watcher)
      return Effect.as(
        Effect.addFinalizer(() => Effect.sync(() => this.watchers.delete(watcher))),
        Stream.fromPull(Effect.succeed(Effect.map(watcher.next, () => [read()] as const)))
      )
    }))
  }
}

class Watcher {
  private dirty = true
  private resume: ((effect: Effect.Effect<void>) => void) | undefined

  wake(): void {
    this.dirty = true
    if (this.resume === undefined) return
    const resume = this.resume
    this.resume = undefined
    resume(Effect.void)
  }

  private readonly wait = Effect.callback<void>((resume) => {
    if (this.dirty) return resume(Effect.void)
    this.resume = resume
    return Effect.sync(() => {
      this.resume = undefined
    })
  })

  readonly next: Effect.Effect<void> = Effect.map(this.wait, () => {
    this.dirty = false
  })
}
