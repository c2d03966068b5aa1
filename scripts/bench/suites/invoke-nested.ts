import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Operation, OperationInvoker } from "../../../src/index.ts"
import { appLayer, build, observed } from "../harness/app.ts"
import { inFiber } from "../harness/loop.ts"
import { bytes, type Suite, time } from "../harness/suite.ts"
import { decode, encode, handler, limit, listener, Task } from "../limit.ts"

/** The limit around another limit. */
const around = <R>(inner: (task: Task) => Effect.Effect<unknown, never, R>) => (input: unknown) =>
  Effect.suspend(() =>
    Effect.map(inner(decode(input)), (task) => {
      const output = encode(task)
      listener({ key: "task.outer", input, output })
      return output
    })
  )

const Inner = Operation.make({ meta: { key: "task.inner" }, input: Task, output: Task })
const Middle = Operation.make({ meta: { key: "task.middle" }, input: Task, output: Task })
const Outer = Operation.make({ meta: { key: "task.outer" }, input: Task, output: Task })

const calls = (inner: typeof Inner | typeof Middle) => (task: Task) =>
  Effect.flatMap(OperationInvoker, (invoker) => Effect.orDie(invoker.invoke(inner, task)))

export default {
  group: "invoke",
  title: "invoke nested 3 deep",
  about:
    "A handler that invokes, whose handler invokes, against three limits inside each other: six events, one observer.",
  plan: async () => {
    const context = await build(appLayer(Layer.mergeAll(
      Inner.toLayer(handler),
      Middle.toLayer(calls(Inner)),
      Outer.toLayer(calls(Middle))
    )))
    await observed(context)
    const { invoke } = Context.get(context, OperationInvoker)
    return {
      cases: [
        { name: "hand-written limit, 3 deep", run: inFiber(context, around(around(limit))) },
        { name: "invoke, 3 deep", run: inFiber(context, (task) => invoke(Outer, task)) }
      ],
      comparisons: [
        time("invoke, 3 deep", "hand-written limit, 3 deep"),
        bytes("invoke, 3 deep", "hand-written limit, 3 deep")
      ]
    }
  }
} satisfies Suite
