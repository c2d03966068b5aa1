/**
 * Runs a program on the library and on the model, and compares them after every step.
 */
import { Clock, Context, Duration, Effect, Exit, Fiber, Layer, Scheduler, Scope } from "effect"
import { CurrentActor, type Invocation, OperationInvoker, OperationRegistry } from "opbus"
import { type HistoryEntry, type HistoryStore, HistoryTracker, UndoRegistry } from "opbus/history"
import * as domain from "./domain.ts"
import type { Entry } from "./model.ts"
import { Divergence, Model, scopesOf, touchesOf } from "./model.ts"
import { Harness, tagOf } from "./operations.ts"
import type { Action, ActionOrigin, Actor, Program, Step, Undo } from "./program.ts"
import { actorsOf, documents, isUndo, within } from "./program.ts"

/** What became of a program: undefined when the library did what the model says. */
export interface Failure {
  readonly program: Program
  /** The index of the step that went wrong; beyond the last one, the undoing and redoing of everything. */
  readonly at: number
  readonly message: string
}

export type Store = "memory" | Layer.Layer<HistoryStore>

type Services = OperationRegistry | OperationInvoker | UndoRegistry | HistoryTracker

export const run = (program: Program, store: Store = "memory"): Effect.Effect<Failure | undefined> =>
  Effect.callback<Failure | undefined>((resume) => {
    const executor = new Executor(program, store)
    const fiber = Effect.runFork(executor.run)
    const done = (failure: Failure | undefined) => {
      clearTimeout(watchdog)
      resume(Effect.succeed(failure))
    }
    const watchdog = setTimeout(() => done(executor.failure("it hangs")), 20_000)
    fiber.addObserver((exit) =>
      done(Exit.isSuccess(exit) ? exit.value : executor.failure(`it crashes: ${String(exit.cause)}`))
    )
  })

class Executor {
  private readonly program: Program
  private readonly store: Store
  private readonly harness: Harness
  private readonly model: Model
  private readonly actors: ReadonlyArray<Actor>
  private readonly events: Array<Invocation.Invocation> = []
  private services: Context.Context<Services> | undefined
  private scope: Scope.Closeable | undefined
  private now = 1_000_000_000_000
  private at = -1
  private nextU = -1

  constructor(program: Program, store: Store) {
    this.program = program
    this.store = store
    this.harness = new Harness(program)
    this.actors = actorsOf(program)
    this.model = new Model(program)
  }

  failure(message: string): Failure {
    return { program: this.program, at: this.at, message }
  }

  /** A clock that stands still unless the program lets time pass. */
  private readonly clock: Clock.Clock = {
    currentTimeMillisUnsafe: () => this.now,
    currentTimeMillis: Effect.sync(() => this.now),
    currentTimeNanosUnsafe: () => BigInt(this.now) * 1_000_000n,
    currentTimeNanos: Effect.sync(() => BigInt(this.now) * 1_000_000n),
    monotonicTimeNanosUnsafe: () => BigInt(this.now) * 1_000_000n,
    monotonicTimeNanos: Effect.sync(() => BigInt(this.now) * 1_000_000n),
    // What the library waits for passes in real time: a retry of a write, a busy file.
    sleep: (duration) =>
      Effect.callback((resume) => {
        const timer = setTimeout(() => resume(Effect.void), Duration.toMillis(duration))
        return Effect.sync(() => clearTimeout(timer))
      })
  }

  get run(): Effect.Effect<Failure | undefined> {
    return Effect.gen({ self: this }, function*(this: Executor) {
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
      const undone = yield* this.all("undo", [])
      if (this.model.pure && undone !== undefined) {
        this.expect("undoing everything restores the initial state", initial, domain.canonical(this.harness.world))
        const redone = yield* this.all("redo", undone.toReversed())
        if (redone !== undefined) {
          this.expect("redoing everything restores the final state", final, domain.canonical(this.harness.world))
          yield* this.all("undo", [])
          this.expect("undoing everything again restores the initial state", initial, domain.canonical(this.harness.world))
        }
      }
      yield* this.close
      this.checkEvents()
      return undefined
    }).pipe(
      Effect.catchDefect((defect) => {
        if (defect instanceof Divergence) return Effect.succeed(this.failure(defect.message))
        return Effect.die(defect)
      }),
      Effect.provideService(Clock.Clock, this.clock),
      Effect.provideService(Scheduler.PreventSchedulerYield, true)
    )
  }

  // -------------------------------------------------------------------------
  // layers
  // -------------------------------------------------------------------------

