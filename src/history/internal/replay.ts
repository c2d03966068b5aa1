import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { InvokeInternalOptions } from "../../operation/internal/frame.ts"
import type { Registration } from "../../operation/internal/registration.ts"
import { remoteRegistration } from "../../operation/internal/remoteRegistration.ts"
import { CurrentActor } from "../../operation/Invocation.ts"
import * as Operation from "../../operation/Operation.ts"
import { isOperationError } from "../../operation/OperationError.ts"
import type { HistoryEntry } from "../HistoryEntry.ts"
import { type FailedStep, HistoryError, type HistoryErrorReason } from "../HistoryError.ts"
import { type Group, isInside, type Steps } from "./containers.ts"
import type { Core } from "./core.ts"
import { Entry, idOf, inputOf, Live, namesOf, Removed, Step, toModel, Uncertain, Undone } from "./entry.ts"
import { restore, save } from "./hooks.ts"
import type { Direction } from "./timeline.ts"
import { Replay } from "./token.ts"
import type { Guard } from "./trackerInternals.ts"
import { type Restore, Turn } from "./turn.ts"

/** How to run one step of an entry: known before anything runs. */
interface Ready {
  readonly step: Step
  readonly registration: Registration
  readonly input: unknown
  /** The text that the input was read from, when nothing had to be decoded: writing it again would give the same. */
  readonly text: string | undefined
}

interface Ran {
  readonly failed: FailedStep | undefined
  readonly output: unknown
  readonly fresh: Steps | undefined
}

/**
 * Asked before an undo or redo of an entry that stands in several scopes.
 *
 * @internal
 */
export type Confirm = (entry: HistoryEntry, direction: Direction) => Effect.Effect<boolean>

/**
 * Runs entries backward and forward.
 *
 * 1. One undo or redo at a time; the next one waits, and chooses when its turn comes (H5). Inside a handler or an open
 *    group it could wait for itself, and is refused.
 * 2. Every input is decoded before anything runs: what cannot be read is passed over as a whole (H12).
 * 3. A step decides by its own exit, also when the caller is interrupted; from there on nothing can be interrupted. So an
 *    entry is undone, or as it was before, or split where putting back failed (H4): never in between.
 * 4. What runs again does not record, whatever it causes (H6); a redo leaves the entry with fresh steps.
 *
 * @internal
 */
export class Replayer {
  private readonly core: Core
  private readonly confirm: Confirm | undefined
  private readonly turn: Turn
  /** Steps that ran elsewhere, with what outcome nobody knows. */
  private readonly unanswered = new WeakMap<Step, string>()

  get isBusy(): boolean {
    return this.turn.isTaken
  }

  constructor(core: Core, confirm: Confirm | undefined) {
    this.core = core
    this.confirm = confirm
    this.turn = new Turn(() => core.changed())
  }

  // -------------------------------------------------------------------------
  // choosing
  // -------------------------------------------------------------------------

  readonly unreadable = {
    undo: (entry: Entry) => this.whyUnreadable(entry, "undo"),
    redo: (entry: Entry) => this.whyUnreadable(entry, "redo")
  }

  /** H12, as far as it can be told without decoding. */
  private whyUnreadable(entry: Entry, direction: Direction): HistoryErrorReason | undefined {
    const steps = entry.more
    if (steps === undefined) return this.whyStepUnreadable(entry, entry, direction, true)
    for (let i = 0; i < steps.length; i++) {
      // The one that would run first is the one that may have run already.
      const next = direction === "undo" ? i === steps.length - 1 : i === 0
      const reason = this.whyStepUnreadable(entry, steps[i]!, direction, next)
      if (reason !== undefined) return reason
    }
  }

