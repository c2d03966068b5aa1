/**
 * A kit for testing code that invokes operations: records what happens, stands in for handlers, and asserts.
 *
 * It needs no test framework: a failed assertion is a defect with a message that lists what was invoked. It waits for
 * events, never for time, so it is deterministic under `TestClock`.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import { format } from "effect/Formatter"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { makeRedactor } from "./internal/sensitive.ts"
import type { Invocation, Origin } from "./Invocation.ts"
import type * as Operation from "./Operation.ts"
import type { OperationError } from "./OperationError.ts"
import { OperationInvoker } from "./OperationInvoker.ts"
import { OperationRegistry } from "./OperationRegistry.ts"

/**
 * How an invocation stands: it runs, or it has ended in one of three ways.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome<Output = unknown> =
  | { readonly _tag: "Running" }
  | { readonly _tag: "Succeeded"; readonly output: Output }
  | { readonly _tag: "Failed"; readonly cause: Cause.Cause<unknown>; readonly refused: boolean }
  | { readonly _tag: "Interrupted" }

/**
 * One recorded invocation.
 *
 * @category models
 * @since 0.1.0
 */
export interface Recorded<Input = unknown, Output = unknown> {
  readonly id: string
  readonly key: string
  readonly parentId: string | undefined
  readonly actor: string | undefined
  readonly origin: Origin
  /** As events show it: sensitive fields are `"<redacted>"`. */
  readonly input: Input
  /** What the handler reported, in order. */
  readonly progress: ReadonlyArray<unknown>
  /** For a stream operation: `{ count }`. */
  readonly outcome: Outcome<Output>
  readonly events: ReadonlyArray<Invocation>
}

/**
 * The recorded invocations of an operation.
 *
 * @category utility types
 * @since 0.1.0
 */
export type RecordedOf<Op extends Operation.Any> = Recorded<
  Op["input"]["Type"],
  Op["stream"] extends true ? { readonly count: number } : Op["output"]["Type"]
>

/**
 * Which invocations are meant: those with an equal input, or those whose input passes a test. Sensitive fields are not
 * compared.
 *
 * @category models
 * @since 0.1.0
 */
export type Match<Op extends Operation.Any> = Op["input"]["Type"] | ((input: Op["input"]["Type"]) => boolean)

/**
 * What stands in for a handler: a handler, or an output. For a stream operation an array of elements.
 *
 * @category models
 * @since 0.1.0
 */
export type Stub<Op extends Operation.Any> =
  | Operation.HandlerOf<Op>
  | (Op["stream"] extends true ? ReadonlyArray<Op["output"]["Type"]> : Op["output"]["Type"])

/**
 * What a failed assertion dies with.
 *
 * @category errors
 * @since 0.1.0
 */
export class OperationAssertionError extends Error {
  override readonly name = "OperationAssertionError"
}

/**
 * The kit.
 *
 * **When to use**
 *
 * Use `OperationTest.layer` over the layers of the application under test, or `OperationTest.layerBus` around the few
 * handlers that a test needs.
 *
 * **Details**
 *
 * Recording begins when the layer is built. Stubs last until the scope closes, which is the end of a test in most
 * frameworks; they shadow the real handler, and need none below them.
 *
 * @category services
 * @since 0.1.0
 */
export class OperationTest extends Context.Service<OperationTest, {
  /** Everything that happened, in order. */
  readonly events: Effect.Effect<ReadonlyArray<Invocation>>
  /** The invocations of an operation, in the order of their first events; without one, of all. */
  readonly invocations: {
    (): Effect.Effect<ReadonlyArray<Recorded>>
    <Op extends Operation.Any>(operation: Op, match?: Match<Op>): Effect.Effect<ReadonlyArray<RecordedOf<Op>>>
  }
  /** Forgets what was recorded. */
  readonly clear: Effect.Effect<void>
  /** What was invoked, as text: one line per invocation, nested ones indented. */
  readonly timeline: Effect.Effect<string>

  /** Stands in for the handler of an operation until the scope closes. */
  readonly stub: <Op extends Operation.Any>(operation: Op, stub: Stub<Op>) => Effect.Effect<void, never, Scope.Scope>
  /** Lets an operation fail until the scope closes. */
  readonly failWith: <Op extends Operation.Any>(
    operation: Op,
    error: Op["error"]["Type"] | OperationError
  ) => Effect.Effect<void, never, Scope.Scope>

  /** Dies unless the operation was invoked, with this input if one is given; returns the first such invocation. */
  readonly assertInvoked: <Op extends Operation.Any>(
    operation: Op,
    match?: Match<Op>
  ) => Effect.Effect<RecordedOf<Op>>
  /** Dies if the operation was invoked, with this input if one is given. */
  readonly assertNotInvoked: <Op extends Operation.Any>(operation: Op, match?: Match<Op>) => Effect.Effect<void>
  /** Dies unless the operation was invoked so many times. */
  readonly assertInvokedTimes: <Op extends Operation.Any>(
    operation: Op,
    times: number,
    match?: Match<Op>
  ) => Effect.Effect<void>

