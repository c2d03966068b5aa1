import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Invocation, Succeeded } from "../Invocation.ts"
import { Broadcast } from "./broadcast.ts"
import type { Frame } from "./pipeline.ts"

/**
 * What observing costs, and what was lost to slow subscribers.
 *
 * @internal
 */
export interface EventStatistics {
  /** Observers that are called synchronously. */
  readonly observers: number
  /** Events published so far. */
  readonly events: number
  /** Milliseconds spent in observers so far, estimated from every 16th event. */
  readonly observerMillis: number
  /** How often an observer threw. */
  readonly observerFailures: number
  /** One element per subscriber of the stream. */
  readonly subscribers: ReadonlyArray<{ readonly buffered: number; readonly dropped: number }>
}

type Observer = (event: Invocation) => void

/** Every how many events observers are timed: reading the clock for each would cost as much as a cheap observer. */
const sampling = 16

/**
 * Makes events of frames and hands them to observers and streams.
 *
 * Invariants (I5): an observer sees every event, in the order of `sequence`; an event raised while another is handed out
 * waits until that one has reached all; a throwing observer neither stops the others nor the invocation.
 *
 * @internal
 */
export class Events {
  readonly epoch: string
  readonly stream: Broadcast<Invocation>
  private observers: ReadonlyArray<Observer> = []
  private sequence = 0
  private handing = false
  private waiting: Array<Invocation> = []
  private observerMillis = 0
  private observerFailures = 0
  private readonly report: (failure: unknown) => void

  constructor(epoch: string, report: (failure: unknown) => void) {
    this.epoch = epoch
    this.report = report
    this.stream = new Broadcast<Invocation>({ capacity: 4096, bytes: 16 * 1024 * 1024, sizeOf: estimateBytes })
  }

  observe(observer: Observer): Effect.Effect<void, never, Scope.Scope> {
    return Effect.acquireRelease(
      Effect.sync(() => {
        // A wrapper, so that the same function observed twice is removed one at a time.
        const own: Observer = (event) => observer(event)
        this.observers = [...this.observers, own]
        return own
      }),
      (own) =>
        Effect.sync(() => {
          this.observers = this.observers.filter((other) => other !== own)
        })
    )
  }

  get statistics(): EventStatistics {
    return {
      observers: this.observers.length,
      events: this.sequence,
      observerMillis: this.observerMillis,
      observerFailures: this.observerFailures,
      subscribers: this.stream.buffers
    }
  }

  private get unheard(): boolean {
    return this.observers.length === 0 && this.stream.isEmpty
  }

  started(frame: Frame): void {
    const sequence = ++this.sequence
    if (this.unheard) return
    this.publish(frame, {
      _tag: "Started",
      id: frame.id,
      key: frame.key,
      rootId: frame.rootId,
      origin: frame.origin,
      epoch: this.epoch,
      sequence,
      startedAt: frame.startedAt,
      input: frame.visibleInput
    })
  }

  succeeded(frame: Frame, output: unknown, stopped: boolean): void {
    const sequence = ++this.sequence
    if (this.unheard) return
    const redact = frame.registration.redactOutput
    const event: Succeeded = {
      _tag: "Succeeded",
      id: frame.id,
      key: frame.key,
      rootId: frame.rootId,
      origin: frame.origin,
      epoch: this.epoch,
      sequence,
      startedAt: frame.startedAt,
      input: frame.visibleInput,
      durationMillis: frame.durationMillis,
      output: redact === undefined || frame.operation.stream ? output : redact(output)
    }
    this.publish(frame, stopped ? { ...event, stopped } : event)
  }

  failed(frame: Frame, cause: Cause.Cause<unknown>, refused: boolean): void {
    const sequence = ++this.sequence
    if (this.unheard) return
    const common = this.common(frame, sequence)
    const { durationMillis } = frame
    if (!refused && cause.reasons.length > 0 && Cause.hasInterruptsOnly(cause)) {
      return this.publish(frame, { _tag: "Interrupted", ...common, durationMillis })
    }
    const redact = frame.registration.redactError
    const shown = redact === undefined ? cause : Cause.map(cause, redact)
    this.publish(
      frame,
      refused
        ? { _tag: "Failed", ...common, cause: shown, refused }
        : { _tag: "Failed", ...common, cause: shown, durationMillis }
    )
  }

  progress(frame: Frame, value: unknown): void {
    const sequence = ++this.sequence
    if (this.unheard) return
    const redact = frame.registration.redactProgress
    this.publish(frame, {
      _tag: "Progress",
      ...this.common(frame, sequence),
      progress: redact === undefined ? value : redact(value)
    })
  }

  private common(frame: Frame, sequence: number) {
    return {
      id: frame.id,
      key: frame.key,
      rootId: frame.rootId,
      origin: frame.origin,
      epoch: this.epoch,
      sequence,
      startedAt: frame.startedAt,
      input: frame.visibleInput
    }
  }

  private publish(frame: Frame, event: Invocation): void {
    describeCircumstances(frame, event)
    if (this.handing) {
      this.waiting.push(event)
      return
    }
    this.handing = true
    this.hand(event)
    if (this.waiting.length > 0) {
      // The list grows while it is walked: what an observer raises now is handed out last.
      for (let i = 0; i < this.waiting.length; i++) this.hand(this.waiting[i]!)
      this.waiting = []
    }
    this.handing = false
  }

  private hand(event: Invocation): void {
    const timed = event.sequence % sampling === 0
    const before = timed ? performance.now() : 0
    const observers = this.observers
    for (let i = 0; i < observers.length; i++) {
      try {
        observers[i]!(event)
      } catch (failure) {
        this.observerFailures++
        this.report(failure)
      }
    }
    if (!this.stream.isEmpty) this.stream.publish(event)
    if (timed) this.observerMillis += (performance.now() - before) * sampling
  }
}

/** What most invocations do not have. A field that is absent costs nothing, twice per invocation. */
const describeCircumstances = (frame: Frame, event: { -readonly [Key in keyof Invocation]: Invocation[Key] }): void => {
  const { actor, attempt, causedBy, group, parentId, trace } = frame
  if (parentId !== undefined) event.parentId = parentId
  if (group !== undefined) event.groupId = group.id
  if (causedBy !== undefined) event.causedBy = causedBy
  if (actor !== undefined) event.actor = actor
  if (trace !== undefined) event.trace = trace
  if (frame.joined !== undefined) event.joined = frame.joined
  if (attempt !== 1) event.attempt = attempt
  if (frame.registration.remote) event.remote = true
}

/**
 * Good enough to bound memory: strings by their length, everything else by its place, and not all of a large value.
 *
 * @internal
 */
export const estimateBytes = (event: Invocation): number => {
  const data = event._tag === "Succeeded" ? event.output : event._tag === "Progress" ? event.progress : undefined
  return 400 + estimate(event.input, 0) + (data === undefined ? 0 : estimate(data, 0))
}

const sampledElements = 100

const estimate = (value: unknown, depth: number): number => {
  if (typeof value === "string") return 16 + 2 * value.length
  if (typeof value !== "object" || value === null) return 8
  if (Array.isArray(value)) {
    const sampled = Math.min(value.length, sampledElements)
    let bytes = 0
    for (let i = 0; i < sampled; i++) bytes += estimate(value[i], depth + 1)
    return 32 + (sampled === 0 ? 0 : bytes * value.length / sampled)
  }
  if (ArrayBuffer.isView(value)) return 64 + value.byteLength
  if (depth > 8) return 64
  let bytes = 32
  for (const key in value) bytes += 16 + estimate((value as Record<string, unknown>)[key], depth + 1)
  return bytes
}
