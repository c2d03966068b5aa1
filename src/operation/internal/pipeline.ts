import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import { CurrentActor, type Origin, type TraceContext } from "../Invocation.ts"
import type * as Operation from "../Operation.ts"
import { OperationContext } from "../OperationContext.ts"
import { OperationError, type OperationErrorReason } from "../OperationError.ts"
import { Closure } from "./closure.ts"
import * as codec from "./codec.ts"
import type { Events } from "./events.ts"
import {
  currentFrame,
  CurrentGroup,
  type GroupFrame,
  type InvocationFrame,
  type InvocationHook,
  type InvokeInternalOptions,
  type RemoteCall
} from "./frame.ts"
import { InvocationIds } from "./ids.ts"
import type { Lanes } from "./lanes.ts"
import { type InFlight, Registration } from "./registration.ts"
import { remoteInternalsOf } from "./remoteInternals.ts"
import { redacted } from "./sensitive.ts"
import { step } from "./step.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>
type AnyEffect = Effect.Effect<unknown, unknown>
type AnyExit = Exit.Exit<unknown, unknown>
type ContextShape = (typeof OperationContext)["Service"]

/**
 * What the pipeline may be told beyond the public options.
 *
 * @internal
 */
export interface CallOptions extends InvokeInternalOptions {
  /** Runs around the handler, inside the invocation. */
  readonly around?: ((handler: AnyEffect) => AnyEffect) | undefined
  readonly onStart?: ((frame: Frame) => void) | undefined
  readonly joined?: string | undefined
  /** Of a follow-up: what scheduled it, without being its parent. */
  readonly parentId?: string | undefined
  readonly remote?: RemoteCall | undefined
}

/** @internal */
export class Frame implements InvocationFrame, InFlight {
  declare readonly pipeline: Pipeline
  declare readonly registration: Registration
  declare readonly fiber: AnyFiber
  /** The context of the handler without this frame: what a nested call's services are merged into. */
  declare base: Context.Context<never>
  /** The context of the handler. */
  declare context: Context.Context<never>
  /** The context of the caller, to return to; set when the handler begins. */
  declare caller: Context.Context<never> | undefined
  declare readonly parent: Frame | undefined
  declare readonly root: Frame
  declare readonly group: GroupFrame | undefined
  declare readonly causedBy: string | undefined
  declare readonly order: number
  declare readonly clock: Clock.Clock
  declare readonly startedAt: number
  declare readonly input: unknown
  declare readonly actor: string | undefined
  declare readonly origin: Origin
  declare readonly recording: boolean
  declare readonly options: CallOptions | undefined
  /** The span of the invocation, when somebody traces. */
  declare span: Tracer.Span | undefined
  declare deadline: number | undefined
  declare hook: InvocationHook | undefined
  declare ended: boolean
  declare history: unknown
  declare previous: InFlight | undefined
  declare next: InFlight | undefined
  declare private cachedId: string | undefined

  constructor(
    pipeline: Pipeline,
    registration: Registration,
    fiber: AnyFiber,
    input: unknown,
    options: CallOptions | undefined
  ) {
    const caller = fiber.context
    const around = pipeline.surroundingsOf(fiber)
    const outer = around.frame
    const parent = outer === undefined || outer.ended ? undefined : outer
    this.pipeline = pipeline
    this.registration = registration
    this.fiber = fiber
    this.input = input
    this.options = options
    this.parent = parent
    this.root = parent === undefined ? this : parent.root
    this.group = around.group
    this.order = ++pipeline.order
    this.clock = around.clock
    this.startedAt = around.clock.currentTimeMillisUnsafe()
    this.span = undefined
    this.hook = undefined
    this.ended = false
    this.caller = undefined
    this.history = undefined
    this.previous = undefined
    this.next = undefined
    this.cachedId = undefined
    const closure = registration.closure
    const base = around.bare && registration.sync
      ? closure.alone
      : closure.merge(outer !== undefined && outer.context === caller ? outer.base : caller)
    if (options === undefined) {
      this.actor = around.actor
      this.origin = parent === undefined ? "user" : parent.origin
      this.recording = outer === undefined || outer.recording
      this.causedBy = outer === parent ? undefined : outer!.id
      this.deadline = parent === undefined ? undefined : parent.deadline
      this.enter(base)
      return
    }
    this.actor = options.actor ?? around.actor
    this.origin = options.origin ?? (parent === undefined ? "user" : parent.origin)
    this.recording = (outer === undefined || outer.recording) && options.record !== false
    this.causedBy = options.causedBy ?? (outer === parent ? undefined : outer!.id)
    this.deadline = options.timeout === undefined
      ? parent?.deadline
      : Math.min(this.startedAt + Duration.toMillis(options.timeout), parent?.deadline ?? Infinity)
    this.enter(options.actor === undefined ? base : Context.addUnsafe(base, CurrentActor.key, options.actor))
  }

