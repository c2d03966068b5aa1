import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import * as Stream from "effect/Stream"

/**
 * Where a view comes from, and when it is looked at again.
 *
 * @internal
 */
export interface Source<A> {
  readonly read: Effect.Effect<A>
  /** What says that there may be something else to read. */
  readonly changes: ReadonlyArray<Stream.Stream<unknown, unknown>>
  /** How often to look when nothing says so. */
  readonly poll: Duration.Input
  /** Milliseconds from one element to the next, at least. Default 200. */
  readonly spacing?: ((value: A) => number) | undefined
  /** Also what is the same as before. Default `false`. */
  readonly always?: boolean | undefined
}

/**
 * A value now, and whenever it is another one.
 *
 * Invariants: nothing is read while nobody pulls, so a consumer that is slow, or gone, costs nothing; the first change
 * after a pause comes at once, and those that follow within `spacing` come as one, the newest.
 *
 * @internal
 */
export const live = <A>({ always = false, changes, poll, read, spacing = () => 200 }: Source<A>): Stream.Stream<A> =>
  Stream.unwrap(Effect.gen(function*() {
    const changed = Latch.makeUnsafe(true)
    const notice = Effect.sync(() => void changed.openUnsafe())
    for (const change of changes) {
      yield* Effect.forkScoped(Effect.ignore(Stream.runForEach(change, () => notice)), { startImmediately: true })
    }
    let last: string | undefined
    let notBefore = 0
    const next: Effect.Effect<readonly [A]> = Effect.gen(function*() {
      for (;;) {
        yield* Effect.timeoutOption(changed.await, poll)
        const wait = notBefore - (yield* Clock.currentTimeMillis)
        if (wait > 0) yield* Effect.sleep(wait)
        changed.closeUnsafe()
        const value = yield* read
        if (!always) {
          const text = JSON.stringify(value)
          if (text === last) continue
          last = text
        }
        notBefore = (yield* Clock.currentTimeMillis) + spacing(value)
        return [value] as const
      }
    })
    return Stream.fromPull(Effect.succeed(next))
  }))