  private whyStepUnreadable(
    entry: Entry,
    step: Step,
    direction: Direction,
    next: boolean
  ): HistoryErrorReason | undefined {
    const key = direction === "undo" ? step.pair.inverse : step.pair.key
    const registration = this.registrationOf(step, direction)
    if (registration === undefined) {
      const what = step.pair.remote === true ? "it ran elsewhere, and no undo mapping" : "no handler"
      return this.unreadableBecause(entry, key, `${what} is registered for it`)
    }
    if (entry.rest?.unreadable === registration) {
      return this.unreadableBecause(entry, key, "its input does not fit the operation any more")
    }
    if (direction === "redo" && !this.core.mappings.has(key)) {
      return this.unreadableBecause(entry, key, "it has no undo mapping any more")
    }
    if (
      next && (entry.flags & Uncertain) !== 0 && !Operation.annotation(registration.operation, Operation.Idempotent)
    ) {
      return {
        _tag: "NotUndoable",
        entryId: this.id(entry),
        why:
          `the process ended in the middle of its ${direction}, and "${key}" is not idempotent. Check what is there, and invalidate the entry`
      }
    }
  }

  /** What runs a step: the handler here; of one that ran elsewhere its mapping knows the operation. */
  registrationOf({ pair }: Step, direction: Direction): Registration | undefined {
    const key = direction === "undo" ? pair.inverse : pair.key
    if (pair.remote !== true) return this.core.invoker.lookup(key)
    const props = this.core.mappings.get(pair.key)?.props
    const operation = direction === "undo" ? props?.inverse : props?.operation
    return operation?.key === key ? remoteRegistration(operation) : undefined
  }

  private unreadableBecause(entry: Entry, key: string, why: string): HistoryErrorReason {
    return { _tag: "Unreadable", entryId: this.id(entry), key, why }
  }

  private id(entry: Entry): string {
    return idOf(this.core.invoker.epoch, entry.ref)
  }

  model(entry: Entry): HistoryEntry {
    return toModel(this.core.invoker.epoch, entry)
  }

  select(direction: Direction, actor: string | undefined, scope: string | undefined): Entry | HistoryErrorReason {
    return this.core.timeline.select(direction, actor, scope, this.unreadable[direction])
  }

  // -------------------------------------------------------------------------
  // one at a time
  // -------------------------------------------------------------------------

  run(direction: Direction, scope: string | undefined, guard?: Guard): Effect.Effect<HistoryEntry, HistoryError> {
    return this.exclusively((actor, sync, restore) => this.next(direction, actor, scope, sync, restore, guard))
  }

  undoTo(
    id: string,
    scope: string | undefined,
    guard?: Guard
  ): Effect.Effect<ReadonlyArray<HistoryEntry>, HistoryError> {
    return this.exclusively((actor, sync, restore) => {
      const undone: Array<HistoryEntry> = []
      const { books } = this.core.timeline
      const shelf = scope === undefined ? books.get(actor) : books.get(actor)?.scopes.get(scope)
      const target = shelf?.live.descend((entry) => this.id(entry) === id ? entry : undefined)
      if (target === undefined) {
        return failWith({ _tag: "NotUndoable", entryId: id, why: "this actor has no such entry that can be undone" })
      }
      const step: Effect.Effect<ReadonlyArray<HistoryEntry>, HistoryError> = Effect.suspend(() =>
        target.state !== Live ? Effect.succeed(undone) : Effect.matchEffect(
          // Between two entries it can be interrupted.
          Effect.andThen(restore(Effect.void), this.next("undo", actor, scope, sync, restore, guard)),
          {
            onFailure: (error) => Effect.fail(new HistoryError({ reason: error.reason, undone })),
            onSuccess: (entry) => {
              undone.push(entry)
              return step
            }
          }
        )
      )
      return step
    })
  }

  /** H5 */
  private exclusively<A>(
    body: (actor: string | undefined, sync: boolean, restore: Restore) => Effect.Effect<A, HistoryError>
  ): Effect.Effect<A, HistoryError> {
    return Effect.withFiber((fiber) => {
      const { context } = fiber
      const sync = fiber.cache.scheduler.executionMode === "sync"
      if (isInside(context) || (sync && this.turn.isTaken)) return failWith({ _tag: "UndoInProgress" })
      return this.turn.take((restore) => body(Context.get(context, CurrentActor), sync, restore))
    })
  }

