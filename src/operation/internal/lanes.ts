import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Semaphore from "effect/Semaphore"
import { CurrentActor } from "../Invocation.ts"
import { OperationError } from "../OperationError.ts"
import { currentFrame, CurrentGroup, type InvocationFrame } from "./frame.ts"
import type { Call, Frame, Pipeline } from "./pipeline.ts"
import type { Registration } from "./registration.ts"

type AnyFiber = Fiber.Fiber<unknown, unknown>
type AnyEffect = Effect.Effect<unknown, unknown>

/** One at a time. */
interface SerialLane {
  readonly semaphore: Semaphore.Semaphore
  holder: InvocationFrame | undefined
  users: number
}

/** The newest only, or the first only. */
interface SingleLane {
  holder: InvocationFrame | undefined
  readonly superseded: Deferred.Deferred<never, OperationError>
  readonly done: Deferred.Deferred<void>
}

/** One run for several callers. */
interface Flight {
  fiber: AnyFiber | undefined
  leader: Frame | undefined
  callers: number
}

interface Entry {
  readonly pipeline: Pipeline
  readonly fiber: AnyFiber
  readonly registration: Registration
  readonly call: Call
  readonly restore: (effect: AnyEffect) => AnyEffect
}

/**
 * Who may run when, for operations with a concurrency policy.
 *
 * Invariants: capture, handler and commit of an invocation run inside its lane; a descendant of a lane's holder enters at
 * once, so nobody waits for themselves; a lane that nobody uses is forgotten.
 *
 * @internal
 */
export class Lanes {
  private readonly serial = new Map<string, SerialLane>()
  private readonly single = new Map<string, SingleLane>()
  private readonly flights = new Map<string, Flight>()

  enter(pipeline: Pipeline, fiber: AnyFiber, registration: Registration, call: Call): AnyEffect {
    const policy = registration.operation.concurrency
    const key = registration.key
    if (registration.operation.stream) {
      return Effect.die(new TypeError(`"${key}" is a stream operation. Use invokeStream.`))
    }
    if (policy === "unbounded") return pipeline.start(fiber, registration, call.input, call.options)
    // A lane is entered and left in one region: an interruption in between would leave it occupied for good.
    return Effect.uninterruptibleMask((restore) => {
      const entry: Entry = { pipeline, fiber, registration, call, restore }
      if (policy === "serial") return this.inTurn(entry, key)
      if (policy === "switchLatest") return this.latest(entry, key)
      if (policy === "drop") return this.first(entry, key)
      if ("serialBy" in policy) return this.inTurn(entry, `${policy.lane ?? key}\n${policy.serialBy(call.input)}`)
      return this.shared(entry, policy.singleFlightBy(call.input))
    })
  }

  /** An invocation that tells when it has begun. */
  private run(entry: Entry, onStart: (frame: Frame) => void, around?: (handler: AnyEffect) => AnyEffect): AnyEffect {
    const { call, pipeline, registration } = entry
    return entry.restore(
      Effect.withFiber((fiber) =>
        pipeline.start(fiber as AnyFiber, registration, call.input, { ...call.options, onStart, around })
      )
    )
  }

  /** An invocation by the holder of the lane, however deep: it does not wait for itself. */
  private within({ call, fiber, pipeline, registration, restore }: Entry): AnyEffect {
    return restore(pipeline.start(fiber, registration, call.input, call.options))
  }

  private inTurn(entry: Entry, name: string): AnyEffect {
    const known = this.serial.get(name)
    if (known !== undefined && isWithin(entry.fiber, known.holder)) return this.within(entry)
    const lane = known ?? { semaphore: Semaphore.makeUnsafe(1), holder: undefined, users: 0 }
    if (known === undefined) this.serial.set(name, lane)
    lane.users++
    const running = this.run(entry, (frame) => {
      lane.holder = frame
    })
    const leave = Effect.onExitPrimitive(running, () => {
      lane.holder = undefined
      return undefined
    })
    return Effect.onExitPrimitive(entry.restore(lane.semaphore.withPermits(1)(leave)), () => {
      if (--lane.users === 0) this.serial.delete(name)
      return undefined
    })
  }

