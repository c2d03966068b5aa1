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
  readonly fiber: AnyFiber
  leader: Frame | undefined
  callers: number
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
    if (policy === "serial") return this.inTurn(pipeline, fiber, registration, call, key)
    if (policy === "switchLatest") return this.latest(pipeline, fiber, registration, call, key)
    if (policy === "drop") return this.first(pipeline, fiber, registration, call, key)
    if (typeof policy === "string") return pipeline.start(fiber, registration, call.input, call.options)
    if ("serialBy" in policy) {
      return this.inTurn(pipeline, fiber, registration, call, `${policy.lane ?? key}\n${policy.serialBy(call.input)}`)
    }
    return this.shared(pipeline, fiber, registration, call, policy.singleFlightBy(call.input))
  }

  private run(pipeline: Pipeline, registration: Registration, call: Call, onStart: (frame: Frame) => void): AnyEffect {
    return Effect.withFiber((fiber) =>
      pipeline.start(fiber as AnyFiber, registration, call.input, { ...call.options, onStart })
    )
  }

  private inTurn(
    pipeline: Pipeline,
    fiber: AnyFiber,
    registration: Registration,
    call: Call,
    name: string
  ): AnyEffect {
    const known = this.serial.get(name)
    if (known !== undefined && isWithin(fiber, known.holder)) {
      return pipeline.start(fiber, registration, call.input, call.options)
    }
    const lane = known ?? { semaphore: Semaphore.makeUnsafe(1), holder: undefined, users: 0 }
    if (known === undefined) this.serial.set(name, lane)
    lane.users++
    const running = this.run(pipeline, registration, call, (frame) => {
      lane.holder = frame
    })
    return Effect.onExitPrimitive(
      lane.semaphore.withPermits(1)(Effect.onExitPrimitive(running, () => {
        lane.holder = undefined
        return undefined
      })),
      () => {
        if (--lane.users === 0) this.serial.delete(name)
        return undefined
      }
    )
  }

  private latest(
    pipeline: Pipeline,
    fiber: AnyFiber,
    registration: Registration,
    call: Call,
    name: string
  ): AnyEffect {
    const current = this.single.get(name)
    if (current !== undefined && isWithin(fiber, current.holder)) {
      return pipeline.start(fiber, registration, call.input, call.options)
    }
    const lane = makeSingle()
    this.single.set(name, lane)
    const superseded = new OperationError({ key: registration.key, reason: { _tag: "Superseded" } })
    const turn = current === undefined ? Effect.void : Effect.andThen(
      Deferred.fail(current.superseded, superseded),
      // What it had begun ends before this one begins; a still newer one may take over in the meantime.
      Effect.raceFirst(Deferred.await(current.done), Deferred.await(lane.superseded))
    )
    const running = Effect.withFiber((inner) =>
      pipeline.start(inner as AnyFiber, registration, call.input, {
        ...call.options,
        onStart: (frame) => {
          lane.holder = frame
        },
        around: (handler) => Effect.raceFirst(handler, Deferred.await(lane.superseded))
      })
    )
    const waited = Effect.catchCause(turn, (cause) =>
      Effect.withFiber((inner) => {
        const failure = cause.reasons[0]
        return failure?._tag === "Fail"
          ? pipeline.refuse(inner as AnyFiber, registration, call, superseded.reason)
          : Exit.failCause(cause)
      }))
    return Effect.onExitPrimitive(Effect.andThen(waited, running), () => {
      if (this.single.get(name) === lane) this.single.delete(name)
      // Those who wait for this one also wait for the one before it, which may still be running.
      return current === undefined
        ? Effect.asVoid(Deferred.succeed(lane.done, undefined))
        : Effect.asVoid(Effect.forkDetach(
          Effect.andThen(Deferred.await(current.done), Deferred.succeed(lane.done, undefined)),
          { startImmediately: true }
        ))
    })
  }

  private first(
    pipeline: Pipeline,
    fiber: AnyFiber,
    registration: Registration,
    call: Call,
    name: string
  ): AnyEffect {
    const current = this.single.get(name)
    if (current !== undefined) {
      return isWithin(fiber, current.holder)
        ? pipeline.start(fiber, registration, call.input, call.options)
        : pipeline.refuse(fiber, registration, call, { _tag: "Dropped" })
    }
    const lane = makeSingle()
    this.single.set(name, lane)
    const running = this.run(pipeline, registration, call, (frame) => {
      lane.holder = frame
    })
    return Effect.onExitPrimitive(running, () => {
      this.single.delete(name)
      return undefined
    })
  }

  /** The run is a fiber of its own: it belongs to all of its callers, and ends when the last of them leaves. */
  private shared(
    pipeline: Pipeline,
    fiber: AnyFiber,
    registration: Registration,
    call: Call,
    value: string
  ): AnyEffect {
    const actor = call.options?.actor ?? Context.getOrUndefined(fiber.context, CurrentActor)
    const group = Context.getOrUndefined(fiber.context, CurrentGroup)
    const name = JSON.stringify([registration.key, actor ?? null, group?.id ?? null, value])
    const known = this.flights.get(name)
    if (known !== undefined) {
      if (isWithin(fiber, known.leader)) return pipeline.start(fiber, registration, call.input, call.options)
      return this.join(pipeline, fiber, registration, call, known)
    }
    const flight: { -readonly [Key in keyof Flight]: Flight[Key] } = {
      fiber: undefined as never,
      leader: undefined,
      callers: 1
    }
    const context = fiber.context
    const running = Effect.onExitPrimitive(
      this.run(pipeline, registration, call, (frame) => {
        flight.leader = frame
      }),
      () => {
        if (this.flights.get(name) === flight) this.flights.delete(name)
        return undefined
      }
    )
    this.flights.set(name, flight)
    return Effect.suspend(() => {
      flight.fiber = Effect.runForkWith(context)(running)
      return this.awaitFlight(flight)
    })
  }

  private join(
    pipeline: Pipeline,
    fiber: AnyFiber,
    registration: Registration,
    call: Call,
    flight: Flight
  ): AnyEffect {
    flight.callers++
    return pipeline.start(fiber, registration, call.input, {
      ...call.options,
      record: false,
      joined: flight.leader?.id,
      around: () => this.awaitFlight(flight)
    })
  }

  private awaitFlight(flight: Flight): AnyEffect {
    return Effect.onInterrupt(Fiber.join(flight.fiber), () =>
      Effect.suspend(() => --flight.callers === 0 ? Fiber.interrupt(flight.fiber) : Effect.void))
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