  /** Takes the next entry that can be read. */
  private next(
    direction: Direction,
    actor: string | undefined,
    scope: string | undefined,
    sync: boolean,
    restore: Restore,
    guard: Guard | undefined
  ): Effect.Effect<HistoryEntry, HistoryError> {
    const { journal } = this.core
    const select = () => this.select(direction, actor, scope)
    const run = (entry: Entry, another: Effect.Effect<HistoryEntry, HistoryError>) =>
      this.attempt(entry, direction, another, restore, guard)
    // Under `runSync` nothing may be waited for: the journal is written behind.
    if (journal !== undefined && !sync) return journal.intend({ direction, select, run }, restore)
    const next: Effect.Effect<HistoryEntry, HistoryError> = Effect.suspend(() => {
      const found = select()
      return found instanceof Entry ? run(found, next) : failWith(found)
    })
    return next
  }

  private attempt(
    entry: Entry,
    direction: Direction,
    another: Effect.Effect<HistoryEntry, HistoryError>,
    restore: Restore,
    guard: Guard | undefined
  ): Effect.Effect<HistoryEntry, HistoryError> {
    const steps = entry.more
    if (steps === undefined) {
      const run = (ready: Ready | undefined) =>
        ready === undefined
          ? another
          : this.confirmed(entry, direction, restore, guard, () => this.one(entry, ready, direction, restore))
      const ready = this.prepare(entry, entry, direction)
      return Effect.isEffect(ready) ? Effect.flatMap(ready, run) : run(ready)
    }
    return Effect.flatMap(
      Effect.forEach(steps, (step) => {
        const ready = this.prepare(entry, step, direction)
        return Effect.isEffect(ready) ? ready : Effect.succeed(ready)
      }),
      (ready) =>
        ready.includes(undefined)
          ? another
          : this.confirmed(
            entry,
            direction,
            restore,
            guard,
            () => this.many(entry, ready as ReadonlyArray<Ready>, direction, restore)
          )
    )
  }

  private confirmed(
    entry: Entry,
    direction: Direction,
    restore: Restore,
    guard: Guard | undefined,
    run: () => Effect.Effect<HistoryEntry, HistoryError>
  ): Effect.Effect<HistoryEntry, HistoryError> {
    if (guard !== undefined) {
      return Effect.flatMap(
        restore(guard(this.model(entry), direction)),
        (reason) => reason === undefined ? this.confirmed(entry, direction, restore, undefined, run) : failWith(reason)
      )
    }
    if (this.confirm === undefined) return run()
    const scopes = namesOf(entry.scopes, "")
    if (scopes.length < 2) return run()
    return Effect.flatMap(
      restore(this.confirm(this.model(entry), direction)),
      (confirmed) => confirmed ? run() : failWith({ _tag: "Blocked", scopes })
    )
  }

  /** H12: decodes what the step needs; `undefined` when that cannot be done. */
  private prepare(
    entry: Entry,
    step: Step,
    direction: Direction
  ): Ready | undefined | Effect.Effect<Ready | undefined> {
    const key = direction === "undo" ? step.pair.inverse : step.pair.key
    const registration = this.registrationOf(step, direction)!
    const encoded = inputOf(step, direction)
    const decoded = registration.decodeInput(encoded)
    // Nearly all schemas decode at once.
    if (Exit.isExit(decoded) && decoded._tag === "Success") {
      const text = direction === "redo" && decoded.value === encoded && !step.pair.withOutput ? step.forward : undefined
      return { step, registration, input: decoded.value, text }
    }
    return Effect.matchCause(decoded, {
      onFailure: () => {
        ;(entry.rest ??= {}).unreadable = registration
        this.core.report("Unreadable", key, `An entry of "${step.pair.key}" is passed over: it no longer fits "${key}"`)
        return undefined
      },
      onSuccess: (input) => ({ step, registration, input, text: undefined })
    })
  }

  // -------------------------------------------------------------------------
  // running steps
  // -------------------------------------------------------------------------