  /** Waits until an invocation of the operation has ended, in whatever way; one that has ended already counts. */
  readonly awaitInvocation: <Op extends Operation.Any>(
    operation: Op,
    match?: Match<Op>
  ) => Effect.Effect<RecordedOf<Op>>
  /** Waits until so many invocations of the operation have ended. */
  readonly awaitInvocations: <Op extends Operation.Any>(
    operation: Op,
    times: number,
    match?: Match<Op>
  ) => Effect.Effect<ReadonlyArray<RecordedOf<Op>>>
}>()("opbus/operation/OperationTest") {
  /**
   * The kit over an invoker and a registry.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<OperationTest, never, OperationInvoker | OperationRegistry> = Layer.effect(
    OperationTest,
    Effect.gen(function*() {
      const registry = yield* OperationRegistry
      const invoker = yield* OperationInvoker
      const recorder = new Recorder()
      yield* invoker.observe((event) => recorder.record(event))
      return make(registry, recorder)
    })
  )

  /**
   * The kit with a registry, an invoker and the given handlers.
   *
   * @since 0.1.0
   */
  static readonly layerBus = <A = never, E = never, R = never>(
    handlers: Layer.Layer<A, E, R> = Layer.empty as Layer.Layer<any>
  ): Layer.Layer<
    A | OperationTest | OperationInvoker | OperationRegistry,
    E,
    Exclude<R, OperationInvoker | OperationRegistry>
  > =>
    OperationTest.layer.pipe(
      Layer.provideMerge(handlers),
      Layer.provideMerge(OperationInvoker.layer.pipe(Layer.provideMerge(OperationRegistry.layer)))
    )
}

// ---------------------------------------------------------------------------
// recording
// ---------------------------------------------------------------------------

class Recorder {
  events: Array<Invocation> = []
  private byId = new Map<string, Array<Invocation>>()
  private waiting = new Set<() => void>()

  record(event: Invocation): void {
    this.events.push(event)
    const known = this.byId.get(event.id)
    if (known === undefined) this.byId.set(event.id, [event])
    else known.push(event)
    for (const check of this.waiting) check()
  }

  clear(): void {
    this.events = []
    this.byId = new Map()
  }

  get recorded(): ReadonlyArray<Recorded> {
    return Array.from(this.byId.values(), recordedOf)
  }

  /** Waits until `find` gives a value. It is asked now and after every event, on the fiber of whoever raised the event. */
  await<A>(find: () => A | undefined): Effect.Effect<A> {
    return Effect.callback<A>((resume) => {
      const check = () => {
        const found = find()
        if (found === undefined) return
        this.waiting.delete(check)
        resume(Effect.succeed(found))
      }
      this.waiting.add(check)
      check()
      return Effect.sync(() => this.waiting.delete(check))
    })
  }
}

const recordedOf = (events: ReadonlyArray<Invocation>): Recorded => {
  const { actor, id, input, key, origin, parentId } = events[0]!
  return {
    id,
    key,
    parentId,
    actor,
    origin,
    input,
    progress: events.flatMap((event) => event._tag === "Progress" ? [event.progress] : []),
    outcome: outcomeOf(events[events.length - 1]!),
    events
  }
}

const outcomeOf = (last: Invocation): Outcome => {
  switch (last._tag) {
    case "Succeeded":
      return { _tag: "Succeeded", output: last.output }
    case "Failed":
      return { _tag: "Failed", cause: last.cause, refused: last.refused === true }
    case "Interrupted":
      return { _tag: "Interrupted" }
    default:
      return { _tag: "Running" }
  }
}

const matcher = (operation: Operation.Any, match: unknown): (recorded: Recorded) => boolean => {
  if (match === undefined) return ({ key }) => key === operation.key
  if (typeof match === "function") return ({ input, key }) => key === operation.key && match(input) === true
  const visible = (makeRedactor(operation.input) ?? ((input) => input))(match)
  return ({ input, key }) => key === operation.key && Equal.equals(input, visible)
}

// ---------------------------------------------------------------------------
// the service
// ---------------------------------------------------------------------------