  /** Sets the context in which the handler runs. */
  enter(base: Context.Context<never>): void {
    this.base = base
    this.context = Context.addUnsafe(base, OperationContext.key, this as ContextShape)
  }

  get operation(): Operation.Any {
    return this.registration.operation
  }

  get key(): string {
    return this.registration.key
  }

  get id(): string {
    return this.cachedId ??= this.pipeline.ids.of(this.order)
  }

  get parentId(): string | undefined {
    return this.parent === undefined ? this.options?.parentId : this.parent.id
  }

  get rootId(): string {
    return this.root.id
  }

  get groupId(): string | undefined {
    return this.group?.id
  }

  get attempt(): number {
    return this.options?.attempt ?? 1
  }

  /** The span of the invocation; without a tracer, the span that its caller is in. */
  get trace(): TraceContext | undefined {
    const span = this.span ?? this.fiber.cache?.span
    return span === undefined ? undefined : { traceId: span.traceId, spanId: span.spanId }
  }

  get remote(): "server" | "client" | undefined {
    const remote = this.options?.remote
    return remote === undefined ? undefined : remoteInternalsOf(remote.transport).history
  }

  get token(): unknown {
    return this.options?.token
  }

  get joined(): string | undefined {
    return this.options?.joined
  }

  get durationMillis(): number {
    return this.clock.currentTimeMillisUnsafe() - this.startedAt
  }

  /** The input as it may be shown. */
  get visibleInput(): unknown {
    return this.registration.redactInput === undefined ? this.input : this.redactedInput()
  }

  private redactedInput(): unknown {
    // What does not fit the schema may hold the secret anywhere.
    const { isInput, redactInput } = this.registration
    return isInput?.(this.input) === true ? redactInput!(this.input) : redacted
  }

  /** Made when it is asked for, so that it can be taken out of the context without costing every invocation a closure. */
  get progress(): (value: unknown) => Effect.Effect<void> {
    return (value) => this.report(value)
  }

  private report(value: unknown): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.ended) return Effect.void
      const schema = this.operation.progress
      if (!this.registration.isProgress(value)) {
        const { issue, path } = codec.explain(schema, value)
        return Effect.die(
          new TypeError(
            `The handler of "${this.key}" reported unfit progress at ${path.join(".") || "the root"}: ${issue}.`
          )
        )
      }
      this.options?.onProgress?.(value)
      this.pipeline.events.progress(this, value)
      return Effect.void
    })
  }
}

// A frame is also the effect that runs its handler: one object less for every invocation.
Object.setPrototypeOf(
  Frame.prototype,
  Effectable.Prototype<AnyEffect & Frame>({
    label: "opbus/invocation",
    evaluate(fiber) {
      return this.pipeline.enter(this, fiber)
    }
  })
)

/**
 * What a call takes from the context of its caller.
 *
 * Invariant: it is a function of that context, so the last one is remembered: calls in a loop share one context.
 */
interface Surroundings {
  /** There is nothing but the scheduler of `Effect.runSync`. */
  readonly bare: boolean
  readonly context: Context.Context<never>
  readonly frame: Frame | undefined
  readonly group: GroupFrame | undefined
  readonly actor: string | undefined
  readonly clock: Clock.Clock
}

const defaultClock = Clock.Clock.defaultValue()

