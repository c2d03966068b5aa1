import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { taskAt } from "../harness/loop.ts"
import type { Task } from "../limit.ts"

/** Makes so many calls, so many of them at a time, and notes how long each took. */
export type Caller = (count: number, inFlight: number, latencies: Array<number>) => Promise<void>

/** Each of those at a time is a fiber. */
export const inFibers = <R>(
  context: Context.Context<R>,
  call: (task: Task) => Effect.Effect<unknown, unknown, R>
): Caller =>
(count, inFlight, latencies) => {
  let i = 0
  const one = Effect.suspend(() => {
    const started = performance.now()
    return Effect.map(call(taskAt(i++)), () => void latencies.push(performance.now() - started))
  })
  const loop = Effect.whileLoop({ while: () => i < count, body: () => one, step: () => {} })
  return Effect.runPromiseWith(context)(
    inFlight === 1 ? loop : Effect.forEach(Array.from({ length: inFlight }), () => loop, {
      concurrency: "unbounded",
      discard: true
    })
  )
}

/** Each of those at a time is an asynchronous function. */
export const inLoops = (call: (task: Task) => Promise<unknown>): Caller => async (count, inFlight, latencies) => {
  let i = 0
  const loop = async () => {
    while (i < count) {
      const started = performance.now()
      await call(taskAt(i++))
      latencies.push(performance.now() - started)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, loop))
}
