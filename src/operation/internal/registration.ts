import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import * as Stream from "effect/Stream"
import type * as Operation from "../Operation.ts"
import { isOperationError } from "../OperationError.ts"
import type { Closure } from "./closure.ts"
import * as codec from "./codec.ts"
import { difference } from "./difference.ts"
import { jsonCodec, makeJsonDecoder, makeJsonEncoder, makeJsonReader } from "./json.ts"
import { makeErrorRedactor, makeRedactor } from "./sensitive.ts"

/** @internal */
export type AnyHandler = (input: any) => Effect.Effect<any, any, any> | Stream.Stream<any, any, any>

/**
 * An invocation in flight, as a link of its registration's list.
 *
 * @internal
 */
export interface InFlight {
  readonly fiber: Fiber.Fiber<unknown, unknown>
  previous: InFlight | undefined
  next: InFlight | undefined
}

/**
 * A handler in the registry with everything that is prepared once: guards, redactors, the composed handler, and the
 * services it closes over.
 *
 * @internal
 */
export class Registration {
  readonly operation: Operation.Any
  readonly key: string
  readonly sync: boolean
  /** It stands for what runs elsewhere: the handler is a transport. */
  readonly remote: boolean
  /** Neither lanes nor stream: the invoker takes its short path. */
  readonly plain: boolean
  readonly closure: Closure
  /** The handler as given, and as composed with the middleware that applies. */
  readonly original: AnyHandler
  handler: AnyHandler
  readonly isInput: (value: unknown) => boolean
  readonly isOutput: (value: unknown) => boolean
  readonly isProgress: (value: unknown) => boolean
  readonly redactInput: ((value: unknown) => unknown) | undefined
  readonly redactOutput: ((value: unknown) => unknown) | undefined
  readonly redactError: ((value: unknown) => unknown) | undefined
  readonly redactProgress: ((value: unknown) => unknown) | undefined
  private first: InFlight | undefined
  private emptied: Array<() => void> | undefined
  private compatible: WeakSet<Operation.Any> | undefined
  private codecs: Codecs | undefined

  constructor(operation: Operation.Any, handler: AnyHandler, closure: Closure, remote = false) {
    this.operation = operation
    this.key = operation.key
    this.remote = remote
    this.sync = !remote && operation.executionMode === "sync"
    this.plain = operation.concurrency === "unbounded" && !operation.stream
    this.closure = closure
    this.original = handler
    this.handler = handler
    this.isInput = codec.makeGuard(operation.input)
    // Output may carry more than the schema says: it is cut off where it leaves the process.
    this.isOutput = SchemaParser.is(operation.output)
    this.isProgress = SchemaParser.is(operation.progress)
    this.redactInput = makeRedactor(operation.input)
    this.redactOutput = makeRedactor(operation.output)
    this.redactError = makeErrorRedactor(operation.error)
    this.redactProgress = makeRedactor(operation.progress)
    this.first = undefined
    this.emptied = undefined
    this.compatible = undefined
    this.codecs = undefined
  }

  /** The handler with its own services, whatever a middleware around it provides. */
  readonly isolated: AnyHandler = (input) => {
    const merge = (context: Context.Context<never>): Context.Context<never> => this.closure.merge(context)
    return this.operation.stream
      ? Stream.updateContext(this.original(input) as Stream.Stream<unknown, unknown>, merge)
      : Effect.updateContext(this.original(input) as Effect.Effect<unknown, unknown>, merge)
  }

  /** The input or the output has sensitive fields. */
  get sensitive(): boolean {
    return this.redactInput !== undefined || this.redactOutput !== undefined
  }

  private get lazyCodecs(): Codecs {
    return this.codecs ??= new Codecs(this.operation)
  }

  /** Encodes input to JSON data. Throws when the schema cannot do so synchronously. */
  get encodeInput(): (value: unknown) => unknown {
    return this.lazyCodecs.encodeInput
  }

  /** Encodes output to JSON data. Throws when the schema cannot do so synchronously. */
  get encodeOutput(): (value: unknown) => unknown {
    return this.lazyCodecs.encodeOutput
  }

  /** Encodes the operation's own failure to JSON data. */
  get encodeError(): (value: unknown) => unknown {
    return this.lazyCodecs.encodeError
  }

  /** Encodes progress to JSON data. */
  get encodeProgress(): (value: unknown) => unknown {
    return this.lazyCodecs.encodeProgress
  }

