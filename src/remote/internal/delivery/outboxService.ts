import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { Broadcast } from "../../../operation/internal/broadcast.ts"
import * as codec from "../../../operation/internal/codec.ts"
import { makeJsonDecoder, makeJsonEncoder } from "../../../operation/internal/json.ts"
import { remoteInternalsOf } from "../../../operation/internal/remoteInternals.ts"
import { hasSensitive } from "../../../operation/internal/sensitive.ts"
import type * as Operation from "../../../operation/Operation.ts"
import { OperationError, type OperationErrorReason } from "../../../operation/OperationError.ts"
import { type QueueOptions, type Receipt, RemoteInvoker } from "../../../operation/RemoteInvoker.ts"
import type { DeadLetter } from "../../DeadLetter.ts"
import type { Outbox, OutboxChange, OutboxOptions, QueuedCall } from "../../Outbox.ts"
import { Deliverer, type DeliveryOptions } from "./deliverer.ts"
import { Optimistic } from "./optimistic.ts"
import { type OutboxInternals, withOutboxInternals } from "./outboxInternals.ts"
import {
  type CallOptions,
  Dead,
  Done,
  type NewCall,
  type OutboxStore,
  type OutboxStoreError,
  type Outcome,
  Removed,
  sizeOf,
  type StoredCall,
  Waiting
} from "./outboxStore.ts"
import { Writer } from "./writer.ts"

const millisOf = (input: Duration.Input | undefined, otherwise: number): number =>
  input === undefined ? otherwise : Duration.toMillis(Duration.fromInputUnsafe(input))

const defaultRetry: Schedule.Schedule<unknown, OperationError> = Schedule.jittered(
  Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("30 seconds")])
)

const deliveryOptions = (options: OutboxOptions, poll: Duration.Input | undefined): DeliveryOptions => ({
  concurrency: options.concurrency ?? 16,
  retry: options.retry ?? defaultRetry,
  maxAttempts: options.maxAttempts ?? Infinity,
  maxAge: millisOf(options.maxAge, Infinity),
  poisonAttempts: options.poisonAttempts ?? 5,
  timeout: millisOf(options.timeout, 30_000),
  poll: millisOf(poll, 1_000),
  retention: millisOf(options.retention, 24 * 60 * 60 * 1_000),
  keepOutcomes: options.maxOutcomes ?? 100_000,
  keepDeadLetters: options.maxDeadLetters ?? 10_000,
  headers: options.headers ?? Effect.succeed({})
})

/** What is asked of an operation's schemas again and again. */
interface Codecs {
  readonly fits: (value: unknown) => boolean
  readonly encodeInput: (value: unknown) => unknown
  readonly decodeOutput: ReturnType<typeof makeJsonDecoder>
  readonly decodeError: ReturnType<typeof makeJsonDecoder>
  readonly sensitiveInput: boolean
  readonly sensitiveOutcome: boolean
}

const codecs = new WeakMap<Operation.Any, Codecs>()

const codecsOf = (operation: Operation.Any): Codecs => {
  let found = codecs.get(operation)
  if (found === undefined) {
    found = {
      fits: codec.makeGuard(operation.input),
      encodeInput: makeJsonEncoder(operation.input),
      decodeOutput: makeJsonDecoder(operation.output),
      decodeError: makeJsonDecoder(operation.error),
      sensitiveInput: hasSensitive(operation.input.ast),
      sensitiveOutcome: hasSensitive(operation.output.ast) || hasSensitive(operation.error.ast)
    }
    codecs.set(operation, found)
  }
  return found
}

const fail = (key: string, reason: OperationErrorReason) => Effect.fail(new OperationError({ key, reason }))

const unavailable = (key: string, why: string) => fail(key, { _tag: "RemoteUnavailable", why })

const noHistory = "it takes another call back, and this process has no OutboxHistory layer to tell how"

/**
 * The service over a store.
 *
 * @internal
 */