/**
 * Whether a context has one key. Its map would tell, but is built only when somebody asks, which takes a tenth of a
 * synchronous call: where the context shows what it is made of, that is counted, at worst too high.
 */
const hasOneKey = (context: Context.Context<never>): boolean => {
  const { base, depth } = context as { readonly base?: ReadonlyMap<string, unknown>; readonly depth?: number }
  return base === undefined || depth === undefined ? context.mapUnsafe.size === 1 : base.size + depth === 1
}

const bareSurroundings: Surroundings = {
  bare: true,
  context: Context.empty(),
  frame: undefined,
  group: undefined,
  actor: undefined,
  clock: defaultClock
}

/**
 * Runs invocations: the one place where validation, history, events and the handler meet.
 *
 * An invocation passes these stations, in this order:
 *
 *     lookup ─ validate input ─ enter lane ─ hook.before ─ Started ─ handler ─ validate output ─ hook.commit ─ terminal event
 *     └────────────── a failure here is one refused `Failed` ──┘      └── interruptible ──┘└──── uninterruptible ────┘
 *
 * Invariants: the handler's exit decides the terminal event (I4); everything after it runs once, on the fiber of the
 * caller, uninterruptibly; nothing on the short path allocates a generator or a fiber.
 *
 * @internal
 */
export class Pipeline {
  readonly epoch: string
  readonly active: ReadonlyMap<string, Registration>
  readonly notFound: (key: string) => OperationError
  readonly events: Events
  readonly lanes: Lanes
  hook: InvocationHook | undefined = undefined
  order = 0
  readonly ids: InvocationIds
  private lastSurroundings: Surroundings | undefined

  constructor(
    epoch: string,
    active: ReadonlyMap<string, Registration>,
    notFound: (key: string) => OperationError,
    events: Events,
    lanes: Lanes
  ) {
    this.epoch = epoch
    this.ids = new InvocationIds(epoch)
    this.active = active
    this.notFound = notFound
    this.events = events
    this.lanes = lanes
  }

  surroundingsOf(fiber: AnyFiber): Surroundings {
    const caller = fiber.context
    const last = this.lastSurroundings
    if (last !== undefined && last.context === caller) return last
    // Every `Effect.runSync` has a new context, so this is what `runSync(invoke(…))` always meets.
    if (fiber.cache.scheduler.executionMode === "sync" && hasOneKey(caller)) return bareSurroundings
    const frame = currentFrame(caller) as Frame | undefined
    const inherited = frame !== undefined && frame.context === caller
    return this.lastSurroundings = {
      bare: false,
      context: caller,
      frame,
      group: inherited ? frame.group : Context.getOrUndefined(caller, CurrentGroup),
      actor: inherited ? frame.actor : Context.getOrUndefined(caller, CurrentActor),
      clock: inherited ? frame.clock : Context.getOrUndefined(caller, Clock.Clock) ?? defaultClock
    }
  }

  /** A call made with typed input. */
  call(fiber: AnyFiber, call: Call): AnyEffect {
    const admitted = this.admit(fiber, call)
    if (!(admitted instanceof Registration)) return admitted
    if (admitted.plain) return this.start(fiber, admitted, call.input, call.options)
    return this.lanes.enter(this, fiber, admitted, call)
  }

  /** The registration that will serve a call, or its refusal. */
  admit(fiber: AnyFiber, call: Call): Registration | Effect.Effect<never, OperationError> {
    const registration = this.active.get(call.operation.key)
    if (registration === undefined) return this.refuseUnknown(fiber, call.operation.key, call.options)
    if (registration.operation !== call.operation) {
      const differs = registration.misfitOf(call.operation)
      if (differs !== undefined) {
        return this.refuse(fiber, registration, call, { _tag: "Incompatible", difference: differs })
      }
    }
    if (registration.isInput(call.input)) return registration
    return this.refuse(fiber, registration, call, {
      _tag: "InvalidInput",
      ...codec.explain(registration.operation.input, call.input)
    })
  }

