/**
 * Runs a program on the library and on the model, and compares them after every step.
 */
import { Context, Effect, Fiber, Result } from "effect"
import { type HistoryEntry, HistoryTracker } from "opbus/history"
import * as domain from "./domain.ts"
import type { Entry } from "./model.ts"
import { Divergence, Model, scopesOf, touchesOf } from "./model.ts"
import { tagOf } from "./operations.ts"
import type { Action, Actor, Program, Step, Undo } from "./program.ts"
import { actorsOf, documents } from "./program.ts"
import { type Failure, Runner, type Store } from "./runner.ts"

/** `seen` is told how far the end was compared: undoing everything, redoing it, and undoing it again. */
export const run = (
  program: Program,
  store: Store = "memory",
  seen: (kind: string) => void = () => {}
): Effect.Effect<Failure | undefined> => new Executor(program, store, seen).run

class Executor extends Runner {
  private readonly model: Model
  private readonly actors: ReadonlyArray<Actor>
  private readonly seen: (kind: string) => void
  private nextU = -1

  constructor(program: Program, store: Store, seen: (kind: string) => void) {
    super(program, store)
    this.seen = seen
    this.model = new Model(program)
    this.actors = actorsOf(program)
  }

  protected readonly check = Effect.gen({ self: this as Executor }, function*(this: Executor) {
    yield* this.open
    const initial = domain.canonical(this.harness.world)
    for (const step of this.program.steps) {
      this.at++
      yield* this.step(step)
      yield* this.compare
    }
    this.at = this.program.steps.length
    this.harness.faults.clear()
    this.model.clearFaults()
    const final = domain.canonical(this.harness.world)
    const { pure, repeatable } = this.model
    const undone = yield* this.all("undo", [])
    if (pure && undone !== undefined) {
      this.expect("undoing everything restores the initial state", initial, domain.canonical(this.harness.world))
      const redone = yield* this.all("redo", undone.toReversed())
      if (redone !== undefined) {
        if (repeatable) {
          this.expect("redoing everything restores the final state", final, domain.canonical(this.harness.world))
        }
        yield* this.all("undo", [])
        this.expect(
          "undoing everything again restores the initial state",
          initial,
          domain.canonical(this.harness.world)
        )
        this.seen(repeatable ? "ends: undone, redone and undone" : "ends: undone, redone unlike it was, and undone")
      } else this.seen("ends: not redone")
    } else this.seen(pure ? "ends: not undone" : "ends: beyond H11")
    yield* this.close
    this.checkEvents()
  })

  // -------------------------------------------------------------------------
  // steps
  // -------------------------------------------------------------------------

  private step(step: Step): Effect.Effect<void> {
    const { harness, model } = this
    return Effect.gen({ self: this }, function*(this: Executor) {
      this.pass(1)
      harness.log.length = 0
      switch (step.t) {
        case "act":
          yield* this.act(step.actor, step.action, step.origin)
          yield* this.settle([step.action])
          return model.follow(harness.log, [model.act(step.actor, step.action, step.origin)])
        case "undo":
        case "redo":
          yield* this.undo(step, true)
          return model.follow(harness.log, [model[step.t](step, true)])
        case "undoTo": {
          const target = model.live(step.actor)[step.back]
          harness.log.push(`undoTo ${step.u}`)
          const tag = target === undefined
            ? "none"
            : tagOf(yield* Effect.exit(this.as(step.actor, HistoryTracker.undoTo(yield* this.idOf(target)))))
          harness.log.push(`exit undoTo ${step.u} ${tag}`)
          return model.follow(harness.log, [model.undoTo(step)])
        }
        case "burst": {
          this.pass(10 * domain.coalesceMillis)
          for (const [i, action] of step.actions.entries()) {
            harness.log.length = 0
            yield* this.act(step.actor, action)
            model.follow(harness.log, [model.act(step.actor, action)])
            this.pass(i === step.pauseAfter ? 10 * domain.coalesceMillis : step.gap)
          }
          return this.pass(10 * domain.coalesceMillis)
        }
        case "together": {
          yield* this.together(step.fibers)
          model.follow(harness.log, step.fibers.map((fiber) => model.fiber(fiber.actor, fiber.actions)))
          // The bus cannot see the order of conflicting writes, so undoing them need not lead back.
          if (step.overlap === "conflicting") model.pure = false
          return
        }
        case "during": {
          yield* this.act(step.actor, step.first)
          model.follow(harness.log, [model.act(step.actor, step.first)])
          harness.log.length = 0
          const { arrived } = harness
          const pending = yield* Effect.forkChild(this.act(step.actor, step.action))
          yield* Effect.raceFirst(arrived, Fiber.await(pending))
          const inner: Array<Action | Undo> = []
          for (const one of step.inner) {
            if (one.t === "act") yield* this.act(one.actor, one.action, one.origin)
            else yield* this.undo(one)
            inner.push(one.t === "act" ? one.action : one)
          }
          yield* this.settle([step.action])
          yield* Fiber.join(pending)
          return model.follow(harness.log, [model.act(step.actor, step.action), model.fiber(step.actor, inner)])
        }
        case "fault":
          harness.faults.set(`${step.phase} ${step.n}`, {
            how: step.how,
            times: step.times,
            after: step.after ?? 0
          })
          return model.fault(step)
        case "clear": {
          const tracker = Context.get(this.services!, HistoryTracker)
          yield* this.as(step.actor, (step.scope === undefined ? tracker : tracker.scope(step.scope)).clear)
          return model.forget(step)
        }
        case "invalidate":
          yield* this.as(step.actor, HistoryTracker.invalidate({ touches: step.resource }))
          return model.forget(step)
        case "lossy":
          yield* this.act(step.actor, step.first)
          yield* this.act(step.actor, step.lossy)
          return model.follow(harness.log, [model.fiber(step.actor, [step.first, step.lossy])])
        case "restart":
          if (this.store === "memory") return
          yield* this.close
          return yield* this.open
      }
    })
  }