  /** Runs a step to its end. Only the handler itself can be interrupted. */
  private step<A, E>(
    ready: Ready,
    direction: Direction,
    causedBy: string,
    restore: Restore,
    then: (ran: Ran) => Effect.Effect<A, E>
  ): Effect.Effect<A, E> {
    const token = new Replay(direction, ready.text)
    const { registration: { operation, remote }, input, step } = ready
    const { invoker } = this.core
    const options: InvokeInternalOptions = { origin: direction, record: false, causedBy, token }
    const idempotencyKey = remote ? this.keyOf(step) : undefined
    const invoked = idempotencyKey === undefined
      ? invoker.invokeWith(operation, input, options)
      : invoker.invokeRemoteWith(operation, input, { idempotencyKey }, options)
    const done = (seen: Exit.Exit<unknown, unknown>): Effect.Effect<A, E> => {
      const exit = token.exit ?? seen
      if (idempotencyKey !== undefined) this.settleKey(step, idempotencyKey, exit)
      if (exit._tag === "Success") return then({ failed: undefined, output: exit.value, fresh: token.fresh })
      const ran: Ran = {
        failed: { key: ready.registration.key, cause: exit.cause },
        output: undefined,
        fresh: undefined
      }
      return token.steps === undefined ? then(ran) : Effect.andThen(this.clean(token.steps, causedBy), then(ran))
    }
    return Effect.matchCauseEffect(restore(invoked), {
      onFailure: (cause) => done(Exit.failCause(cause)),
      onSuccess: (output) => done(token.exit ?? Exit.succeed(output))
    })
  }

  /** How a server recognises a step that it may have run already, when its answer was lost. */
  private keyOf(step: Step): string {
    return this.unanswered.get(step) ?? this.core.id("r")
  }

  private settleKey(step: Step, key: string, exit: Exit.Exit<unknown, unknown>): void {
    if (exit._tag === "Failure" && exit.cause.reasons.some(isUnanswered)) this.unanswered.set(step, key)
    else this.unanswered.delete(step)
  }

  /** Takes back what a step had its children do before it failed, so that it has done nothing. */
  private clean(steps: ReadonlyArray<Step>, causedBy: string): Effect.Effect<void> {
    return Effect.forEach(steps.toReversed(), (step) =>
      Effect.map(this.again(step, "undo", causedBy), ({ failed }) => {
        if (failed === undefined) return
        this.core.report(
          "Lost",
          step.pair.key,
          `"${step.pair.key}" stays done: it was part of something that failed, and taking it back failed too`
        )
      }), { discard: true })
  }

  private one(
    entry: Entry,
    ready: Ready,
    direction: Direction,
    restore: Restore
  ): Effect.Effect<HistoryEntry, HistoryError> {
    const begun = this.begin(entry, direction)
    const run = this.step(ready, direction, this.id(entry), restore, (ran) => {
      if (ran.failed !== undefined) return failWith({ _tag: "InverseFailed", ...ran.failed })
      if (direction === "undo") this.chooseRedo(ready, ran)
      return this.finish(entry, direction, begun, direction === "undo" ? undefined : ran.fresh)
    })
    return this.core.hooks.length === 0 ? run : this.hooked(entry, direction, run)
  }

  /** H8, H2: where the entry will stand, and from when on an action is a new one. */
  private begin(entry: Entry, direction: Direction): number {
    const position = this.core.timeline.tick(0)
    if (direction === "undo") entry.book.lastUndo = position
    return position
  }

  private hooked<A, E>(entry: Entry, direction: Direction, run: Effect.Effect<A, E>): Effect.Effect<A, E> {
    const other = direction === "undo" ? "savedForRedo" : "savedForUndo"
    const mine = direction === "undo" ? "savedForUndo" : "savedForRedo"
    return Effect.flatMap(save(this.core), (saved) =>
      Effect.tap(run, () => {
        const rest = entry.rest ??= {}
        rest[other] = saved
        return restore(this.core, rest[mine], direction)
      }))
  }

  /** The mapping may choose another input for the redo, now that the inverse's output is known. */
  private chooseRedo({ step }: Ready, ran: Ran): boolean {
    const mapping = this.core.mappings.get(step.pair.key)
    const registration = this.registrationOf(step, "redo")
    if (mapping?.props.redo === undefined || registration === undefined || !step.pair.withOutput) return false
    try {
      step.forward = mapping.afterUndo(step, registration, ran.output)
      return true
    } catch (failure) {
      this.core.report(
        "Lost",
        step.pair.key,
        `"${step.pair.key}" is redone with its old input: the redo function of its undo mapping failed`,
        failure
      )
      return false
    }
  }

