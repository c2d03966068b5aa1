/**
 * Fibers that get in each other's way. Nobody can say what the documents hold then, so no model is asked; what must hold
 * all the same is checked on the log, the events and the entries.
 *
 * - H5: undo and redo never overlap, and never take the same entry twice in a row.
 * - H2: the entries that were never undone stand in the order in which their root actions started.
 * - H1: no entry is lost: what was committed and never undone is there.
 * - I5: one terminal event for every start, and no gap.
 */
import { Context, Effect } from "effect"
import type { Invocation } from "opbus"
import { type HistoryEntry, HistoryTracker } from "opbus/history"
import * as domain from "./domain.ts"
import { generateInterleaving } from "./generator.ts"
import { Divergence } from "./model.ts"
import type { Program } from "./program.ts"
import { actorsOf } from "./program.ts"
import { type Failure, Runner, type Store } from "./runner.ts"
import { pretty, shrink } from "./shrink.ts"

const interleave = (program: Program, store: Store = "memory"): Effect.Effect<Failure | undefined> =>
  new Interleaver(program, store).run

class Interleaver extends Runner {
  protected readonly check = Effect.gen({ self: this as Interleaver }, function*(this: Interleaver) {
    yield* this.open
    for (const step of this.program.steps) {
      this.at++
      if (step.t === "act") yield* this.act(step.actor, step.action, step.origin)
      if (step.t === "act") yield* this.settle([step.action])
      if (step.t === "together") yield* this.together(step.fibers)
    }
    const tracker = Context.get(this.services!, HistoryTracker)
    const entries: Array<HistoryEntry> = []
    for (const actor of actorsOf(this.program)) entries.push(...(yield* this.as(actor, tracker.entries)))
    this.checkEvents()
    this.checkSerial()
    this.checkOnce()
    this.checkEntries(entries, yield* tracker.allEntries)
    yield* this.close
  })

  /** Invocations that undo and redo run themselves. What a rollback runs is caused by a transaction that is no entry. */
  private replays(): ReadonlyArray<
    { readonly event: Invocation.Invocation; readonly started: number; readonly ended: number }
  > {
    if (this.harness.log.some((line) => line.endsWith("RollbackIncomplete"))) return []
    const terminal = new Map(
      this.events.flatMap((event, i) => event._tag === "Started" || event._tag === "Progress" ? [] : [[event.id, i]])
    )
    return this.events.flatMap((event, i) =>
      event._tag === "Started" && event.parentId === undefined && this.moved.has(event.causedBy ?? "")
        ? [{ event, started: i, ended: terminal.get(event.id)! }]
        : []
    )
  }

  private checkSerial(): void {
    let last: { readonly event: Invocation.Invocation; readonly ended: number } | undefined
    for (const replay of this.replays()) {
      if (last !== undefined && replay.started < last.ended) {
        throw new Divergence(`H5: ${replay.event.key} ran while ${last.event.key} of another undo or redo was running`)
      }
      last = replay
    }
  }

  /** What was taken back is not taken back again before it was done again, and the other way round. */
  private checkOnce(): void {
    const undone = new Map<string, boolean>()
    for (const line of this.harness.log) {
      const match = /^(end|restored) (\d+)('?)$/.exec(line)
      if (match === null) continue
      const [, word, n, back] = match as unknown as [string, string, string, string]
      // Of a composite, one register after the other, and then all.
      if (word === "end" && back === "'" && this.harness.isMacro(Number(n))) continue
      const before = undone.get(n)
      if (before !== undefined && before === (back === "'") && !this.harness.inMapped.has(Number(n))) {
        throw new Divergence(`H5: ${n} was ${before ? "taken back" : "done"} twice in a row`)
      }
      undone.set(n, back === "'")
    }
  }

  private checkEntries(entries: ReadonlyArray<HistoryEntry>, all: ReadonlyArray<HistoryEntry>): void {
    const ids = new Set(entries.map((entry) => entry.id))
    if (ids.size !== entries.length || entries.length !== all.length) {
      throw new Divergence("an entry is there twice, or of nobody")
    }
    const replayed = new Set(
      this.events.flatMap((event) => event.origin === "undo" || event.origin === "redo" ? [event.causedBy] : [])
    )
    const roots = this.events.filter((event) => event.parentId === undefined && event.groupId === undefined)
    for (const event of roots) {
      if (event._tag !== "Succeeded" || event.origin === "undo" || event.origin === "redo") continue
      const mapped = event.key === "macro.mapped" || domain.isMapped(event.key as domain.OperationName)
      if (mapped && !replayed.has(event.id) && !ids.has(event.id) && !this.harness.leavesNothing(event.input)) {
        throw new Divergence(`H1: the entry of ${event.key} ${event.id} is lost`)
      }
    }
    const order = new Map(this.events.flatMap((event) => event._tag === "Started" ? [[event.id, event.sequence]] : []))
    const untouched = all.filter((entry) => order.has(entry.id) && !replayed.has(entry.id))
    for (let i = 1; i < untouched.length; i++) {
      const [older, newer] = [untouched[i - 1]!, untouched[i]!]
      if (order.get(older.id)! > order.get(newer.id)!) {
        throw new Divergence(`H2: ${older.message} stands before ${newer.message}, but started after it`)
      }
    }
  }
}

export interface InterleaveCampaign {
  readonly count: number
  readonly from: number
  readonly verbose: boolean
  readonly progress: boolean
}

/** Runs many; the explanation of the first that fails. */
export const interleaveMany = (
  { count, from, progress, verbose }: InterleaveCampaign
): Effect.Effect<string | undefined> =>
  Effect.gen(function*() {
    let reported = performance.now()
    for (let seed = from; seed < from + count; seed++) {
      const program = generateInterleaving(seed)
      if (verbose) console.log(`${pretty(program)}\n`)
      const failure = yield* interleave(program)
      if (failure !== undefined) {
        const small = yield* shrink(program, (candidate) =>
          Effect.map(interleave(candidate), (one) => one !== undefined), 1000)
        const again = (yield* interleave(small)) ?? failure
        return [
          `seed ${seed} fails, here shrunk:`,
          pretty(again.program),
          again.message,
          "",
          `  npm run campaign -- interleave --seed ${seed}`
        ].join("\n")
      }
      if (progress && performance.now() - reported > 1000) {
        reported = performance.now()
        console.log(`${seed - from + 1} of ${count} interleavings`)
      }
    }
    return undefined
  })

/** Gives the exit code. */
export const campaignInterleave = (options: InterleaveCampaign): Promise<number> =>
  Effect.runPromise(Effect.map(interleaveMany(options), (explanation) => {
    console.log(
      explanation ?? `${options.count} interleavings hold, seeds ${options.from} to ${options.from + options.count - 1}`
    )
    return explanation === undefined ? 0 : 1
  }))
