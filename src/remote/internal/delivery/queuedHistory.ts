import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import * as Stream from "effect/Stream"
import { HistoryTracker } from "../../../history/HistoryTracker.ts"
import type { Names } from "../../../history/internal/entry.ts"
import type { Mapping } from "../../../history/internal/mapping.ts"
import { mappingsOf } from "../../../history/internal/mappings.ts"
import * as UndoMapping from "../../../history/UndoMapping.ts"
import { UndoRegistry } from "../../../history/UndoRegistry.ts"
import { isJson, jsonCodec, makeJsonEncoder } from "../../../operation/internal/json.ts"
import { hasSensitive } from "../../../operation/internal/sensitive.ts"
import * as Operation from "../../../operation/Operation.ts"
import { OperationError, type OperationErrorReason } from "../../../operation/OperationError.ts"
import { OperationInvoker } from "../../../operation/OperationInvoker.ts"
import type { OperationRegistry } from "../../../operation/OperationRegistry.ts"
import { Outbox } from "../../Outbox.ts"
import type { Resolve } from "./deliverer.ts"
import { type Asked, outboxInternalsOf, type QueueRecorder } from "./outboxInternals.ts"
import { Dead, Done, Removed } from "./outboxStore.ts"

/**
 * Putting a call into the queue, as an operation of this process: what the history records and redoes. `first` is the
 * idempotency key of the first time, `like` the id of the call whose headers and timeout a redo takes over.
 */
const Queue = Operation.make({
  meta: { key: "outbox.queue" },
  input: Schema.Struct({
    key: Schema.String,
    lane: Schema.String,
    input: Schema.Json,
    first: Schema.String,
    like: Schema.optionalKey(Schema.String)
  }),
  output: Schema.Struct({ id: Schema.String, idempotencyKey: Schema.String })
})

/**
 * Takes a call back: removes it, or queues its inverse behind it. The second time changes nothing: one that was removed
 * stays so, and what is queued has the same idempotency key.
 */
const TakeBack = Operation.make({
  meta: { key: "outbox.takeBack" },
  input: Schema.Struct({
    key: Schema.String,
    id: Schema.String,
    input: Schema.Json,
    captured: Schema.optionalKey(Schema.Json)
  })
}).annotate(Operation.Idempotent, true)

/** What every entry of a queued call touches: nobody else does. */
const resourceOf = (id: string): string => `outbox/${id}`

const fail = (key: string, reason: OperationErrorReason) => Effect.fail(new OperationError({ key, reason }))

/** A call that nobody can take back: it never took effect, or what came of it is not known any more. */
const over = (key: string, why: string) => fail(key, { _tag: "DeadLettered", why })

/** The process that knows may come. Nothing was sent. */
const later = (key: string, why: string) => fail(key, { _tag: "RemoteUnavailable", why, sent: false })

const noMapping = "no undo mapping of it is registered in this process"

/**
 * Records queued calls (R4).
 *
 *     enqueue ── outbox.queue ──────▶ accepted
 *     undo ───── outbox.takeBack ───▶ not sent yet: removed
 *                                     else, in the same lane: [call][inverse of call]
 *     redo ───── outbox.queue ──────▶ accepted again, with an idempotency key of its own
 *
 * The input of the inverse is derived when its turn comes: the call before it has its outcome then (order of a lane), so
 * an undo needs to wait for nobody.
 *
 * @internal
 */
export const queuedHistory: Layer.Layer<
  never,
  never,
  HistoryTracker | OperationInvoker | OperationRegistry | Outbox | UndoRegistry
