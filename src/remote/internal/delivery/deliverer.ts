import * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Semaphore from "effect/Semaphore"
import { OperationError } from "../../../operation/OperationError.ts"
import type { RemoteInvoker } from "../../../operation/RemoteInvoker.ts"
import type { OutboxChange } from "../../Outbox.ts"
import { Item } from "./item.ts"
import { Lanes, type Next } from "./lanes.ts"
import { Dead, type OutboxStore, type OutboxStoreError, type Outcome, sizeOf, type StoredCall } from "./outboxStore.ts"
import { type Verdict, verdictOf } from "./verdict.ts"
import type { Writer } from "./writer.ts"

/** @internal */
export interface DeliveryOptions {
  readonly concurrency: number
  readonly retry: Schedule.Schedule<unknown, OperationError>
  readonly maxAttempts: number
  readonly maxAge: number
  readonly poisonAttempts: number
  readonly timeout: number
  readonly poll: number
  readonly retention: number
  readonly keepOutcomes: number
  readonly keepDeadLetters: number
  readonly headers: Effect.Effect<Readonly<Record<string, string>>>
}

/**
 * Takes back, or forgets about, what a local operation has done in advance.
 *
 * @internal
 */
export interface Settling {
  /** Why it could not be taken back; `undefined` when it was. */
  readonly takeBack: (actor: string) => Effect.Effect<string | undefined>
  readonly settle: (actor: string) => Effect.Effect<void>
}

/**
 * Makes the input of a call that takes another one back; `undefined` when there is nothing to take back.
 *
 * @internal
 */
export type Resolve = (
  call: StoredCall,
  input: unknown
) => Effect.Effect<{ readonly input: unknown } | undefined, OperationError>

/** A call that was on its way so often when its process died is delivered alone from then on, each try on record. */
const suspicious = 2

/** How many rows are read at once. */
const page = 1_000

/** How many ends there are between two looks at what can be forgotten. */
const pruneEvery = 1_000

/** Milliseconds that the clocks of two processes may differ. */
const margin = 250

const ended: Next = { _tag: "ended" }
const lost: Next = { _tag: "lost" }

/**
 * Delivers what waits.
 *
 * Invariants:
 * 1. Only the process that has the lease delivers, and it looks at the clock before every delivery.
 * 2. A call leaves its lane when its end is committed, so the order of a lane is the order of acceptance, also over a
 *    crash.
 * 3. Who waits for an outcome learns it after it is committed.
 * 4. What can never succeed leaves its lane: it holds up nobody for ever.
 *
 * @internal
 */
export class Deliverer {
  readonly items = new Map<string, Item>()
  /** Outcomes that must not be stored: only this process knows them. */
  readonly hidden = new Map<string, Outcome>()
  readonly lanes: Lanes
  /** Of what waits, as far as this process knows. */
  count = 0
  bytes = 0
  leading = false
  private readonly store: OutboxStore
  private readonly writer: Writer
  private readonly remote: (typeof RemoteInvoker)["Service"]
  private readonly settling: Settling
  private readonly resolve: Resolve
  private readonly options: DeliveryOptions
  private readonly context: Context.Context<never>
  private readonly publish: (change: OutboxChange) => void
  private readonly permits: Semaphore.Semaphore
  private readonly alone = Semaphore.makeUnsafe(1)
  /** Reading and the lease: one at a time. */
  private readonly turn = Semaphore.makeUnsafe(1)
  private readonly fibers = new Set<Fiber.Fiber<void>>()
  private closing = false
  /** All waiting calls up to here are in `items`. */
  private seen = 0
  /** Nothing below waits. */
  private floor = 0
  private until = 0
  private underway = 0
  private ends = 0

  constructor(
    store: OutboxStore,
    writer: Writer,
    remote: (typeof RemoteInvoker)["Service"],
    settling: Settling,
    resolve: Resolve,
    options: DeliveryOptions,
    context: Context.Context<never>,
    publish: (change: OutboxChange) => void
  ) {
    this.store = store
    this.writer = writer
    this.remote = remote
    this.settling = settling
    this.resolve = resolve
    this.options = options
    this.context = context
    this.publish = publish
    this.permits = Semaphore.makeUnsafe(options.concurrency)
    this.lanes = new Lanes((effect) => this.fork(effect), (item) => {
      const attempt = this.permits.withPermit(this.attempt(item))
      // Alone, so that it is the one to blame when the process dies again.
      return item.crashes < suspicious ? attempt : this.alone.withPermit(attempt)
    })
  }