  private finish(
    entry: Entry,
    direction: Direction,
    position: number,
    fresh: Steps | undefined
  ): Effect.Effect<HistoryEntry> {
    const { journal, timeline } = this.core
    // Evicted, cleared or invalidated meanwhile: what was done is done, but there is nothing left to keep.
    if (entry.state !== Removed) {
      entry.flags &= ~Uncertain
      if (direction === "undo") timeline.undone(entry)
      else if (fresh === undefined || (!(fresh instanceof Step) && fresh.length === 0)) {
        const model = this.model(entry)
        timeline.remove(entry)
        return Effect.succeed(model)
      } else timeline.redone(entry, position, fresh)
      journal?.changed(entry)
    }
    this.core.changed()
    return Effect.succeed(this.model(entry))
  }

  /** H4: several steps, all of them or none. */
  private many(
    entry: Entry,
    ready: ReadonlyArray<Ready>,
    direction: Direction,
    restore: Restore
  ): Effect.Effect<HistoryEntry, HistoryError> {
    const begun = this.begin(entry, direction)
    const cause = this.id(entry)
    const { core } = this
    const run = Effect.gen({ self: this }, function*(this: Replayer) {
      const order = direction === "undo" ? ready.toReversed() : ready
      const fresh: Array<Step> = []
      let done: readonly [at: number, step: Step] | undefined
      for (let i = 0; i < order.length; i++) {
        const at = direction === "undo" ? order.length - 1 - i : i
        if (core.journal !== undefined) yield* core.journal.progress(entry, direction, at, done)
        const ran = yield* this.step(order[i]!, direction, cause, restore, Effect.succeed)
        if (ran.failed !== undefined) {
          const gone = direction === "undo" ? order.slice(0, i).reverse() : order.slice(0, i)
          return yield* this.putBack(entry, direction, ran.failed, gone.map(({ step }) => step), fresh, begun)
        }
        done = undefined
        if (direction === "undo") {
          if (this.chooseRedo(order[i]!, ran)) done = [at, order[i]!.step]
        } else if (ran.fresh !== undefined) {
          if (ran.fresh instanceof Step) done = [at, ran.fresh]
          fresh.push(...listOf(ran.fresh))
        }
      }
      return yield* this.finish(entry, direction, begun, direction === "undo" ? undefined : fresh)
    })
    return core.hooks.length === 0 ? run : this.hooked(entry, direction, run)
  }

  /**
   * Puts an entry back of which some steps (`done`, in the order of the entry) have been undone or redone; where that
   * fails, the entry splits.
   */
  private putBack(
    entry: Entry,
    direction: Direction,
    failed: FailedStep,
    done: ReadonlyArray<Step>,
    fresh: ReadonlyArray<Step>,
    begun: number
  ): Effect.Effect<never, HistoryError> {
    const cause = this.id(entry)
    return Effect.gen({ self: this }, function*(this: Replayer) {
      const back: Direction = direction === "undo" ? "redo" : "undo"
      // Undone steps are redone from the first on; redone ones are undone from the last on, with what they left.
      const todo = direction === "undo" ? [...done] : [...fresh]
      const restored: Array<Step> = []
      let stuck: FailedStep | undefined
      const length = entry.list.length
      while (todo.length > 0) {
        // The entry as a whole is `length` steps; those in `todo` are the last of an undone one, the first of a redone one.
        const at = direction === "undo" ? length - todo.length : todo.length - 1
        if (this.core.journal !== undefined) {
          const last = direction === "undo" ? restored[restored.length - 1] : undefined
          yield* this.core.journal.progress(entry, back, at, last && [at - 1, last])
        }
        const step = direction === "undo" ? todo[0]! : todo[todo.length - 1]!
        const ran = yield* this.again(step, back, cause)
        if (ran.failed !== undefined) {
          stuck = ran.failed
          break
        }
        if (direction === "undo") {
          todo.shift()
          if (ran.fresh !== undefined) restored.push(...listOf(ran.fresh))
        } else {
          todo.pop()
          restored.unshift(step)
        }
      }
      const gone = new Set(done)
      const rest = entry.list.filter((step) => !gone.has(step))
      if (entry.state !== Removed) {
        const kept = direction === "undo" ? [...rest, ...restored] : [...restored, ...rest]
        this.core.timeline.change(entry, kept)
        if (todo.length > 0) this.split(entry, todo, direction === "undo" ? Undone : Live, begun)
        this.core.journal?.changed(entry)
      }
      return yield* failWith({ _tag: "InverseFailed", ...failed, putBack: stuck })
    })
  }