> = Layer.unwrap(Effect.gen(function*() {
  const outbox = yield* Outbox
  const internals = outboxInternalsOf(outbox)
  // Of a queue that is not ours nothing is recorded.
  if (internals === undefined || internals.recordedElsewhere) return Layer.empty
  const tracker = yield* HistoryTracker
  const invoker = yield* OperationInvoker
  const mappings = mappingsOf(yield* UndoRegistry)
  const scope = yield* Effect.scope
  const prepared = new WeakMap<Mapping, Prepared>()
  /** How a call is to be queued the first time: headers may be secret, and have no place in a history. */
  const asking = new Map<string, Asked>()

  const preparedOf = (key: string): Prepared | undefined => {
    const mapping = mappings.active.get(key)
    if (mapping === undefined) return undefined
    let found = prepared.get(mapping)
    if (found === undefined) prepared.set(mapping, found = new Prepared(mapping))
    return found
  }

  const forget = (id: string) => tracker.invalidate({ touches: resourceOf(id) })

  const recorder: QueueRecorder = {
    takes: (operation, asked) => asked.optimistic === undefined && preparedOf(operation.key)?.fits(operation) === true,
    enqueue: (operation, input, asked) =>
      Effect.suspend(() => {
        const first = asked.idempotencyKey ?? globalThis.crypto.randomUUID()
        const { key } = operation
        const call = preparedOf(key)!.encodeInput(input) as Schema.Json
        asking.set(first, { ...asked, idempotencyKey: first })
        return Effect.ensuring(
          invoker.invoke(Queue, { key, lane: asked.lane ?? key, input: call, first }),
          Effect.sync(() => asking.delete(first))
        )
      }),
    resolve: (call, input) => resolve(call, input)
  }

  const handlers = Layer.merge(
    Queue.toLayer(({ first, input, key, lane, like }) =>
      Effect.gen(function*() {
        const known = preparedOf(key)
        if (known === undefined) return yield* over(key, noMapping)
        let asked = asking.get(first)
        if (asked === undefined) {
          const options = like === undefined ? undefined : (yield* internals.get(key, like))?.options
          asked = { lane, headers: options?.headers, timeout: options?.timeout, version: options?.version }
        }
        const { id, idempotencyKey } = yield* internals.enqueue(known.operation, known.decodeInput(input), asked)
        return { id, idempotencyKey }
      })
    ),
    TakeBack.toLayer(({ captured, id, input, key }) =>
      Effect.gen(function*() {
        const call = yield* internals.get(key, id)
        if (call?.state === Removed) return
        if (call === undefined || call.state === Dead) {
          // Once this undo has failed: the next one must not meet it again.
          yield* Effect.forkIn(forget(id), scope)
          return yield* over(
            key,
            call === undefined
              ? "its outcome is not kept any more"
              : "it never took effect, so there is nothing to undo"
          )
        }
        if (yield* outbox.remove(id)) return
        const known = preparedOf(key)
        if (known === undefined) return yield* over(key, noMapping)
        yield* internals.queueInverse(call, known.inverse, { input, captured })
      })
    )
  )

  const resolve: Resolve = (call, stored) =>
    Effect.gen(function*() {
      const { input, captured, of } = stored as {
        readonly input: unknown
        readonly captured: unknown
        readonly of: string
      }
      const done = yield* internals.get(of, call.options.undoes!)
      if (done === undefined) {
        return yield* over(call.key, "the outcome of the call that it takes back is not kept any more")
      }
      // One that was given up, and perhaps retried behind this one, has done nothing so far.
      if (done.state !== Done) return undefined
      if (done.outcome?._tag !== "Success") {
        return yield* over(call.key, "the outcome of the call that it takes back is not known")
      }
      const known = preparedOf(of)
      if (known === undefined || known.inverse.key !== call.key) return yield* later(call.key, noMapping)
      const { value } = done.outcome
      const inverse = yield* Effect.try({
        try: () => known.derive(input, value, captured),
        catch: (failure) =>
          new OperationError({
            key: call.key,
            reason: { _tag: "DeadLettered", why: `its input could not be derived: ${String(failure).split("\n")[0]}` }
          })
      })
      return inverse === undefined ? undefined : { input: inverse.input }
    })

  const mapping = UndoMapping.make({
    operation: Queue,
    capture: ({ input, key }) =>
      Effect.suspend(() => {
        const known = preparedOf(key)
        return known === undefined ? Effect.fail(new Error(noMapping)) : known.capture(input)
      }),
    inverse: TakeBack,
    deriveContext: ({ input, key }, { id }, captured) =>
      captured === undefined ? { key, id, input } : { key, id, input, captured: captured as Schema.Json },
    redo: (input, { id }) => ({ ...input, like: id }),
    scope: ({ input, key }) => preparedOf(key)?.names("scope", input) ?? [],
    touches: ({ input, key }, { id }) => {
      const known = preparedOf(key)
      return [...known?.names("touches", input) ?? known?.names("scope", input) ?? [], resourceOf(id)]
    },
    message: ({ input, key }) => preparedOf(key)?.message(input) ?? key
  })

  yield* Effect.acquireRelease(
    Effect.sync(() => {
      internals.recorder = recorder
    }),
    () =>
      Effect.sync(() => {
        if (internals.recorder === recorder) internals.recorder = undefined
      })
  )
  // What was given up has done nothing: there is nothing to undo.
  yield* Effect.forkScoped(Stream.runForEach(
    outbox.changes,
    (change) => change._tag === "DeadLettered" ? forget(change.id) : Effect.void
  ))
  return Layer.merge(handlers, mapping.toLayer)
}))

