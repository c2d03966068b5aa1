// The least that decode + handler + encode + one listener can cost on Effect: what `invoke` is measured against.
import "effect/schema/SchemaJITCompiler/enable"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

export const Task = Schema.Struct({
  id: Schema.String,
  title: Schema.String,
  count: Schema.Number,
  tags: Schema.Array(Schema.String),
  done: Schema.Boolean
})
export type Task = typeof Task.Type

export class Counter extends Context.Service<Counter, { value: number }>()("bench/Counter") {}

export const complete = ({ id, tags, title }: Task): Task => ({ id, title, count: 1, tags, done: true })

export const handler = (task: Task): Effect.Effect<Task, never, Counter> =>
  Effect.flatMap(Counter, (counter) => Effect.sync(() => (counter.value++, complete(task))))

export const decode = Schema.decodeUnknownSync(Task)
export const encode = Schema.encodeUnknownSync(Task)

export const heard = { events: 0 }
export const listener = (event: object): void => void (event !== null && heard.events++)

const publish = (input: unknown, task: Task): unknown => {
  const output = encode(task)
  listener({ key: "task.complete", input, output })
  return output
}

export const limitSync = (input: unknown, counter: { value: number }): unknown =>
  publish(input, (counter.value++, complete(decode(input))))

export const limit = (input: unknown): Effect.Effect<unknown, never, Counter> =>
  Effect.suspend(() => Effect.map(handler(decode(input)), (task) => publish(input, task)))
