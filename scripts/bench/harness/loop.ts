import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Task } from "../limit.ts"

const tasks: ReadonlyArray<Task> = Array.from({ length: 16 }, (_, i) => ({
  id: `task-${i}`,
  title: `Write the ${i}. page`,
  count: i,
  tags: ["book", `chapter-${i % 4}`],
  done: false
}))

/** A few different inputs, in turn. */
export const taskAt = (i: number): Task => tasks[i & 15]!

type Around<R> = (loop: Effect.Effect<void, unknown, R>) => Effect.Effect<void, unknown, R>

/** Runs an effect per operation in one fiber: what a program does that calls an operation in a loop. */
export const inFiber = <R>(
  context: Context.Context<R>,
  body: (task: Task, i: number) => Effect.Effect<unknown, unknown, R>,
  around: Around<R> = (loop) => loop
) =>
(count: number): Promise<void> => {
  let i = 0
  const loop = Effect.whileLoop({ while: () => i < count, body: () => body(taskAt(i), i++), step: () => {} })
  return Effect.runPromiseWith(context)(around(loop))
}

/** A synchronous call per operation. */
export const inLoop = (body: (task: Task, i: number) => unknown) => (count: number): void => {
  for (let i = 0; i < count; i++) body(taskAt(i), i)
}

/** A promise per operation, one after the other. */
export const inPromises =
  (body: (task: Task, i: number) => Promise<unknown>) => async (count: number): Promise<void> => {
    for (let i = 0; i < count; i++) await body(taskAt(i), i)
  }
