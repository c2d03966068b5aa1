import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import {
  currentFrame,
  CurrentGroup,
  type GroupFrame,
  type InvocationFrame,
  type InvocationHook
} from "../../operation/internal/frame.ts"
import { CurrentActor, type Origin } from "../../operation/Invocation.ts"
import * as Operation from "../../operation/Operation.ts"
import { OperationError } from "../../operation/OperationError.ts"
import type { HistoryError } from "../HistoryError.ts"
import { above, Collector, type Container, Group, openContainer, openTransaction, type Steps } from "./containers.ts"
import type { Core } from "./core.ts"
import { Entry, Live, namesOf, Partial, type Rest, sizeOf, Step, Volatile } from "./entry.ts"
import { save } from "./hooks.ts"
import type { Mapping } from "./mapping.ts"
import { capture, Replay, stepOf } from "./token.ts"

interface Coalescing {
  readonly entry: Entry
  readonly mapping: Mapping
  readonly key: string
  readonly origin: Origin
  readonly at: number
}

/**
 * Turns invocations into entries.
 *
 *     root ─┬─ child ── grandchild        every commit hands its steps to what contains it; a mapping that applies
 *           └─ group ── child             replaces the steps of what is inside by its own; what arrives at the top
 *                                         is one entry
 *
 * 1. What a committed invocation hands up is its own step, if it has a mapping that applies, else what it has gathered
 *    (H3). It is handed to the innermost container that is still open; without one it becomes an entry, with `causedBy`
 *    if there had been one.
 * 2. A root that did not succeed hands up what it has gathered, as a `partial` entry (H3).
 * 3. An entry stands where its root started (H2), and is there when the commit is over (H1).
 * 4. What does not record makes no entry (H6). It gathers steps inside a transaction that does not record either, and
 *    inside what is undone or redone, so that what fails there can be taken back (H4, H16).
 * 5. A function of a mapping that fails costs its step, never the invocation (H7).
 *
 * @internal
 */
export class Recorder implements InvocationHook {
  private readonly core: Core

  constructor(core: Core) {
    this.core = core
  }

  // -------------------------------------------------------------------------
  // invocations
  // -------------------------------------------------------------------------

  readonly before = (frame: InvocationFrame): Effect.Effect<void, OperationError> | undefined => {
    const { token } = frame
    if (token instanceof Replay) return token.before(this.core, frame)
    const transaction = frame.group === undefined ? undefined : openTransaction(frame.group)
    if (!frame.recording && !gathers(frame, transaction)) return undefined
    if (transaction !== undefined) {
      const refusal = this.refusal(frame)
      if (refusal !== undefined) return Effect.fail(refusal)
    }
    // Where it ran it is recorded.
    if (frame.remote === "server") return undefined
    const { core } = this
    const position = core.timeline.tick(frame.startedAt)
    frame.history = position
    const mapping = core.mappings.get(frame.key)
    if (mapping === undefined) return undefined
    const joining = core.journal === undefined || frame.parent !== undefined || frame.group !== undefined
      ? undefined
      : core.journal.join(frame)
    const saving = core.hooks.length > 0 && frame.parent === undefined
    if (mapping.props.capture === undefined && !saving && joining === undefined) return undefined
    const open = frame.history = new Collector(position)
    open.mapping = mapping
    let effect: Effect.Effect<void> | undefined
    if (mapping.props.capture !== undefined) effect = capture(mapping, frame.input, open)
    if (saving) {
      const saved = Effect.map(save(core), (saved) => {
        open.saved = saved
      })
      effect = effect === undefined ? saved : Effect.andThen(saved, effect)
    }
    return joining === undefined ? effect : joining(open, effect ?? Effect.void)
  }

  readonly commit = (
    frame: InvocationFrame,
    exit: Exit.Exit<unknown, unknown>
  ): Effect.Effect<void | Exit.Exit<never, unknown>> | undefined => {
    const history = frame.history
    if (history === undefined) return undefined
    if (history instanceof Replay) return history.commit(this.core, frame, exit)
    const { core } = this
    const open = typeof history === "number" ? undefined : history as Collector
    const joined = open?.joined
    // What it did is rolled back with it, and what its children did as well.
    if (joined !== undefined && exit._tag === "Failure") return core.journal!.leave(joined)
    let steps: Steps | undefined = undefined
    let lost = false
    if (exit._tag === "Success") {
      const mapping = open?.mapping ?? core.mappings.get(frame.key)
      if (mapping !== undefined) {
        try {
          steps = stepOf(core, mapping, frame, exit.value, open)
        } catch (failure) {
          lost = true
          core.report(
            "Lost",
            frame.key,
            `"${frame.key}" cannot be undone: a function of its undo mapping failed`,
            failure
          )
        }
      }
    }
    const own = steps !== undefined
    steps ??= open?.steps
    // A transaction must know what it cannot take back.
    if (steps === undefined && lost && openTransaction(frame.group) !== undefined) {
      steps = hole(frame.key, core.commit())
    }
    if (steps === undefined) {
      const book = lost && frame.recording ? core.timeline.books.get(frame.actor) : undefined
      if (book !== undefined) core.timeline.clearRedo(book, positionOf(history), undefined, true)
      return joined === undefined ? undefined : core.journal!.joined(joined, frame, undefined)
    }
    const direct = frame.parent === undefined && frame.group === undefined ? undefined : above(frame)
    const container = direct === undefined ? undefined : openContainer(direct)
    if (container !== undefined && container.recording === frame.recording) {
      return this.hand(container, steps, frame.registration.sync)
    }
    if (!frame.recording) return undefined
    const entry = this.record(frame, exit._tag === "Failure", steps, own, direct)
    if (joined !== undefined) return core.journal!.joined(joined, frame, entry)
    return frame.registration.sync ? undefined : core.journal?.durable()
  }