  private latest(entry: Entry, name: string): AnyEffect {
    const current = this.single.get(name)
    if (current !== undefined && isWithin(entry.fiber, current.holder)) return this.within(entry)
    const lane = makeSingle()
    this.single.set(name, lane)
    const superseded = new OperationError({ key: entry.registration.key, reason: { _tag: "Superseded" } })
    if (current !== undefined) Deferred.doneUnsafe(current.superseded, Exit.fail(superseded))
    const running = this.run(
      entry,
      (frame) => {
        lane.holder = frame
      },
      (handler) => Effect.raceFirst(handler, Deferred.await(lane.superseded))
    )
    // What the one before had begun ends before this one begins; a still newer one may take over in the meantime.
    const turn: Effect.Effect<void, OperationError> = current === undefined
      ? Effect.void
      : Effect.raceFirst(Deferred.await(current.done), Deferred.await(lane.superseded))
    const waited = Effect.catch(
      entry.restore(turn),
      () =>
        Effect.withFiber<never, OperationError>((fiber) =>
          entry.pipeline.refuse(fiber as AnyFiber, entry.registration, entry.call, superseded.reason)
        )
    )
    return Effect.onExitPrimitive(Effect.andThen(waited, running), () => {
      if (this.single.get(name) === lane) this.single.delete(name)
      // Those who wait for this one also wait for the one before it, which may still be running.
      const before = current === undefined || Deferred.isDoneUnsafe(current.done)
        ? Effect.void
        // On a stack of its own: a long chain of them would else end one inside the other.
        : Effect.andThen(Deferred.await(current.done), Effect.yieldNow)
      const chained = Effect.andThen(before, Deferred.succeed(lane.done, undefined))
      return Effect.asVoid(Effect.forkDetach(chained, { startImmediately: true }))
    })
  }

  private first(entry: Entry, name: string): AnyEffect {
    const current = this.single.get(name)
    if (current !== undefined) {
      return isWithin(entry.fiber, current.holder)
        ? this.within(entry)
        : entry.pipeline.refuse(entry.fiber, entry.registration, entry.call, { _tag: "Dropped" })
    }
    const lane = makeSingle()
    this.single.set(name, lane)
    const running = this.run(entry, (frame) => {
      lane.holder = frame
    })
    return Effect.onExitPrimitive(running, () => {
      this.single.delete(name)
      return undefined
    })
  }

  /** The run is a fiber of its own: it belongs to all of its callers, and ends when the last of them leaves. */
  private shared(entry: Entry, value: string): AnyEffect {
    const { call, fiber, registration } = entry
    const actor = call.options?.actor ?? Context.getOrUndefined(fiber.context, CurrentActor)
    const group = Context.getOrUndefined(fiber.context, CurrentGroup)
    const name = JSON.stringify([registration.key, actor ?? null, group?.id ?? null, value])
    const known = this.flights.get(name)
    if (known !== undefined) {
      return isWithin(fiber, known.leader) ? this.within(entry) : this.join(entry, known)
    }
    const flight: Flight = { fiber: undefined, leader: undefined, callers: 1 }
    this.flights.set(name, flight)
    const running = this.run(entry, (frame) => {
      flight.leader = frame
    })
    flight.fiber = Effect.runForkWith(fiber.context)(Effect.onExitPrimitive(running, () => {
      if (this.flights.get(name) === flight) this.flights.delete(name)
      return undefined
    }))
    return this.awaitFlight(entry, flight)
  }

  private join(entry: Entry, flight: Flight): AnyEffect {
    flight.callers++
    const { call, fiber, pipeline, registration } = entry
    return pipeline.start(fiber, registration, call.input, {
      ...call.options,
      record: false,
      joined: flight.leader?.id,
      around: () => this.awaitFlight(entry, flight)
    })
  }

  private awaitFlight({ restore }: Entry, flight: Flight): AnyEffect {
    return Effect.onInterrupt(
      restore(Fiber.join(flight.fiber!)),
      () => Effect.suspend(() => --flight.callers === 0 ? Fiber.interrupt(flight.fiber!) : Effect.void)
    )
  }
}

const makeSingle = (): SingleLane => ({
  holder: undefined,
  superseded: Deferred.makeUnsafe(),
  done: Deferred.makeUnsafe()
})

const isWithin = (fiber: AnyFiber, holder: InvocationFrame | undefined): boolean => {
  if (holder === undefined) return false
  for (let frame = currentFrame(fiber.context); frame !== undefined; frame = frame.parent) {
    if (frame === holder) return true
  }
  return false
}