  /** Lookup, decoding and encoding of a call made with JSON data. */
  callEncoded(fiber: AnyFiber, key: string, encoded: unknown, options: CallOptions | undefined): AnyEffect {
    const registration = this.active.get(key)
    if (registration === undefined) return this.refuseUnknown(fiber, key, options)
    return Effect.flatMap(
      Effect.flatMap(
        this.decode(fiber, registration, encoded, options),
        (input) => new CallEffect(this, registration.operation, input, options) as unknown as AnyEffect
      ),
      (output) => this.encode(registration, output)
    )
  }

  /** Input from JSON data, or the refusal of the call. */
  decode(
    fiber: AnyFiber,
    registration: Registration,
    encoded: unknown,
    options: CallOptions | undefined
  ): Effect.Effect<unknown, OperationError> {
    return Effect.catch(
      registration.decodeInput(encoded),
      (issue) =>
        this.refuse(fiber, registration, { operation: registration.operation, input: encoded, options }, {
          _tag: "InvalidInput",
          ...codec.misfit(issue, encoded)
        })
    )
  }

  /** Output as JSON data. */
  encode(registration: Registration, output: unknown): Effect.Effect<unknown, OperationError> {
    return Effect.mapError(
      registration.encodeOutputEffect(output),
      (issue) =>
        new OperationError({ key: registration.key, reason: { _tag: "InvalidOutput", ...codec.misfit(issue, output) } })
    )
  }

  /** From a valid input to the exit of the invocation. */
  start(fiber: AnyFiber, registration: Registration, input: unknown, options: CallOptions | undefined): AnyEffect {
    const frame = new Frame(this, registration, fiber, input, options)
    if (options?.onStart !== undefined) options.onStart(frame)
    if (registration.sync) return this.runSync(frame, frame.hook = this.hook)
    const guarded = Effect.onExitPrimitive(frame as unknown as AnyEffect, (exit) => this.finish(frame, exit))
    // `finish` onto the stack, then the frame: each round through the run loop would cost a thirtieth of the call.
    return step(step(guarded, fiber), fiber)
  }

  /**
   * What an evaluated frame does. `finish` is on the fiber's stack by then, so an interruption at any point from here on
   * finds its way there.
   */
  enter(frame: Frame, fiber: AnyFiber): AnyEffect {
    const hook = frame.hook = this.hook
    const wait = hook === undefined ? undefined : hook.before(frame)
    return wait === undefined ? this.open(frame, fiber) : this.enterAfter(frame, wait)
  }

  private enterAfter(frame: Frame, wait: Effect.Effect<void, OperationError>): AnyEffect {
    return Effect.uninterruptibleMask((restore) =>
      Effect.matchCauseEffect(restore(Effect.updateContext(wait, () => frame.context)), {
        onFailure: (cause) => {
          if (!Cause.hasInterruptsOnly(cause)) this.events.failed(frame, cause, true)
          return Exit.failCause(cause)
        },
        onSuccess: () => Effect.withFiber((fiber) => restore(this.open(frame, fiber as AnyFiber)))
      })
    )
  }

  private open(frame: Frame, fiber: AnyFiber): AnyEffect {
    const traced = this.trace(frame, fiber)
    if (traced === undefined) return this.run(frame, fiber)
    return Effect.flatMap(traced, () => Effect.withFiber((inner) => this.run(frame, inner as AnyFiber)))
  }

  /**
   * Opens a span, but only when somebody installed a tracer: an unheard span costs more than the whole invocation.
   * `conclude` closes it.
   */
  trace(frame: Frame, fiber: AnyFiber): Effect.Effect<void> | undefined {
    if (fiber.cache.tracer === undefined || !fiber.cache.tracerEnabled) return undefined
    const attributes = { "opbus.id": frame.id, "opbus.origin": frame.origin, "opbus.actor": frame.actor }
    return Effect.map(Effect.makeSpan(frame.key, { attributes }), (span) => {
      frame.span = span
      frame.enter(Context.addUnsafe(frame.base, Tracer.ParentSpanKey, span as Tracer.AnySpan))
    })
  }

  /** Tells the end of an invocation: its terminal event, and the end of its span. */
  conclude(frame: Frame, exit: AnyExit, stopped = false): void {
    if (exit._tag === "Success") this.events.succeeded(frame, exit.value, stopped)
    else this.events.failed(frame, exit.cause, false)
    if (frame.span !== undefined) this.endSpan(frame, exit)
  }