export const makeOutbox = (
  store: OutboxStore,
  options: OutboxOptions,
  poll?: Duration.Input
): Effect.Effect<Outbox["Service"], never, RemoteInvoker | Scope.Scope> =>
  Effect.gen(function*() {
    const remote = yield* RemoteInvoker
    const scope = yield* Effect.scope
    const context = yield* Effect.context<never>()
    const changes = new Broadcast<OutboxChange>()
    const writer = new Writer(store, scope)
    const optimistic = new Optimistic(context)
    const settings = deliveryOptions(options, poll)
    const deliverer = new Deliverer(
      store,
      writer,
      remote,
      optimistic,
      (call, input) =>
        internals.recorder === undefined
          ? fail(call.key, { _tag: "RemoteUnavailable", why: noHistory, sent: false })
          : internals.recorder.resolve(call, input),
      settings,
      context as Context.Context<never>,
      changes.publish
    )
    const maxCount = options.maxCount ?? 100_000
    const maxBytes = options.maxBytes ?? 64 * 1024 * 1024
    /** What is being accepted, and not yet counted. */
    let reservedCount = 0
    let reservedBytes = 0

    const failed = (key: string) => (error: OutboxStoreError) =>
      new OperationError({
        key,
        reason: { _tag: "RemoteUnavailable", why: `the outbox failed, and nothing was done: ${error.message}` }
      })

    // -----------------------------------------------------------------------
    // accepting
    // -----------------------------------------------------------------------

    const accept = (call: NewCall): Effect.Effect<string, OperationError> => {
      const size = sizeOf(call)
      if (deliverer.count + reservedCount + 1 > maxCount) {
        return fail(call.key, { _tag: "Overloaded", limit: maxCount })
      }
      if (deliverer.bytes + reservedBytes + size > maxBytes) {
        return fail(call.key, { _tag: "Overloaded", limit: deliverer.count + reservedCount })
      }
      const stored = (position: number): StoredCall => ({
        ...call,
        id: String(position),
        position,
        state: Waiting,
        attempts: 0,
        crashes: 0,
        maybe: false,
        outcome: undefined,
        endedAt: undefined
      })
      reservedCount++
      reservedBytes += size
      const outside = writer.submit({ _tag: "Accept", call }, (position) => {
        changes.publish({ _tag: "Accepted", id: String(position), key: call.key })
        deliverer.accepted(stored(position))
      })
      const position = Effect.flatMap(
        store.writeInside(call, Effect.sync(() => deliverer.look())),
        (inside) => {
          if (inside === undefined) return outside
          changes.publish({ _tag: "Accepted", id: String(inside), key: call.key })
          return Effect.succeed(inside)
        }
      )
      return Effect.onExit(Effect.mapError(position, failed(call.key)), () =>
        Effect.sync(() => {
          reservedCount--
          reservedBytes -= size
        })).pipe(Effect.map(String))
    }

    const sensitive = new Set<string>()

    const enqueue = <Op extends Operation.Any>(
      operation: Op,
      input: Op["input"]["Type"],
      asked: Omit<QueueOptions, "offline"> = {}
    ): Effect.Effect<Receipt<Op>, OperationError> => {
      const { recorder } = internals
      return recorder?.takes(operation, asked) === true && codecsOf(operation).fits(input)
        ? Effect.map(
          recorder.enqueue(operation, input, asked),
          ({ id, idempotencyKey }) => receiptOf(operation, id, idempotencyKey)
        )
        : put(operation, input, asked)
    }

    /** Without an entry in the history. */
    const put = <Op extends Operation.Any>(
      operation: Op,
      input: Op["input"]["Type"],
      asked: Omit<QueueOptions, "offline">
    ): Effect.Effect<Receipt<Op>, OperationError> =>
      Effect.gen(function*() {
        const { key } = operation
        const { encodeInput, fits, sensitiveInput, sensitiveOutcome } = codecsOf(operation)
        if (sensitiveOutcome) sensitive.add(key)
        if (operation.stream) {
          return yield* unavailable(key, "a stream operation cannot be queued: nobody would read what it gives")
        }
        if (store.durable && sensitiveInput) {
          return yield* fail(key, {
            _tag: "Denied",
            why: "its input has sensitive fields, and the queue would store them in clear. Call it without offline"
          })
        }
        if (!fits(input)) return yield* fail(key, { _tag: "InvalidInput", ...codec.explain(operation.input, input) })
        const text = JSON.stringify(encodeInput(input) ?? null)
        const idempotencyKey = asked.idempotencyKey ?? globalThis.crypto.randomUUID()
        const actor = asked.optimistic === undefined
          ? undefined
          : yield* optimistic.run(key, asked.optimistic, input, idempotencyKey)
        const callOptions: CallOptions = {
          timeout: asked.timeout === undefined ? undefined : millisOf(asked.timeout, 0),
          version: asked.version ?? operation.meta.version,
          headers: asked.headers,
          optimistic: actor,
          hidden: store.durable && sensitiveOutcome ? true : undefined
        }
        const accepted = accept({
          lane: asked.lane ?? key,
          key,
          input: text,
          idempotencyKey,
          options: callOptions,
          acceptedAt: yield* Clock.currentTimeMillis
        })
        const id = yield* actor === undefined
          ? accepted
          : Effect.onError(accepted, () => optimistic.takeBack(actor))
        return receiptOf(operation, id, idempotencyKey)
      })

    const queueInverse: OutboxInternals["queueInverse"] = (call, inverse, input) =>
      Effect.flatMap(Clock.currentTimeMillis, (acceptedAt) => {
        const { headers, timeout } = call.options
        if (codecsOf(inverse).sensitiveOutcome) sensitive.add(inverse.key)
        return Effect.asVoid(accept({
          lane: call.lane,
          key: inverse.key,
          input: JSON.stringify({ ...(input as object), of: call.key }),
          idempotencyKey: `${call.idempotencyKey}~undo`,
          options: {
            timeout,
            version: inverse.meta.version,
            headers,
            hidden: store.durable && codecsOf(inverse).sensitiveOutcome ? true : undefined,
            undoes: call.id
          },
          acceptedAt
        }))
      })

    const internals: OutboxInternals = {
      recorder: undefined,
      recordedElsewhere: remoteInternalsOf(remote).history === "server",
      enqueue: put,
      get: (key, id) => Effect.mapError(store.get(id), failed(key)),
      queueInverse,
      sensitive
    }

    // -----------------------------------------------------------------------
    // outcomes
    // -----------------------------------------------------------------------

    const read = <Op extends Operation.Any>(
      operation: Op,
      outcome: Outcome
    ): Effect.Effect<Op["output"]["Type"], Op["error"]["Type"] | OperationError> => {
      const { key } = operation
      const { decodeError, decodeOutput } = codecsOf(operation)
      switch (outcome._tag) {
        case "Success":
          return Effect.catch(
            decodeOutput(outcome.value),
            (issue) => fail(key, { _tag: "InvalidOutput", ...codec.misfit(issue, outcome.value) })
          )
        case "Hidden":
          return unavailable(key, "it was delivered, but its outcome is sensitive and ended with the process")
        case "Dead": {
          const dead = fail(key, { _tag: "DeadLettered", why: outcome.why })
          return outcome.reason._tag !== "Failed"
            ? dead
            : Effect.matchEffect(decodeError(outcome.reason.error), {
              onFailure: () => dead,
              onSuccess: (error) => Effect.fail(error)
            })
        }
      }
    }

    const outcomeOf = (key: string, id: string): Effect.Effect<Outcome, OperationError> =>
      Effect.suspend(() => {
        const item = deliverer.items.get(id)
        if (item !== undefined) {
          return Effect.flatMap(
            Deferred.await(item.settled),
            (outcome) => outcome === undefined ? stored(key, id) : Effect.succeed(outcome)
          )
        }
        const hidden = deliverer.hidden.get(id)
        return hidden === undefined ? stored(key, id) : Effect.succeed(hidden)
      })

    const stored = (key: string, id: string): Effect.Effect<Outcome, OperationError> =>
      Effect.flatMap(Effect.mapError(store.get(id), failed(key)), (call) => {
        if (call === undefined || call.key !== key) {
          return unavailable(key, `no queued call of it has the id "${id}". Outcomes are kept for a while only`)
        }
        switch (call.state) {
          case Removed:
            return unavailable(key, "the queued call was taken back before it was delivered")
          case Done:
          case Dead:
            return Effect.succeed(call.outcome!)
          default:
            // Another process delivers it, or this one has not read it yet.
            return Effect.delay(outcomeOf(key, id), Math.min(settings.poll, 100))
        }
      })

    const receiptOf = <Op extends Operation.Any>(operation: Op, id: string, idempotencyKey: string): Receipt<Op> => ({
      id,
      key: operation.key,
      idempotencyKey,
      await: Effect.flatMap(outcomeOf(operation.key, id), (outcome) => read(operation, outcome))
    })

    // -----------------------------------------------------------------------
    // looking at it
    // -----------------------------------------------------------------------

    /** In errors that belong to no operation. */
    const anyKey = "outbox"

    const pendingFrom = (
      after: number,
      found: Array<QueuedCall>
    ): Effect.Effect<ReadonlyArray<QueuedCall>, OutboxStoreError> =>
      Effect.flatMap(store.waiting(after, 1_000), (calls) => {
        for (const call of calls) found.push(queued(call))
        return calls.length < 1_000 ? Effect.succeed(found) : pendingFrom(calls[calls.length - 1]!.position, found)
      })

    const queued = ({ acceptedAt, attempts, id, idempotencyKey, key, lane }: StoredCall): QueuedCall => {
      const item = deliverer.items.get(id)
      return {
        id,
        key,
        lane,
        idempotencyKey,
        acceptedAt,
        attempts: item?.attempts ?? attempts,
        delivering: item?.delivering ?? false,
        ...(item?.lastError !== undefined && { lastError: item.lastError })
      }
    }

    const letterOf = (call: StoredCall): DeadLetter => {
      const { acceptedAt, attempts, id, idempotencyKey, key, lane } = call
      const outcome = call.outcome?._tag === "Dead"
        ? call.outcome
        : { reason: { _tag: "Unreadable" as const }, why: "its stored outcome cannot be read" }
      return {
        id,
        key,
        lane,
        idempotencyKey,
        acceptedAt,
        deadAt: call.endedAt ?? acceptedAt,
        attempts,
        reason: outcome.reason,
        why: outcome.why,
        ...("notTakenBack" in outcome && { notTakenBack: outcome.notTakenBack })
      }
    }

    const removeDeadLetter = (id: string): Effect.Effect<boolean, OutboxStoreError> =>
      Effect.flatMap(store.get(id), (call) =>
        call?.state !== Dead
          ? Effect.succeed(false)
          : Effect.flatMap(Clock.currentTimeMillis, (at) =>
            Effect.map(writer.submit({ _tag: "Remove", position: call.position, from: Dead, at }), (removed) => {
              if (removed > 0) changes.publish({ _tag: "Removed", id, key: call.key })
              return removed > 0
            })))

    const flush = Effect.flatMap(
      Effect.orElseSucceed(deliverer.lead, () =>
        false),
      (leading) => leading ? deliverer.lanes.flush : Effect.void
    )

    yield* Effect.addFinalizer(() => deliverer.close)
    yield* Effect.catch(deliverer.lead, (error) =>
      Effect.logWarning(`The outbox could not use its store, and tries again: ${error.message}`))
    if (store.shared) {
      yield* Effect.forkScoped(deliverer.keep)
    }

    return withOutboxInternals<Outbox["Service"]>({
      enqueue,
      flush,
      pending: Effect.mapError(
        Effect.suspend(() =>
          pendingFrom(0, [])
        ),
        failed(anyKey)
      ),
      deadLetters: Effect.mapError(Effect.map(store.dead, (calls) => calls.map(letterOf)), failed(anyKey)),
      retryDeadLetter: (id) => Effect.mapError(deliverer.retry(id), failed(anyKey)),
      removeDeadLetter: (id) => Effect.mapError(removeDeadLetter(id), failed(anyKey)),
      receipt: (operation, id) =>
        Effect.flatMap(Effect.mapError(store.get(id), failed(operation.key)), (call) =>
          call === undefined || call.key !== operation.key
            ? unavailable(operation.key, `no queued call of it has the id "${id}". Outcomes are kept for a while only`)
            : Effect.succeed(receiptOf(operation, id, call.idempotencyKey))),
      remove: (id) =>
        Effect.mapError(deliverer.remove(id), failed(anyKey)),
      changes: changes.stream
    }, internals)
  })