const make = (
  registry: (typeof OperationRegistry)["Service"],
  recorder: Recorder
): (typeof OperationTest)["Service"] => {
  const matching = (operation: Operation.Any, match: unknown): ReadonlyArray<Recorded> =>
    recorder.recorded.filter(matcher(operation, match))

  const assert = <A>(check: () => A | { readonly expected: string }): Effect.Effect<any> =>
    Effect.suspend(() => {
      const result = check()
      return typeof result === "object" && result !== null && "expected" in result
        ? Effect.die(new OperationAssertionError(`${result.expected}\n\n${describeAll(recorder.recorded)}`))
        : Effect.succeed(result)
    })

  const ended = (operation: Operation.Any, times: number, match: unknown) => {
    const matches = matcher(operation, match)
    return recorder.await(() => {
      const found = recorder.recorded.filter((recorded) => recorded.outcome._tag !== "Running" && matches(recorded))
      return found.length >= times ? found.slice(0, times) : undefined
    })
  }

  const stub = (operation: Operation.Any, handler: (input: any) => unknown) =>
    Effect.orDie(registry.register(operation, handler as Operation.HandlerOf<Operation.Any>, { override: true }))

  const service: { readonly [Name in keyof (typeof OperationTest)["Service"]]: unknown } = {
    events: Effect.sync(() => recorder.events.slice()),
    invocations: (operation?: Operation.Any, match?: unknown) =>
      Effect.sync(() => operation === undefined ? recorder.recorded : matching(operation, match)),
    clear: Effect.sync(() => recorder.clear()),
    timeline: Effect.sync(() => timelineOf(recorder.recorded)),
    stub: (operation: Operation.Any, given: unknown) =>
      stub(
        operation,
        typeof given === "function"
          ? given as (input: unknown) => unknown
          : () => operation.stream ? Stream.fromIterable(given as ReadonlyArray<unknown>) : Effect.succeed(given)
      ),
    failWith: (operation: Operation.Any, error: unknown) =>
      stub(operation, () => operation.stream ? Stream.fail(error) : Effect.fail(error)),
    assertInvoked: (operation: Operation.Any, match?: unknown) =>
      assert(() =>
        matching(operation, match)[0] ??
          { expected: `Expected "${operation.key}" to have been invoked${withInput(match)}, but it was not.` }
      ),
    assertNotInvoked: (operation: Operation.Any, match?: unknown) =>
      assert(() =>
        matching(operation, match).length === 0
          ? undefined
          : { expected: `Expected "${operation.key}" not to have been invoked${withInput(match)}, but it was.` }
      ),
    assertInvokedTimes: (operation: Operation.Any, times: number, match?: unknown) =>
      assert(() => {
        const found = matching(operation, match).length
        return found === times ? undefined : {
          expected: `Expected "${operation.key}" to have been invoked ${counted(times)}${withInput(match)}, ` +
            `but it was invoked ${counted(found)}.`
        }
      }),
    awaitInvocation: (operation: Operation.Any, match?: unknown) =>
      Effect.map(ended(operation, 1, match), ([first]) => first),
    awaitInvocations: (operation: Operation.Any, times: number, match?: unknown) => ended(operation, times, match)
  }
  return service as (typeof OperationTest)["Service"]
}

// ---------------------------------------------------------------------------
// messages
// ---------------------------------------------------------------------------

const counted = (times: number): string => times === 1 ? "once" : times === 2 ? "twice" : `${times} times`

const withInput = (match: unknown): string =>
  match === undefined
    ? ""
    : typeof match === "function"
    ? " with an input that passes the test"
    : ` with ${show(match)}`

const show = (value: unknown): string => {
  const text = format(value)
  return text.length > 200 ? `${text.slice(0, 200)}…` : text
}

const describeAll = (recorded: ReadonlyArray<Recorded>): string =>
  recorded.length === 0 ?
    "Nothing was invoked." :
    `Invoked so far:\n${timelineOf(recorded).split("\n").map((line) => `  ${line}`).join("\n")}`

const timelineOf = (recorded: ReadonlyArray<Recorded>): string => {
  const depths = new Map<string, number>()
  return recorded.map((invocation) => {
    const depth = invocation.parentId === undefined ? 0 : (depths.get(invocation.parentId) ?? -1) + 1
    depths.set(invocation.id, depth)
    return `${"  ".repeat(depth)}${describeOne(invocation)}`
  }).join("\n")
}

const describeOne = ({ input, key, origin, outcome }: Recorded): string => {
  const call = `${key}${input === undefined ? "" : ` ${show(input)}`}${origin === "user" ? "" : ` (${origin})`}`
  switch (outcome._tag) {
    case "Running":
      return `${call} is running`
    case "Succeeded":
      return outcome.output === undefined ? `${call} succeeded` : `${call} gave ${show(outcome.output)}`
    case "Failed":
      return `${call} ${outcome.refused ? "was refused" : "failed"}: ${reasonOf(outcome.cause)}`
    case "Interrupted":
      return `${call} was interrupted`
  }
}

const reasonOf = (cause: Cause.Cause<unknown>): string => {
  const error = Cause.squash(cause)
  if (!(error instanceof Error)) return show(error)
  return error.message === "" ? error.name : `${error.name}: ${error.message.split("\n")[0]}`
}
