import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { build, forever } from "../harness/app.ts"
import { inFiber } from "../harness/loop.ts"
import { atMost, type Suite, time } from "../harness/suite.ts"
import { type Edit, loadVariant } from "../harness/variant.ts"
import { Counter, handler, listener, Task } from "../limit.ts"

const pipeline = "operation/internal/pipeline.ts"

/** Takes out the question whether a tracer listens, and the look-up of the caller's span for the events. */
const withoutTracing: ReadonlyArray<Edit> = [
  { file: pipeline, find: /if \(fiber\.cache\.tracer === undefined.*?\) return /, replace: "return " },
  { file: pipeline, find: /this\.fiber\.cache\??\.span/, replace: "(undefined as any)" }
]

const copy = async (name: string, edits: ReadonlyArray<Edit>) => {
  const { Operation, OperationInvoker, OperationRegistry } = await loadVariant(name, edits)
  const operation = Operation.make({ meta: { key: "task.complete" }, input: Task, output: Task })
  const context = await build(
    operation.toLayer(handler).pipe(
      Layer.provideMerge(OperationInvoker.layer),
      Layer.provideMerge(OperationRegistry.layer),
      Layer.provideMerge(Layer.sync(Counter, () => ({ value: 0 })))
    )
  )
  const { invoke, observe } = Context.get(context, OperationInvoker)
  await Effect.runPromise(Effect.provideService(observe(listener), Scope.Scope, forever))
  return inFiber(context, (task) => invoke(operation, task))
}

export default {
  group: "invoke",
  title: "tracing off",
  about:
    "Three copies of the sources in one process: two as they are, and one without the lines that ask for a tracer.",
  plan: async () => ({
    cases: [
      { name: "invoke", run: await copy("a", []) },
      { name: "invoke, the same again", run: await copy("b", []) },
      { name: "no question for a tracer", run: await copy("c", withoutTracing) }
    ],
    comparisons: [
      time("invoke", "no question for a tracer", atMost(1.03)),
      { ...time("invoke, the same again", "invoke"), label: "noise" }
    ]
  })
} satisfies Suite
