import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import { OperationError, type OperationErrorReason } from "../../../operation/OperationError.ts"
import type { EncodedExit, IdempotentCall, ResultStoreOptions } from "../../ResultStore.ts"
import { digestOf } from "./answer.ts"

/**
 * Where answers are kept.
 *
 * @internal
 */
export interface ResultBackend {
  /**
   * Gives the stored answer, or runs and stores. Never called for one key by two fibers of a process at once. `begun` is
   * called when the store has let the run through.
   */
  readonly resolve: (
    call: IdempotentCall,
    digest: string,
    run: Effect.Effect<EncodedExit>,
    begun: () => void
  ) => Effect.Effect<EncodedExit, OperationError>
  /** Whether interrupting the run leaves nothing behind. */
  readonly isUndone: (call: IdempotentCall) => boolean
}

/** One run, and those who wait for it. */
interface Flight {
  readonly key: string
  readonly digest: string
  readonly ended: Deferred.Deferred<Exit.Exit<EncodedExit, OperationError>>
  fiber: Fiber.Fiber<EncodedExit, OperationError> | undefined
  waiters: number
  begun: boolean
  /** Why it was interrupted from here. */
  stopped: "abandoned" | "impatient" | undefined
}

/** @internal */
export const refusal = (key: string, reason: OperationErrorReason): OperationError =>
  new OperationError({ key, reason })

/**
 * Joins deliveries of one call that come while it runs.
 *
 * Invariants: at most one run per caller and key in this process; a flight leaves the map before its waiters learn how it
 * ended; whoever waits is answered when the run ends, however that is.
 *
 * @internal
 */
export const makeOnce = (
  backend: ResultBackend,
  options: ResultStoreOptions
): Effect.Effect<
  (call: IdempotentCall, run: Effect.Effect<EncodedExit>) => Effect.Effect<EncodedExit, OperationError>,
  never,
  Scope.Scope
> =>
  Effect.map(Effect.scope, (scope) => {
    const patience = Duration.fromInputUnsafe(options.patience ?? "10 seconds")
    const flights = new Map<string, Flight>()

    const land = (id: string, flight: Flight) => (exit: Exit.Exit<EncodedExit, OperationError>): void => {
      flights.delete(id)
      Deferred.doneUnsafe(flight.ended, Effect.succeed(exit))
    }

    /** What keeps waiting for the store is refused; what runs may take its time. */
    const watch = (flight: Flight): Effect.Effect<void> =>
      Effect.asVoid(Effect.raceFirst(
        Deferred.await(flight.ended),
        Effect.delay(
          Effect.sync(() => {
            if (flight.begun) return
            flight.stopped ??= "impatient"
            flight.fiber?.interruptUnsafe()
          }),
          patience
        )
      ))

    const leave = (call: IdempotentCall, flight: Flight): Effect.Effect<void> => {
      if (--flight.waiters > 0 || flight.fiber === undefined) return Effect.void
      if (flight.begun && !backend.isUndone(call)) return Effect.void
      flight.stopped ??= "abandoned"
      return Fiber.interrupt(flight.fiber)
    }

    const join = (
      call: IdempotentCall,
      flight: Flight,
      run: Effect.Effect<EncodedExit>
    ): Effect.Effect<EncodedExit, OperationError> => {
      flight.waiters++
      return Effect.flatMap(
        Effect.onInterrupt(Deferred.await(flight.ended), () => leave(call, flight)),
        (exit): Effect.Effect<EncodedExit, OperationError> => {
          if (exit._tag === "Success" || !Cause.hasInterruptsOnly(exit.cause)) return exit
          switch (flight.stopped) {
            case "abandoned":
              return once(call, run)
            case "impatient":
              return Effect.fail(refusal(call.key, {
                _tag: "RemoteUnavailable",
                why: `the result store was busy for ${Duration.toMillis(patience)} ms; the call was not run, try again`
              }))
            default:
              return Effect.fail(refusal(call.key, {
                _tag: "RemoteUnavailable",
                why: "the server is being closed. Try again with the same idempotency key"
              }))
          }
        }
      )
    }

    const once = (
      call: IdempotentCall,
      run: Effect.Effect<EncodedExit>
    ): Effect.Effect<EncodedExit, OperationError> =>
      Effect.suspend(() => {
        const id = `${call.caller.length} ${call.caller} ${call.idempotencyKey}`
        const digest = digestOf(call.fingerprint)
        const known = flights.get(id)
        if (known !== undefined) {
          return known.key === call.key && known.digest === digest
            ? join(call, known, run)
            : Effect.fail(refusal(call.key, { _tag: "IdempotencyConflict" }))
        }
        const flight: Flight = {
          key: call.key,
          digest,
          ended: Deferred.makeUnsafe(),
          fiber: undefined,
          waiters: 0,
          begun: false,
          stopped: undefined
        }
        flights.set(id, flight)
        const work = Effect.interruptible(backend.resolve(call, digest, run, () => {
          flight.begun = true
        }))
        return Effect.uninterruptibleMask((restore) =>
          Effect.flatMap(Effect.forkIn(work, scope, { startImmediately: true }), (fiber) => {
            flight.fiber = fiber
            fiber.addObserver(land(id, flight))
            return Effect.andThen(
              flight.begun || Deferred.isDoneUnsafe(flight.ended)
                ? Effect.void
                : Effect.forkIn(watch(flight), scope),
              restore(join(call, flight, run))
            )
          })
        )
      })

    return once
  })