  /** H16: what could not be taken back is refused before it runs. */
  private refusal(frame: InvocationFrame): OperationError | undefined {
    const irreversible = Operation.annotation(frame.operation, Operation.Irreversible)
    const elsewhere = frame.remote === "server"
    if (
      !irreversible && (!elsewhere && this.core.mappings.has(frame.key) ||
        Operation.annotation(frame.operation, Operation.Readonly))
    ) return undefined
    return new OperationError({
      key: frame.key,
      reason: {
        _tag: "Denied",
        why: irreversible
          ? "it is irreversible, and a transaction could not take it back. Invoke it after the transaction"
          : elsewhere
          ? "its history is kept by the server, so a transaction here could not take it back. Let the client keep it, or invoke it after the transaction"
          : "a transaction could not take it back. Give it an UndoMapping, or annotate it Readonly if it changes nothing"
      }
    })
  }

  private hand(container: Container, steps: Steps, sync: boolean): Effect.Effect<void> | undefined {
    if (!(container instanceof Group)) {
      const history = container.history
      const open = typeof history === "number" ? container.history = new Collector(history) : history as Collector
      open.add(steps)
      return undefined
    }
    container.add(steps)
    const { journal } = this.core
    if (journal === undefined || !container.recording) return undefined
    journal.stepped(container, steps)
    return sync ? undefined : journal.durable()
  }

  private record(
    frame: InvocationFrame,
    partial: boolean,
    steps: Steps,
    own: boolean,
    direct: Container | undefined
  ): Entry | undefined {
    const { core } = this
    const history = frame.history as number | Collector
    const saved = typeof history === "number" ? undefined : history.saved
    const causedBy = frame.causedBy ?? (direct instanceof Group ? direct.id : direct?.id)
    const rest: Rest | undefined = own && causedBy === undefined && saved === undefined ? undefined : {
      key: own ? undefined : frame.key,
      label: own ? undefined : frame.operation.meta.label ?? frame.key,
      causedBy,
      savedForUndo: saved
    }
    const book = core.timeline.book(frame.actor)
    const entry = new Entry(
      frame.order,
      book,
      positionOf(history),
      partial ? Live | Partial : Live,
      steps,
      rest
    )
    if (own && causedBy === undefined) {
      const mapping = core.mappings.get(frame.key)
      if (mapping?.props.coalesce !== undefined) return this.coalesce(entry, steps as Step, mapping, frame)
    }
    return this.keep(entry)
  }

  /** A new entry, of whatever kind. */
  private keep(entry: Entry): Entry | undefined {
    const { core } = this
    const { book } = entry
    book.coalescing = undefined
    if (isSensitive(entry)) entry.flags |= Volatile
    if (entry.size > core.timeline.limits.entryBytes) {
      core.timeline.clearRedo(book, entry.position, entry.scopes)
      core.report(
        "TooLarge",
        entry.key ?? entry.title,
        `"${entry.title}" cannot be undone: its entry of ${entry.size} bytes is over the limit of ${core.timeline.limits.entryBytes}`
      )
      return undefined
    }
    core.timeline.record(entry)
    core.journal?.changed(entry)
    core.changed()
    return entry
  }

  // -------------------------------------------------------------------------
  // coalescing
  // -------------------------------------------------------------------------

  private coalesce(entry: Entry, newer: Step, mapping: Mapping, frame: InvocationFrame): Entry | undefined {
    const { core } = this
    const { book } = entry
    const props = mapping.props.coalesce!
    let key: string
    try {
      key = props.key(frame.input)
    } catch (failure) {
      core.report(
        "Lost",
        frame.key,
        `"${frame.key}" is not coalesced: the key function of its undo mapping failed`,
        failure
      )
      return this.keep(entry)
    }
    const last = book.coalescing as Coalescing | undefined
    let into = entry
    if (
      last !== undefined && last.mapping === mapping && last.key === key && last.origin === frame.origin &&
      frame.startedAt - last.at <= props.within && last.entry.state === Live && book.live.top() === last.entry &&
      last.entry.pair.remote === newer.pair.remote &&
      same(namesOf(last.entry.scopes, ""), namesOf(newer.scopes, "")) &&
      core.timeline.conflict(last.entry) === undefined
    ) {
      const steps = this.merged(last.entry, newer, mapping, frame)
      if (sizeOf(steps) <= core.timeline.limits.entryBytes) {
        into = last.entry
        core.timeline.clearRedo(book, entry.position, entry.scopes)
        core.timeline.change(into, steps)
        core.timeline.limit(into)
        core.journal?.changed(into)
        core.changed()
      }
    }
    const kept = into === entry ? this.keep(entry) : into
    book.coalescing = { entry: into, mapping, key, origin: frame.origin, at: frame.startedAt } satisfies Coalescing
    return kept
  }