  private endSpan(frame: Frame, exit: AnyExit): void {
    const { redactError, redactOutput } = frame.registration
    const shown = exit._tag === "Failure"
      ? redactError === undefined ? exit : Exit.failCause(Cause.map(exit.cause, redactError))
      : redactOutput === undefined || frame.operation.stream
      ? exit
      : Exit.succeed(redactOutput(exit.value))
    frame.span!.end(frame.clock.currentTimeNanosUnsafe(), shown)
  }

  private run(frame: Frame, fiber: AnyFiber): AnyEffect {
    this.events.started(frame)
    frame.registration.enter(frame)
    frame.caller = fiber.context
    fiber.setContext(frame.context)
    return this.handle(frame)
  }

  /** The handler's effect, with what was asked for around it. A handler that throws is a defect of its invocation. */
  private handle(frame: Frame): AnyEffect {
    const options = frame.options
    // What is around the handler may do without it.
    if (options?.around !== undefined) {
      return this.limited(
        frame,
        options.around(Effect.suspend(() => this.handled(frame)))
      )
    }
    const effect = this.handled(frame)
    return options === undefined ? effect : this.limited(frame, effect)
  }

  private handled(frame: Frame): AnyEffect {
    try {
      return frame.registration.handler(frame.input) as AnyEffect
    } catch (defect) {
      return Exit.die(defect)
    }
  }

  private limited(frame: Frame, effect: AnyEffect): AnyEffect {
    const timeout = frame.options?.timeout
    return timeout === undefined
      ? effect
      : Effect.timeoutOrElse(effect, { duration: timeout, orElse: () => this.timedOut(frame, timeout) })
  }

  timedOut(frame: Frame, timeout: Duration.Input): Exit.Exit<never, OperationError> {
    return Exit.fail(
      new OperationError({ key: frame.key, reason: { _tag: "Timeout", millis: Duration.toMillis(timeout) } })
    )
  }

  /** Everything after the handler. Returns what is left to wait for, and fails with what replaces the exit. */
  private finish(frame: Frame, exit: AnyExit): Effect.Effect<void, unknown> | undefined {
    // It was refused or interrupted before it began.
    if (frame.caller === undefined) {
      if (frame.span !== undefined) this.endSpan(frame, exit)
      return undefined
    }
    frame.fiber.setContext(frame.caller)
    frame.registration.leave(frame)
    frame.ended = true
    const final = this.checkOutput(frame, exit)
    const wait = frame.hook === undefined ? undefined : frame.hook.commit(frame, final)
    if (wait !== undefined) {
      return Effect.flatMap(wait, (replaced) => {
        const last: AnyExit = replaced ?? final
        this.conclude(frame, last)
        return last === exit ? Effect.void : last as Exit.Exit<never, unknown>
      })
    }
    this.conclude(frame, final)
    return final === exit ? undefined : final as Exit.Exit<never, unknown>
  }

  checkOutput(frame: Frame, exit: AnyExit): AnyExit {
    if (exit._tag === "Failure") return exit
    try {
      if (frame.registration.isOutput(exit.value)) return exit
      return Exit.fail(
        new OperationError({
          key: frame.key,
          reason: { _tag: "InvalidOutput", ...codec.explain(frame.operation.output, exit.value) }
        })
      )
    } catch (defect) {
      return Exit.die(defect)
    }
  }

  /** I3: the handler runs to its end here and now, on a fiber of its own, or not at all. */
  private runSync(frame: Frame, hook: InvocationHook | undefined): AnyEffect {
    // Under `runPromise` too, a synchronous handler gets a scheduler whose tasks can be run at once.
    if (frame.fiber.cache.scheduler.executionMode !== "sync") {
      frame.enter(frame.registration.closure.synchronous(frame.base))
    }
    if (hook !== undefined) {
      const wait = hook.before(frame)
      if (wait !== undefined) {
        const ready = this.runNow(wait, frame.context) ?? notSynchronous(frame)
        if (ready._tag === "Failure") {
          this.events.failed(frame, ready.cause, true)
          return ready
        }
      }
    }
    const traced = this.trace(frame, frame.fiber)
    if (traced !== undefined) this.runNow(traced, frame.context)
    this.events.started(frame)
    const exit = this.runNow(this.handle(frame), frame.context) ?? notSynchronous(frame)
    frame.ended = true
    const final = this.checkOutput(frame, exit)
    if (hook !== undefined) hook.commit(frame, final)
    this.conclude(frame, final)
    return final
  }

