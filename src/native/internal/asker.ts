import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { ManagedService } from "../ManagedService.ts"
import type { ServiceUnavailable } from "../ServiceUnavailable.ts"

/**
 * What came of a question: an exit, or nothing in time.
 *
 * @internal
 */
export type Answer<A> = Option.Option<Exit.Exit<A, ServiceUnavailable>>

interface Asked<A> {
  readonly question: Effect.Effect<A, ServiceUnavailable>
  readonly fiber: Fiber.Fiber<A, ServiceUnavailable>
  readonly since: number
}

/**
 * Asks services one question, each within a deadline.
 *
 * Invariants: a service never has two questions of one asker open, so one that hangs does not pile up work, and who asks the same
 * waits with the first; who asks waits no
 * longer than the deadline, whatever the service does; an answer that held up the thread beyond the deadline is late too.
 *
 * @internal
 */
export class Asker<A> {
  private readonly open = new Map<ManagedService, Asked<A>>()
  private readonly deadline: number

  constructor(deadline: number) {
    this.deadline = deadline
  }

  readonly ask = (
    service: ManagedService,
    question: Effect.Effect<A, ServiceUnavailable>
  ): Effect.Effect<Answer<A>> =>
    Effect.gen({ self: this }, function*() {
      const clock = yield* Clock.Clock
      const now = clock.currentTimeMillisUnsafe()
      const asked = this.open.get(service) ?? (yield* this.begin(service, question, now))
      if (asked.question !== question) return Option.none()
      const left = asked.since + this.deadline - now
      const answer = left <= 0
        ? Option.fromUndefinedOr(asked.fiber.pollUnsafe())
        : yield* Effect.timeoutOption(Fiber.await(asked.fiber), left)
      if (Option.isSome(answer) && clock.currentTimeMillisUnsafe() - asked.since <= this.deadline) return answer
      asked.fiber.interruptUnsafe()
      return Option.none()
    })

  /** Interrupts what is open, without waiting for it. */
  readonly abandon: Effect.Effect<void> = Effect.sync(() => {
    for (const { fiber } of this.open.values()) fiber.interruptUnsafe()
  })

  private begin(service: ManagedService, question: Effect.Effect<A, ServiceUnavailable>, since: number) {
    // Not a child: what hangs uninterruptibly must hold up neither who asks nor who closes a scope.
    return Effect.map(Effect.forkDetach(question, { startImmediately: true, uninterruptible: false }), (fiber) => {
      const asked: Asked<A> = { question, fiber, since }
      this.open.set(service, asked)
      fiber.addObserver(() => {
        this.open.delete(service)
      })
      return asked
    })
  }
}

/**
 * An asker that abandons its questions with the scope.
 *
 * @internal
 */
export const make = <A>(deadline: number): Effect.Effect<Asker<A>, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(() => new Asker<A>(deadline)), (asker) => asker.abandon)