  private merged(older: Entry, newer: Step, mapping: Mapping, frame: InvocationFrame): Steps {
    const several = () => [...older.more ?? [copyOf(older)], newer]
    if (mapping.props.coalesce!.merge === undefined || older.more !== undefined) return several()
    try {
      const touches = same(namesOf(older.touches), namesOf(newer.touches))
        ? older.touches
        : Array.from(new Set([...namesOf(older.touches), ...namesOf(newer.touches)]))
      return mapping.merge(older, newer, frame.registration, touches)
    } catch (failure) {
      this.core.report(
        "Lost",
        frame.key,
        `"${frame.key}" is not merged: the merge function of its undo mapping failed`,
        failure
      )
      return several()
    }
  }

  // -------------------------------------------------------------------------
  // groups
  // -------------------------------------------------------------------------

  /** `rollback` takes back what a transaction did; it leaves in the group what it could not. */
  around<A, E, R>(
    label: string,
    effect: Effect.Effect<A, E, R>,
    rollback: ((group: Group, sync: boolean) => Effect.Effect<HistoryError | undefined>) | undefined
  ): Effect.Effect<A, E | HistoryError, R> {
    return Effect.withFiber((fiber) => {
      const { context } = fiber
      const { core } = this
      const frame = currentFrame(context)
      const group = new Group(
        core.id("g"),
        label,
        rollback !== undefined,
        core.timeline.tick(Context.get(context, Clock.Clock).currentTimeMillisUnsafe()),
        Context.get(context, CurrentGroup),
        frame === undefined || frame.ended ? undefined : frame,
        Context.get(context, CurrentActor)
      )
      const sync = fiber.cache.scheduler.executionMode === "sync"
      return Effect.onExitPrimitive(
        Effect.provideService(effect, CurrentGroup, group as GroupFrame),
        (exit): Effect.Effect<void, HistoryError> | undefined => {
          group.ended = true
          if (rollback === undefined || exit._tag === "Success" || group.steps === undefined) {
            return this.close(group, sync)
          }
          return Effect.flatMap(
            Effect.provideService(rollback(group, sync), CurrentGroup, undefined),
            (error) =>
              Effect.andThen(
                this.close(group, sync) ?? Effect.void,
                error === undefined ? Effect.void : Effect.fail(error)
              )
          )
        }
      )
    })
  }

  private close(group: Group, sync: boolean): Effect.Effect<void> | undefined {
    const { core } = this
    const steps = group.steps?.filter((step) => step.pair.inverse !== "")
    group.steps = undefined
    const wait = steps === undefined || steps.length === 0 ? undefined : this.closeWith(group, steps)
    if (!group.joins && group.recording) core.journal?.closed(group)
    return sync ? undefined : wait ?? core.journal?.durable()
  }

  private closeWith(group: Group, steps: ReadonlyArray<Step>): Effect.Effect<void> | undefined {
    const container = openContainer(above(group))
    if (container !== undefined && container.recording === group.recording) return this.hand(container, steps, false)
    if (!group.recording) return undefined
    const { core } = this
    this.keep(
      new Entry(
        group.id,
        core.timeline.book(group.actor),
        group.position,
        Live,
        steps.length === 1 ? steps[0]! : steps,
        {
          key: "",
          label: group.label,
          groupId: group.id,
          causedBy: group.parent?.id ?? group.invocation?.id
        }
      )
    )
    return undefined
  }
}

/** A step that is not the entry which holds it. */
const copyOf = ({ backward, forward, message, pair, scopes, tick, touches }: Step): Step =>
  new Step(pair, forward, backward, tick, scopes, touches, message)

const same = (a: ReadonlyArray<string>, b: ReadonlyArray<string>): boolean =>
  a.length === b.length && a.every((name, i) => name === b[i])

/** Whether what an invocation that does not record has done can still be taken back. */
const gathers = (frame: InvocationFrame, transaction: Group | undefined): boolean =>
  transaction === undefined
    ? frame.parent !== undefined && !frame.parent.recording && frame.parent.history !== undefined
    : !transaction.recording

/** I8: it never gets into a store. */
const isSensitive = ({ more, pair }: Entry): boolean =>
  more === undefined ? pair.sensitive : more.some(({ pair }) => pair.sensitive)

const positionOf = (history: unknown): number => typeof history === "number" ? history : (history as Collector).position

/** Stands for a step of a transaction that cannot be taken back. */
const hole = (key: string, tick: number): Step =>
  new Step(
    { key, inverse: "", sync: true, sensitive: false, withOutput: false },
    "null",
    "null",
    tick,
    undefined,
    undefined,
    undefined
  )