  /** The exit of an effect that completes without suspending; one that suspends is interrupted and has none. */
  private runNow(effect: AnyEffect, context: Context.Context<never>): AnyExit | undefined {
    const fiber = Effect.runForkWith(context)(effect)
    let exit = fiber.pollUnsafe()
    if (exit !== undefined) return exit
    fiber.currentDispatcher.flush()
    exit = fiber.pollUnsafe()
    if (exit !== undefined) return exit
    fiber.interruptUnsafe()
    fiber.currentDispatcher.flush()
    return undefined
  }

  // -------------------------------------------------------------------------
  // refusals: one `Failed`, no `Started`
  // -------------------------------------------------------------------------

  refuse(
    fiber: AnyFiber,
    registration: Registration,
    call: Call,
    reason: OperationErrorReason
  ): Effect.Effect<never, OperationError> {
    const cause = Cause.fail(new OperationError({ key: registration.key, reason }))
    this.events.failed(new Frame(this, registration, fiber, call.input, call.options), cause, true)
    return Exit.failCause(cause)
  }

  refuseUnknown(
    fiber: AnyFiber,
    key: string,
    options: CallOptions | undefined,
    reason: OperationErrorReason = this.notFound(key).reason
  ): Effect.Effect<never, OperationError> {
    const stranger = unknownRegistration(key)
    return this.refuse(fiber, stranger, { operation: stranger.operation, input: undefined, options }, reason)
  }

  installHook(hook: InvocationHook): Effect.Effect<void, never, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.suspend(() => {
        if (this.hook !== undefined) {
          return Effect.die(new TypeError("HistoryTracker: this invoker has a history already. Use one per invoker."))
        }
        this.hook = hook
        return Effect.void
      }),
      () =>
        Effect.sync(() => {
          this.hook = undefined
        })
    )
  }
}

const nowhere = new Closure(Context.empty(), Context.empty())

/**
 * Stands in for the registration that a key does not have, in the one event that says so. Without a schema nobody knows
 * which part of the input is sensitive, so the event carries none of it.
 */
const unknownRegistration = (key: string): Registration =>
  ({ key, operation: { key, stream: false }, closure: nowhere, redactInput: () => redacted }) as unknown as Registration

const notSynchronous = (frame: Frame): Exit.Exit<never, OperationError> =>
  Exit.fail(new OperationError({ key: frame.key, reason: { _tag: "NotSynchronous" } }))

// ---------------------------------------------------------------------------
// calls as effects
// ---------------------------------------------------------------------------

/** @internal */
export interface Call {
  readonly operation: Operation.Any
  readonly input: unknown
  readonly options: CallOptions | undefined
}

interface CallEffect extends Call {
  readonly pipeline: Pipeline
}

/**
 * A call as a primitive effect: it is built once per `invoke` and evaluated once per run, without a closure.
 *
 * @internal
 */
export const CallEffect = function(
  this: { -readonly [Key in keyof CallEffect]: CallEffect[Key] },
  pipeline: Pipeline,
  operation: Operation.Any,
  input: unknown,
  options: CallOptions | undefined
) {
  this.pipeline = pipeline
  this.operation = operation
  this.input = input
  this.options = options
} as unknown as new(
  pipeline: Pipeline,
  operation: Operation.Any,
  input: unknown,
  options: CallOptions | undefined
) => CallEffect
CallEffect.prototype = Effectable.Prototype<AnyEffect & CallEffect>({
  label: "opbus/invoke",
  evaluate(fiber) {
    return this.pipeline.call(fiber, this)
  }
})