/** A user's mapping, with what it takes to use it on calls that are stored. */
class Prepared {
  readonly encodeInput: (value: unknown) => unknown
  private readonly mapping: Mapping
  private readonly decode: (value: unknown) => unknown
  private readonly decodeOutput: (value: unknown) => unknown
  private readonly encodeInverse: (value: unknown) => unknown
  private readonly undoable: boolean

  constructor(mapping: Mapping) {
    const { inverse, operation } = mapping.props
    this.mapping = mapping
    this.encodeInput = makeJsonEncoder(operation.input)
    this.decode = SchemaParser.decodeUnknownSync(jsonCodec(operation.input))
    this.decodeOutput = SchemaParser.decodeUnknownSync(jsonCodec(operation.output))
    this.encodeInverse = makeJsonEncoder(inverse.input)
    // I8: nothing sensitive lies in a history; and of an outcome that is not stored no inverse can be derived.
    this.undoable = !operation.stream && !inverse.stream &&
      ![operation.input, operation.output, operation.error, inverse.input].some(({ ast }) => hasSensitive(ast))
  }

  get operation(): Operation.Any {
    return this.mapping.props.operation
  }

  get inverse(): Operation.Any {
    return this.mapping.props.inverse
  }

  fits(operation: Operation.Any): boolean {
    return this.undoable && operation.input === this.operation.input && operation.output === this.operation.output
  }

  decodeInput(input: unknown): unknown {
    return this.decode(input)
  }

  /** What it gives has to be stored, without a schema. */
  capture(input: unknown): Effect.Effect<unknown, unknown> {
    if (this.mapping.props.capture === undefined) return Effect.undefined
    return Effect.flatMap(
      Effect.suspend(() => this.mapping.capture(this.decodeInput(input))),
      (captured) =>
        captured === undefined || isJson(captured)
          ? Effect.succeed(captured)
          : Effect.fail(new Error("what its mapping captures is not JSON data, and could not wait for the outcome"))
    )
  }

  /** The inverse's input as JSON; `undefined`: there is nothing to take back. */
  derive(input: unknown, output: unknown, captured: unknown): { readonly input: unknown } | undefined {
    const derived = this.mapping.props.deriveContext(this.decodeInput(input), this.decodeOutput(output), captured)
    return derived === undefined ? undefined : { input: this.encodeInverse(derived) ?? null }
  }

  /** Without the output, which nobody has yet: `undefined` where the mapping asks for it. */
  names(which: "scope" | "touches", input: unknown): ReadonlyArray<string> | undefined {
    const names: Names = this.early(this.mapping.props[which], input)
    return typeof names === "string" ? [names] : names
  }

  message(input: unknown): string {
    return this.early(this.mapping.props.message, input) ?? this.operation.meta.label ?? this.operation.key
  }

  private early<A>(read: ((input: any, output: any) => A) | undefined, input: unknown): A | undefined {
    if (read === undefined) return undefined
    try {
      return read(this.decodeInput(input), undefined)
    } catch {
      return undefined
    }
  }
}