  /** Runs a step that was not prepared. Nothing in it can be interrupted. */
  again(step: Step, direction: Direction, cause: string): Effect.Effect<Ran> {
    return Effect.suspend(() => {
      const key = direction === "undo" ? step.pair.inverse : step.pair.key
      const registration = this.registrationOf(step, direction)
      if (registration === undefined) return Effect.succeed(gone(key === "" ? step.pair.key : key))
      const encoded = inputOf(step, direction)
      return Effect.matchCauseEffect(registration.decodeInput(encoded), {
        onFailure: (cause) => Effect.succeed<Ran>({ failed: { key, cause }, output: undefined, fresh: undefined }),
        onSuccess: (input) => {
          const ready: Ready = { step, registration, input, text: undefined }
          return this.step(ready, direction, cause, (effect) => effect, (ran) => {
            if (ran.failed === undefined && direction === "undo") this.chooseRedo(ready, ran)
            return Effect.succeed(ran)
          })
        }
      })
    })
  }

  private split(entry: Entry, steps: ReadonlyArray<Step>, state: number, position: number): void {
    const { timeline } = this.core
    const part = new Entry(
      this.core.id("s"),
      entry.book,
      state === Live ? position : entry.position,
      entry.flags,
      steps,
      { ...entry.rest, key: entry.key ?? "", label: entry.title, undoneAt: timeline.tick(0), stored: undefined }
    )
    part.state = state
    timeline.add(part)
    this.core.journal?.changed(part)
  }

  // -------------------------------------------------------------------------
  // transactions
  // -------------------------------------------------------------------------

  /** H16: takes back what a transaction did, in reverse; the first failure stops it, and the group keeps what remains. */
  readonly rollback = (group: Group, sync: boolean): Effect.Effect<HistoryError | undefined> =>
    Effect.gen({ self: this }, function*(this: Replayer) {
      const steps = group.steps!
      while (steps.length > 0) {
        const step = steps[steps.length - 1]!
        const wait = this.core.journal?.rollingBack(group, step.tick)
        if (wait !== undefined && !sync) yield* wait
        const { failed } = yield* this.again(step, "undo", group.id)
        if (failed !== undefined) {
          return new HistoryError({
            reason: { _tag: "RollbackIncomplete", notUndone: steps.map(({ pair }) => pair.key), ...failed }
          })
        }
        steps.pop()
      }
    })

  /** Runs an effect while nothing is undone or redone; not at all when something is. */
  between(effect: Effect.Effect<void>): Effect.Effect<void> {
    return Effect.suspend(() => this.turn.isTaken ? Effect.void : this.turn.take(() => effect))
  }
}

/** Whether the other side may have run it all the same. */
const isUnanswered = (reason: Cause.Reason<unknown>): boolean =>
  Cause.isInterruptReason(reason) || (Cause.isFailReason(reason) && isOperationError(reason.error) &&
    (reason.error.reason._tag === "RemoteUnavailable" || reason.error.reason._tag === "Timeout"))

const listOf = (steps: Steps): ReadonlyArray<Step> => steps instanceof Step ? [steps] : steps

const failWith = (reason: HistoryErrorReason): Effect.Effect<never, HistoryError> =>
  Effect.fail(new HistoryError({ reason }))

const gone = (key: string): Ran => ({
  failed: { key, cause: Cause.fail(new Error(`"${key}" has no handler or no undo mapping`)) },
  output: undefined,
  fresh: undefined
})