  /** The exit that JSON data of output or failure stands for. What does not fit any more is a defect. */
  reopen(exit: Exit.Exit<unknown, unknown>): Effect.Effect<unknown, unknown> {
    if (exit._tag === "Success") return Effect.orDie(this.lazyCodecs.decodeOutput(exit.value))
    const reason = exit.cause.reasons[0]
    return reason?._tag !== "Fail" || isOperationError(reason.error)
      ? exit
      : Effect.flatMap(Effect.orDie(this.lazyCodecs.decodeError(reason.error)), Effect.fail)
  }

  /** Decodes JSON data of output. */
  get decodeOutput(): (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue> {
    return this.lazyCodecs.decodeOutput
  }

  /** Decodes JSON data of progress. */
  get decodeProgress(): (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue> {
    return this.lazyCodecs.decodeProgress
  }

  /** Decodes JSON data of the operation's own failure. */
  get decodeError(): (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue> {
    return this.lazyCodecs.decodeError
  }

  /** Decodes JSON data to input. */
  get decodeInput(): (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue> {
    return this.lazyCodecs.decodeInput
  }

  /** Encodes output to JSON data, also where the schema needs an effect for it. */
  get encodeOutputEffect(): (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue> {
    return this.lazyCodecs.encodeOutputEffect
  }

  /** Whether a definition fits, remembered per definition: `undefined`, or what differs. */
  misfitOf(operation: Operation.Any): string | undefined {
    if (operation === this.operation || this.compatible?.has(operation)) return undefined
    const differs = difference(this.operation, operation)
    if (differs === undefined) (this.compatible ??= new WeakSet()).add(operation)
    return differs
  }

  enter(link: InFlight): void {
    link.next = this.first
    if (this.first !== undefined) this.first.previous = link
    this.first = link
  }

  leave(link: InFlight): void {
    if (link.previous !== undefined) link.previous.next = link.next
    else if (this.first === link) this.first = link.next
    if (link.next !== undefined) link.next.previous = link.previous
    link.previous = link.next = undefined
    if (this.first === undefined && this.emptied !== undefined) {
      const emptied = this.emptied
      this.emptied = undefined
      for (const resume of emptied) resume()
    }
  }

  /** Waits until nothing is in flight. */
  readonly awaitIdle: Effect.Effect<void> = Effect.callback<void>((resume) => {
    if (this.first === undefined) return resume(Effect.void)
    ;(this.emptied ??= []).push(() => resume(Effect.void))
  })

  interruptAll(): void {
    for (let link = this.first; link !== undefined; link = link.next) link.fiber.interruptUnsafe()
  }

  /** Whether an invocation is in flight here. One that is cannot wait for the registration to become idle. */
  has(link: unknown): boolean {
    for (let current = this.first; current !== undefined; current = current.next) if (current === link) return true
    return false
  }
}

/** The codecs to JSON, compiled when they are first needed: a process that never leaves itself never needs them. */
class Codecs {
  readonly encodeInput: (value: unknown) => unknown
  readonly encodeOutput: (value: unknown) => unknown
  readonly encodeError: (value: unknown) => unknown
  readonly encodeOutputEffect: (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue>
  readonly decodeInput: (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue>
  readonly encodeProgress: (value: unknown) => unknown
  readonly decodeOutput: (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue>
  readonly decodeError: (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue>
  readonly decodeProgress: (value: unknown) => Effect.Effect<unknown, SchemaIssue.Issue>

  constructor(operation: Operation.Any) {
    this.encodeInput = makeJsonEncoder(operation.input)
    this.encodeOutput = makeJsonEncoder(operation.output)
    this.encodeError = lazily(() => makeJsonEncoder(operation.error))
    this.encodeOutputEffect = SchemaParser.encodeUnknownEffect(jsonCodec(operation.output))
    this.decodeInput = makeJsonDecoder(operation.input)
    this.encodeProgress = lazily(() => makeJsonEncoder(operation.progress))
    this.decodeOutput = lazily(() => makeJsonReader(operation.output))
    this.decodeError = lazily(() => makeJsonReader(operation.error))
    this.decodeProgress = lazily(() => makeJsonReader(operation.progress))
  }
}

const lazily = <A, B>(make: () => (value: A) => B): (value: A) => B => {
  let made: ((value: A) => B) | undefined
  return (value) => (made ??= make())(value)
}