  private get open(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*(this: Executor) {
      this.scope = yield* Scope.make()
      const tracker = this.store === "memory"
        ? HistoryTracker.layer
        : HistoryTracker.layerStore.pipe(Layer.provide(this.store))
      const layer = this.harness.plugins.pipe(
        Layer.provideMerge(tracker),
        Layer.provideMerge(OperationInvoker.layer),
        Layer.provideMerge(Layer.merge(OperationRegistry.layer, UndoRegistry.layer))
      )
      this.services = yield* Layer.buildWithScope(Layer.fresh(layer), this.scope)
      const { observe } = Context.get(this.services, OperationInvoker)
      yield* Effect.provideService(observe((event) => this.events.push(event)), Scope.Scope, this.scope)
    })
  }

  private get close(): Effect.Effect<void> {
    return Effect.suspend(() => Scope.close(this.scope!, Exit.void))
  }

  private as<A, E>(actor: Actor, effect: Effect.Effect<A, E, Services>): Effect.Effect<A, E> {
    return effect.pipe(Effect.provideService(CurrentActor, actor), Effect.provideContext(this.services!))
  }

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
          yield* this.undo(step)
          return model.follow(harness.log, [model[step.t](step)])
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
          const fibers = yield* Effect.forEach(step.fibers, (fiber) =>
            Effect.forkChild(Effect.gen({ self: this }, function*(this: Executor) {
              for (let i = 0; i < fiber.delay; i++) yield* Effect.yieldNow
              for (const action of fiber.actions) {
                if (isUndo(action)) yield* this.undo(action)
                else yield* this.act(fiber.actor, action)
              }
            })))
          yield* Effect.forEach(fibers, Fiber.join, { discard: true })
          yield* this.settle([])
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
          harness.faults.set(`${step.phase} ${step.n}`, { how: step.how, times: step.times })
          return model.fault(step)
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

  /** Runs an action in a fiber of its own, which a handler may have interrupted. */
  private act(actor: Actor, action: Action, origin?: ActionOrigin): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*(this: Executor) {
      const fiber = yield* Effect.forkChild(this.as(actor, this.harness.run(action, origin)))
      for (const { n } of within(action)) this.harness.fibers.set(n, fiber)
      const exit = yield* Fiber.await(fiber)
      if (Exit.isFailure(exit)) this.harness.log.push(`exit ${action.n} ${tagOf(exit)}`)
    })
  }

  private undo(step: Undo): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*(this: Executor) {
      this.harness.log.push(`${step.t} ${step.u}`)
      const { scope } = step
      const tracker = Context.get(this.services!, HistoryTracker)
      const part = scope === undefined ? tracker : tracker.scope(scope)
      const exit = yield* Effect.exit(this.as(step.actor, part[step.t]))
      this.harness.log.push(`exit ${step.t} ${step.u} ${tagOf(exit)}`)
    })
  }

  /** Lets what waits at a gate go on, and waits for what nobody waits for. */
  private settle(actions: ReadonlyArray<Action>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*(this: Executor) {
      for (const action of actions.flatMap(within)) if (action.t === "leaf" && action.flaw === "gate") this.harness.open(action.n)
      const tracked = this.harness.stragglers.splice(0)
      yield* Effect.forEach(tracked, Fiber.await, { discard: true })
      yield* Effect.provideContext(OperationInvoker.awaitIdle, this.services!)
    })
  }

  /** Undoes or redoes everything; undefined when something stays as it is, which the model had said. */
  private all(t: "undo" | "redo", actors: ReadonlyArray<Actor>): Effect.Effect<ReadonlyArray<Actor> | undefined> {
    return Effect.gen({ self: this }, function*(this: Executor) {
      const done: Array<Actor> = []
      const next = () =>
        t === "redo" ? actors[done.length] : this.model.entries.filter((entry) => entry.live).sort((a, b) => b.order - a.order)[0]?.actor
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
          const where = scope === undefined ? `by ${actor}` : `by ${actor} in ${scope}`
          this.expect(`whether there is an undo ${where}`, undo.tag === "ok", yield* this.as(actor, part.canUndo))
          this.expect(`whether there is a redo ${where}`, redo.tag === "ok", yield* this.as(actor, part.canRedo))
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

  /** I5: one terminal event for every `Started`, and no gap in the sequence. */
  private checkEvents(): void {
    const open = new Set<string>()
    let last: Invocation.Invocation | undefined
    for (const event of this.events) {
      if (last !== undefined && last.epoch === event.epoch && event.sequence !== last.sequence + 1) {
        throw new Divergence(`I5: a gap in the events, from ${last.sequence} to ${event.sequence}`)
      }
      last = event
      if (event._tag === "Started") {
        if (open.has(event.id)) throw new Divergence(`I5: ${event.id} started twice`)
        open.add(event.id)
      } else if (event._tag === "Failed" && event.refused === true) {
        if (open.has(event.id)) throw new Divergence(`I5: ${event.id} was refused after it had started`)
      } else if (!open.has(event.id)) {
        throw new Divergence(`I5: ${event._tag} of ${event.id}, which is not running`)
      } else if (event._tag !== "Progress") open.delete(event.id)
    }
    if (open.size > 0) throw new Divergence(`I5: ${open.size} invocations never ended`)
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
