import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"

const program = Effect.gen(function*() {
  const ref = yield* Ref.make(0)
  yield* Effect.forEach([1, 2, 3], (n) => Effect.flatMap(Ref.get(ref), (m) => Ref.set(ref, m + n)))
  yield* Effect.all([Effect.yieldNow, Effect.sync(() => 1), Effect.promise(() => Promise.resolve(2))], {
    concurrency: 2
  })
  const exit = yield* Effect.exit(Effect.fail("no"))
  yield* Effect.catch(Effect.fail(exit), () => Effect.void)
  yield* Effect.matchCauseEffect(Effect.suspend(() => Effect.die("no")), {
    onFailure: () => Effect.void,
    onSuccess: () => Effect.void
  })
  yield* Effect.acquireUseRelease(
    Effect.succeed(1),
    (n) => Effect.map(Effect.succeed(n), (m) => n + m),
    () => Effect.void
  )
  yield* Effect.scoped(Effect.addFinalizer(() => Effect.void))
  yield* Effect.uninterruptibleMask((restore) => Effect.onExit(restore(Effect.sync(() => {})), () => Effect.void))
  yield* Stream.runCollect(Stream.map(Stream.range(1, 5), (n) => n * 2))
})

/**
 * Runs all kinds of effects for a while. V8 specialises Effect's interpreter to what a process has run so far; after this
 * it knows it as a real application does, and what is timed then no longer depends on luck.
 */
export const runOtherPrograms = async (millis: number): Promise<void> => {
  const end = performance.now() + millis
  while (performance.now() < end) await Effect.runPromise(program)
}