  /** For the service's finalizer: nothing begins any more, and what is on its way is given up. */
  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    this.closing = true
    const delivering = Array.from(this.items.values()).filter((item) => item.delivering)
    const recorded = delivering.map((item) => this.tried(item, true))
    return Effect.andThen(
      Fiber.interruptAll(this.fibers),
      Effect.andThen(
        Effect.ignore(recorded.length === 0 ? Effect.void : this.store.write(recorded)),
        Effect.ignore(this.store.release)
      )
    )
  })

  fork(effect: Effect.Effect<void>): void {
    if (this.closing) return
    const fiber = Effect.runForkWith(this.context)(effect)
    this.fibers.add(fiber)
    fiber.addObserver(() => this.fibers.delete(fiber))
  }

  // -------------------------------------------------------------------------
  // what waits
  // -------------------------------------------------------------------------

  private add(call: StoredCall): Item {
    const known = this.items.get(call.id)
    if (known !== undefined && known.call.position === call.position) return known
    if (known !== undefined) this.forget(known)
    const item = new Item(call)
    this.items.set(call.id, item)
    this.count++
    this.bytes += sizeOf(call)
    return item
  }

  private forget(item: Item): void {
    if (this.items.get(item.call.id) !== item) return
    this.items.delete(item.call.id)
    this.count--
    this.bytes -= sizeOf(item.call)
  }

  /** A call that this process has just accepted; called in the order of positions. */
  accepted(call: StoredCall): void {
    if (!this.leading) {
      this.count++
      this.bytes += sizeOf(call)
      return
    }
    const item = this.add(call)
    // Another process has accepted one in between: both are read in their order.
    if (call.position !== this.seen + 1) return this.look()
    this.seen = call.position
    if (!item.queued) this.lanes.push(item)
  }

  /** Looks for calls that were accepted elsewhere. */
  look(): void {
    this.fork(this.calmly(this.turn.withPermit(this.read)))
  }

  private readonly read: Effect.Effect<void, OutboxStoreError> = Effect.suspend(() =>
    this.leading
      ? Effect.flatMap(this.store.waiting(this.seen, page), (calls) => {
        for (const call of calls) {
          if (call.position <= this.seen) continue
          this.seen = call.position
          const item = this.add(call)
          if (!item.queued) this.lanes.push(item)
        }
        return calls.length === page ? this.read : Effect.void
      })
      : Effect.void
  )

  /** Reads everything: another process has delivered since, or none ever has. */
  private reload(crashed: boolean): Effect.Effect<void, OutboxStoreError> {
    return Effect.gen({ self: this }, function*(this: Deliverer) {
      this.leading = false
      this.lanes.clear()
      const calls: Array<StoredCall> = []
      let after = this.floor
      while (true) {
        const more = yield* this.store.waiting(after, page)
        calls.push(...more)
        if (more.length < page) break
        after = more[more.length - 1]!.position
      }
      const waiting = new Map(calls.map((call) => [call.id, call]))
      for (const item of this.items.values()) {
        if (waiting.get(item.call.id)?.position !== item.call.position) this.release(item)
      }
      if (crashed) yield* this.suspect(calls)
      this.count = 0
      this.bytes = 0
      for (const call of calls) {
        const item = this.items.get(call.id)
        if (item === undefined) continue
        this.count++
        this.bytes += sizeOf(item.call)
      }
      this.leading = true
      for (const call of calls) {
        this.seen = Math.max(this.seen, call.position)
        this.lanes.push(this.add(call))
      }
      if (calls.length > 0) this.floor = calls[0]!.position - 1
      // What was accepted while this was read.
      yield* this.read
    })
  }

  private release(item: Item): void {
    this.forget(item)
    Deferred.doneUnsafe(item.settled, Exit.succeed(undefined))
  }

  /** The process that delivered has died: of every lane the first call may have been on its way. */
  private suspect(calls: Array<StoredCall>): Effect.Effect<void, OutboxStoreError> {
    const lanes = new Set<string>()
    const changes = calls.flatMap((call, i) => {
      if (lanes.has(call.lane)) return []
      lanes.add(call.lane)
      const crashes = call.crashes < suspicious ? call.crashes + 1 : call.crashes
      calls[i] = { ...call, crashes, maybe: true }
      return [{ _tag: "Tried" as const, position: call.position, attempts: call.attempts, crashes, maybe: true }]
    })
    return changes.length === 0 ? Effect.void : Effect.asVoid(this.store.write(changes))
  }

  // -------------------------------------------------------------------------
  // the lease
  // -------------------------------------------------------------------------

  /** Whether this process delivers, now. */
  readonly lead: Effect.Effect<boolean, OutboxStoreError> = Effect.suspend(() =>
    this.store.shared ? this.turn.withPermit(this.take) : this.leading ? Effect.succeed(true) : this.take
  )

  private readonly take: Effect.Effect<boolean, OutboxStoreError> = Effect.flatMap(
    Effect.suspend(() => this.store.lease(this.leading)),
    (lease) => {
      if (!lease.mine) {
        this.leading = false
        this.lanes.clear()
        for (const item of Array.from(this.items.values())) if (!item.delivering) this.release(item)
        return Effect.succeed(false)
      }
      this.until = lease.until
      return this.leading && !lease.changed ? Effect.succeed(true) : Effect.as(this.reload(lease.crashed), true)
    }
  )

  /** Before a delivery: costs nothing while the lease has time left. */
  private holds(item: Item): Effect.Effect<boolean, OutboxStoreError> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      if (now < this.until - margin) return Effect.succeed(item.queued)
      return Effect.map(this.lead, (leading) => leading && item.queued)
    })
  }

  /** Follows what other processes do, and keeps the lease while something is on its way. */
  readonly keep: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forever(Effect.delay(
      this.calmly(Effect.flatMap(Clock.currentTimeMillis, (now): Effect.Effect<void, OutboxStoreError> => {
        if (!this.leading) return this.follow
        const renew = this.underway > 0 && now >= this.until - 2 * this.options.poll - margin
        return Effect.andThen(renew ? this.lead : Effect.void, this.turn.withPermit(this.read))
      })),
      this.options.poll
    ))
  )

  private readonly follow: Effect.Effect<void, OutboxStoreError> = Effect.suspend(() =>
    Effect.flatMap(this.store.waiting(this.floor, 1), ([first]) => {
      if (first === undefined) {
        this.count = 0
        this.bytes = 0
        return Effect.void
      }
      this.floor = first.position - 1
      return Effect.flatMap(
        this.lead,
        (leading) =>
          leading ? Effect.void : Effect.map(this.store.totals, ({ bytes, count }) => {
            this.count = count
            this.bytes = bytes
          })
      )
    })
  )

  /** A store that fails now may work the next time. */
  private calmly(effect: Effect.Effect<unknown, OutboxStoreError>): Effect.Effect<void> {
    return Effect.catch(
      Effect.asVoid(effect),
      (error) => Effect.logWarning(`The outbox could not use its store, and tries again: ${error.message}`)
    )
  }

  // -------------------------------------------------------------------------
  // delivering
  // -------------------------------------------------------------------------

  private attempt(item: Item): Effect.Effect<Next> {
    return Effect.catch(
      Effect.flatMap(this.holds(item), (mine): Effect.Effect<Next, OutboxStoreError> => {
        if (!mine) return Effect.succeed(lost)
        if (item.crashes < suspicious) return this.deliver(item)
        if (item.crashes >= suspicious + this.options.poisonAttempts) {
          return this.end(item, {
            _tag: "Dead",
            reason: { _tag: "Poison" },
            why: `the process died ${item.crashes} times while it was delivered`
          })
        }
        // On record, before it can do harm again.
        item.crashes++
        return Effect.andThen(this.store.write([this.tried(item, true)]), this.deliver(item))
      }),
      (error) =>
        Effect.as(
          Effect.logWarning(`The outbox could not use its store, and tries again: ${error.message}`),
          { _tag: "wait" as const, millis: this.options.poll }
        )
    )
  }

  private tried(item: Item, maybe: boolean) {
    const { attempts, call: { position }, crashes } = item
    return { _tag: "Tried" as const, position, attempts, crashes, maybe }
  }

  private deliver(item: Item): Effect.Effect<Next, OutboxStoreError> {
    return Effect.suspend(() => {
      const { call } = item
      let input: unknown
      try {
        input = JSON.parse(call.input)
      } catch {
        return this.end(item, { _tag: "Dead", reason: { _tag: "Unreadable" }, why: "its stored input is not JSON" })
      }
      const before = item.maybe
      item.maybe = true
      item.delivering = true
      item.attempts++
      this.underway++
      const timeout = call.options.timeout ?? this.options.timeout
      const send = (input: unknown) =>
        Effect.flatMap(this.options.headers, (headers) =>
          this.remote.invokeKey(call.key, input, {
            idempotencyKey: call.idempotencyKey,
            timeout,
            version: call.options.version,
            headers: { ...headers, ...call.options.headers }
          }))
      const invoked = call.options.undoes === undefined
        ? send(input)
        : Effect.flatMap(
          this.resolve(call, input),
          (resolved) => resolved === undefined ? Effect.succeed(null) : send(resolved.input)
        )
      // The transport keeps time; this is for one that does not.
      const bounded = Effect.timeoutOrElse(invoked, {
        duration: timeout + 5_000,
        orElse: () => Effect.fail(new OperationError({ key: call.key, reason: { _tag: "Timeout", millis: timeout } }))
      })
      return Effect.onExit(Effect.exit(bounded), () =>
        Effect.sync(() => {
          this.underway--
          item.delivering = false
        })).pipe(Effect.flatMap((exit) => this.judge(item, verdictOf(exit), before)))
    })
  }

  private judge(item: Item, verdict: Verdict, before: boolean): Effect.Effect<Next, OutboxStoreError> {
    switch (verdict._tag) {
      case "delivered":
        return this.end(item, { _tag: "Success", value: verdict.value })
      case "dead":
        return this.end(item, { _tag: "Dead", reason: verdict.reason, why: verdict.why })
      case "stopped":
        return this.closing ? Effect.succeed(lost) : this.again(item, stopped(item.call.key), "it was interrupted")
      case "defect":
        return ++item.defects >= this.options.poisonAttempts
          ? this.end(item, {
            _tag: "Dead",
            reason: { _tag: "Defect" },
            why: `it ended unexpectedly ${item.defects} times`
          })
          : this.again(item, stopped(item.call.key), "it ended unexpectedly")
      case "again": {
        if (!verdict.arrived) item.maybe = before
        const error = new OperationError({ key: item.call.key, reason: verdict.reason })
        return this.again(item, error, verdict.why)
      }
    }
  }

  private again(item: Item, error: OperationError, why: string): Effect.Effect<Next, OutboxStoreError> {
    return Effect.gen({ self: this }, function*(this: Deliverer) {
      const now = yield* Clock.currentTimeMillis
      item.lastError = why
      item.crashes = 0
      const step = item.step ??= yield* Schedule.toStep(this.options.retry)
      const next = yield* Effect.exit(step(now, error))
      const exhausted = item.attempts >= this.options.maxAttempts
        ? `it was tried ${item.attempts} times`
        : now - item.call.acceptedAt >= this.options.maxAge
        ? `it is older than ${Duration.format(Duration.millis(this.options.maxAge))}`
        : Exit.isFailure(next)
        ? `its retry schedule has ended after ${item.attempts} attempts`
        : undefined
      if (exhausted !== undefined) {
        return yield* this.end(item, {
          _tag: "Dead",
          reason: { _tag: "Exhausted", reason: error.reason },
          why: `${exhausted}; the last time, ${why}`
        })
      }
      const millis = Duration.toMillis((next as Exit.Success<[unknown, Duration.Duration]>).value[1])
      // Behind: losing it costs a count.
      this.fork(Effect.ignore(this.writer.submit(this.tried(item, item.maybe))))
      const { attempts, call: { id, key } } = item
      this.publish({ _tag: "Retrying", id, key, attempts, why, millis })
      return { _tag: "wait" as const, millis }
    })
  }

  private end(item: Item, result: Outcome): Effect.Effect<Next, OutboxStoreError> {
    return Effect.gen({ self: this }, function*(this: Deliverer) {
      const { call } = item
      const { hidden, optimistic } = call.options
      let outcome = result
      if (outcome._tag === "Dead" && optimistic !== undefined) {
        const notTakenBack = yield* this.settling.takeBack(optimistic)
        if (notTakenBack !== undefined) outcome = { ...outcome, notTakenBack }
      }
      const at = yield* Clock.currentTimeMillis
      const written = yield* this.writer.submit({
        _tag: "End",
        position: call.position,
        outcome: hidden === true ? disguised(outcome) : outcome,
        attempts: item.attempts,
        at
      }).pipe(
        Effect.tapError((error) =>
          Effect.logError(
            `The end of a queued call of "${call.key}" could not be stored, and is again: ${error.message}`
          )
        ),
        Effect.retry(whenStoreFails)
      )
      this.forget(item)
      if (written === 0) {
        Deferred.doneUnsafe(item.settled, Exit.succeed(undefined))
        return ended
      }
      if (hidden === true) {
        this.hidden.set(call.id, outcome)
        if (this.hidden.size > page) this.hidden.delete(this.hidden.keys().next().value!)
      }
      Deferred.doneUnsafe(item.settled, Exit.succeed(outcome))
      const { id, key } = call
      this.publish(
        outcome._tag === "Dead"
          ? { _tag: "DeadLettered", id, key, why: outcome.why }
          : { _tag: "Delivered", id, key, attempts: item.attempts }
      )
      if (outcome._tag !== "Dead" && optimistic !== undefined) yield* this.settling.settle(optimistic)
      if (++this.ends % pruneEvery === 1) this.fork(this.prune)
      return ended
    })
  }

  private readonly prune: Effect.Effect<void> = Effect.suspend(() => {
    const { keepDeadLetters, keepOutcomes, retention } = this.options
    return this.calmly(Effect.flatMap(
      Clock.currentTimeMillis,
      (now) => this.store.prune(now - retention, keepOutcomes, keepDeadLetters)
    ))
  })

  // -------------------------------------------------------------------------
  // changing one's mind
  // -------------------------------------------------------------------------

  /** Takes a call out of the queue that cannot have arrived. */
  remove(id: string): Effect.Effect<boolean, OutboxStoreError> {
    return Effect.gen({ self: this }, function*(this: Deliverer) {
      const item = this.items.get(id)
      if (item === undefined || !this.leading || !item.queued || item.delivering || item.maybe) return false
      this.lanes.remove(item)
      const at = yield* Clock.currentTimeMillis
      const removed = yield* Effect.onError(
        this.writer.submit({ _tag: "Remove", position: item.call.position, from: 0, at }),
        // It still waits there, and stands before others.
        () => Effect.ignore(this.turn.withPermit(this.reload(false)))
      )
      this.release(item)
      if (removed === 0) return false
      const { optimistic } = item.call.options
      if (optimistic !== undefined) yield* this.settling.takeBack(optimistic)
      this.publish({ _tag: "Removed", id, key: item.call.key })
      return true
    })
  }

  retry(id: string): Effect.Effect<boolean, OutboxStoreError> {
    return Effect.gen({ self: this }, function*(this: Deliverer) {
      const call = yield* this.store.get(id)
      if (call === undefined || call.state !== Dead || call.outcome?._tag !== "Dead") return false
      const { headers, hidden, timeout, undoes, version } = call.options
      const fresh: StoredCall = {
        ...call,
        // Under the old key the other side would give the old answer.
        idempotencyKey: answered.has(call.outcome.reason._tag)
          ? `${call.idempotencyKey.replace(/~[0-9a-f]{8}$/, "")}~${globalThis.crypto.randomUUID().slice(0, 8)}`
          : call.idempotencyKey,
        // What had run in advance was taken back.
        options: { timeout, version, headers, hidden, undoes },
        state: 0,
        attempts: 0,
        crashes: 0,
        maybe: false,
        outcome: undefined,
        endedAt: undefined
      }
      let position = 0
      yield* this.writer.submit({ _tag: "Retry", call: fresh }, (written) => {
        position = written
        if (position > 0) this.accepted({ ...fresh, position })
      })
      if (position === 0) return false
      this.hidden.delete(id)
      this.publish({ _tag: "Accepted", id, key: call.key })
      return true
    })
  }
}

/** The reasons for which the other side may have stored an answer. */
const answered = new Set(["Failed", "Refused", "Defect"])

const whenStoreFails = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("5 seconds")])

const stopped = (key: string): OperationError =>
  new OperationError({ key, reason: { _tag: "RemoteUnavailable", why: "the call ended unexpectedly" } })

/** What may be stored of an outcome that is sensitive. */
const disguised = (outcome: Outcome): Outcome =>
  outcome._tag !== "Dead"
    ? { _tag: "Hidden" }
    : outcome.reason._tag === "Failed"
    ? { ...outcome, reason: { _tag: "Failed", error: null } }
    : outcome