  private pass(millis: number): void {
    this.now += millis
    this.model.now = this.now
  }

  /** Undoes or redoes everything; undefined when something stays as it is, which the model had said. */
  private all(t: "undo" | "redo", actors: ReadonlyArray<Actor>): Effect.Effect<ReadonlyArray<Actor> | undefined> {
    return Effect.gen({ self: this }, function*(this: Executor) {
      const done: Array<Actor> = []
      const next = () =>
        t === "redo"
          ? actors[done.length]
          : this.model.entries.filter((entry) => entry.live).sort((a, b) => b.order - a.order)[0]?.actor
      for (let actor = next(); actor !== undefined; actor = next()) {
        yield* this.step({ t, u: this.nextU--, actor })
        yield* this.compare
        if (!this.harness.log.at(-1)!.endsWith(" ok")) return undefined
        done.push(actor)
      }
      return done
    })
  }

  // -------------------------------------------------------------------------
  // comparing
  // -------------------------------------------------------------------------

  /** H1, H2, H13, H14: the entries, their order, and what can be undone. */
  private get compare(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*(this: Executor) {
      this.harness.scribble()
      this.expect("the documents differ", domain.canonical(this.model.world), domain.canonical(this.harness.world))
      const tracker = Context.get(this.services!, HistoryTracker)
      for (const actor of this.actors) {
        const entries = yield* this.as(actor, tracker.entries)
        this.expect(
          `the entries of ${actor} differ`,
          this.model.of(actor).map((entry, i) => viewOfModel(entry, entries[i]?.message)),
          entries.map(viewOfLibrary)
        )
        for (const scope of [undefined, ...documents]) {
          const part = scope === undefined ? tracker : tracker.scope(scope)
          const undo = this.model.nextUndo(actor, scope)
          const redo = this.model.nextRedo(actor, scope)
          const state = yield* this.as(actor, part.state)
          this.expect(
            `what ${actor} can undo and redo${scope === undefined ? "" : ` in ${scope}`}`,
            {
              canUndo: undo.tag === "ok",
              canRedo: redo.tag === "ok",
              undoCount: this.model.live(actor, scope).length,
              redoCount: this.model.undone(actor, scope).length
            },
            { canUndo: state.canUndo, canRedo: state.canRedo, undoCount: state.undoCount, redoCount: state.redoCount }
          )
          const peeked = yield* Effect.result(this.as(actor, part.peek))
          const reasons = undo.tag === "nothing" ? ["NothingToUndo"] : undo.tag === "refused" ? undo.reasons : [
            entries[this.model.of(actor).indexOf(undo.entry)]!.id
          ]
          const actual = Result.isSuccess(peeked) ? peeked.success.id : peeked.failure.reason._tag
          if (!reasons.includes(actual)) {
            this.expect(`what ${actor} sees by peek in ${scope ?? "all scopes"}`, reasons, actual)
          }
        }
      }
    })
  }

  /** The entries of both sides stand in the same order, so one names the other. */
  private idOf(target: Entry): Effect.Effect<string> {
    return Effect.map(
      this.as(target.actor, HistoryTracker.entries),
      (entries) => entries[this.model.of(target.actor).indexOf(target)]!.id
    )
  }

  private expect(what: string, expected: unknown, actual: unknown): void {
    const [a, b] = [JSON.stringify(expected), JSON.stringify(actual)]
    if (a !== b) throw new Divergence(`${what}\n  the model:    ${a}\n  the library:  ${b}`)
  }
}

/** What both sides say of an entry. */
const viewOfModel = (entry: Entry, message: string | undefined) => ({
  status: entry.live ? "live" : "undone",
  message: message !== undefined && entry.messages.includes(message) ? message : entry.messages[0]!,
  key: entry.key,
  actor: entry.actor,
  scopes: scopesOf(entry),
  touches: touchesOf(entry),
  partial: entry.partial,
  steps: entry.steps.map((step) => [step.op === "macro" ? "macro.mapped" : step.op, step.mapping.inverse])
})

const viewOfLibrary = (entry: HistoryEntry) => ({
  status: entry.status,
  message: entry.message,
  key: entry.key,
  actor: entry.actor,
  scopes: [...entry.scopes].sort(),
  touches: [...entry.touches].sort(),
  partial: entry.partial,
  steps: entry.steps.map((step) => [step.key, step.inverse])
})
