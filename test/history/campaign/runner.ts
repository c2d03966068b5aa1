/**
 * Runs the actions of a program on the library: layers, clock, fibers, and the log and events that come of it.
 */
import { Clock, Context, Duration, Effect, Exit, Fiber, Layer, References, Scheduler, Scope } from "effect"
import { CurrentActor, type Invocation, OperationInvoker, OperationRegistry } from "opbus"
import { type HistoryStore, HistoryTracker, UndoRegistry } from "opbus/history"
import { Divergence } from "./model.ts"
import { Harness, tagOf } from "./operations.ts"
import type { Action, ActionOrigin, Actor, Fiber as ProgramFiber, Program, Undo } from "./program.ts"
import { isUndo, within } from "./program.ts"

/** What became of a program: undefined when the library did what it must. */
export interface Failure {
  readonly program: Program
  /** The index of the step that went wrong; beyond the last one, the undoing and redoing of everything. */
  readonly at: number
  readonly message: string
}

export type Store = "memory" | Layer.Layer<HistoryStore>

type Services = OperationRegistry | OperationInvoker | UndoRegistry | HistoryTracker

export abstract class Runner {
  /** After so many milliseconds without an end, a program hangs. Less is enough while one that hangs is shrunk. */
  static patience = 30_000
  protected readonly program: Program
  protected readonly store: Store
  protected readonly harness: Harness
  protected readonly events: Array<Invocation.Invocation> = []
  /** The entries that were undone or redone. */
  protected readonly moved = new Set<string>()
  protected services: Context.Context<Services> | undefined
  protected now = 1_000_000_000_000
  protected at = -1
  private scope: Scope.Closeable | undefined

  constructor(program: Program, store: Store) {
    this.program = program
    this.store = store
    this.harness = new Harness(program)
  }

  /** Runs the program and checks it; a `Divergence` is a defect in here. */
  protected abstract readonly check: Effect.Effect<void>

  /** Ends with what went wrong, also when the library hangs or crashes. */
  get run(): Effect.Effect<Failure | undefined> {
    const checked = this.check.pipe(
      Effect.as(undefined),
      Effect.catchDefect((defect) =>
        defect instanceof Divergence ? Effect.succeed(this.failure(defect.message)) : Effect.die(defect)
      ),
      Effect.provideService(Clock.Clock, this.clock),
      Effect.provideService(Scheduler.PreventSchedulerYield, true),
      // Lost entries are asked for.
      Effect.provideService(References.MinimumLogLevel, "None")
    )
    return Effect.callback((resume) => {
      const done = (failure: Failure | undefined) => {
        clearTimeout(watchdog)
        resume(Effect.succeed(failure))
      }
      const watchdog = setTimeout(() => done(this.failure("it hangs")), Runner.patience)
      Effect.runFork(checked).addObserver((exit) =>
        done(Exit.isSuccess(exit) ? exit.value : this.failure(`it crashes: ${String(exit.cause)}`))
      )
    })
  }

  private failure(message: string): Failure {
    const log = this.harness.log.slice(-40).join(", ")
    return {
      program: this.program,
      at: this.at,
      message: `${message}\n  the log of the step ends with:  ${log || "nothing"}`
    }
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

  // -------------------------------------------------------------------------
  // layers
  // -------------------------------------------------------------------------

  protected get open(): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*(this: Runner) {
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

  protected get close(): Effect.Effect<void> {
    return Effect.suspend(() => Scope.close(this.scope!, Exit.void))
  }

  protected as<A, E>(actor: Actor, effect: Effect.Effect<A, E, Services>): Effect.Effect<A, E> {
    return effect.pipe(Effect.provideService(CurrentActor, actor), Effect.provideContext(this.services!))
  }

  // -------------------------------------------------------------------------
  // actions
  // -------------------------------------------------------------------------

  /** Runs an action in a fiber of its own, which a handler may have interrupted. */
  protected act(actor: Actor, action: Action, origin?: ActionOrigin): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*(this: Runner) {
      const fiber = yield* Effect.forkChild(this.as(actor, this.harness.run(action, origin)))
      for (const { n } of within(action)) this.harness.fibers.set(n, fiber)
      const exit = yield* Fiber.await(fiber)
      if (Exit.isFailure(exit)) this.harness.log.push(`exit ${action.n} ${tagOf(exit)}`)
    })
  }

  /** `alone`: nothing else happens, so a handler may interrupt it. */
  protected undo(step: Undo, alone = false): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*(this: Runner) {
      this.harness.log.push(`${step.t} ${step.u}`)
      const { scope } = step
      const tracker = Context.get(this.services!, HistoryTracker)
      const part = scope === undefined ? tracker : tracker.scope(scope)
      const fiber = yield* Effect.forkChild(this.as(step.actor, part[step.t]))
      if (alone) this.harness.interruptible = { phase: step.t === "undo" ? "inverse" : "forward", fiber }
      const exit = yield* Fiber.await(fiber)
      if (alone) this.harness.interruptible = undefined
      if (Exit.isSuccess(exit)) this.moved.add(exit.value.id)
      this.harness.log.push(`exit ${step.t} ${step.u} ${tagOf(exit)}`)
    })
  }

  /** Lets what waits at a gate go on, and waits for what nobody waits for. */
  protected settle(actions: ReadonlyArray<Action>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*(this: Runner) {
      for (const action of actions.flatMap(within)) {
        if (action.t === "leaf" && action.flaw === "gate") this.harness.open(action.n)
      }
      const tracked = this.harness.stragglers.splice(0)
      yield* Effect.forEach(tracked, Fiber.await, { discard: true })
      yield* Effect.provideContext(OperationInvoker.awaitIdle, this.services!)
    })
  }

  /** Runs what fibers do at the same time, and waits for all of them. */
  protected together(fibers: ReadonlyArray<ProgramFiber>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function*(this: Runner) {
      const running = yield* Effect.forEach(
        fibers,
        (fiber) =>
          Effect.forkChild(Effect.gen({ self: this }, function*(this: Runner) {
            for (let i = 0; i < fiber.delay; i++) yield* Effect.yieldNow
            for (const action of fiber.actions) {
              if (isUndo(action)) yield* this.undo(action)
              else yield* this.act(fiber.actor, action)
            }
          }))
      )
      yield* Effect.forEach(running, Fiber.join, { discard: true })
      yield* this.settle([])
    })
  }

  /** I5: one terminal event for every `Started`, and no gap in the sequence. */
  protected checkEvents(): void {
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
}
