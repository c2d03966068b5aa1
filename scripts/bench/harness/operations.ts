import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { Operation, OperationInvoker } from "../../../src/index.ts"
import { handler, Task } from "../limit.ts"
import { appLayer, build, observed } from "./app.ts"

/** The operation of the benchmark: what the limit does, on the bus. */
export const Complete = Operation.make({ meta: { key: "task.complete" }, input: Task, output: Task })

/** The same for `Effect.runSync`. */
export const CompleteSync = Operation.make({
  meta: { key: "task.completeSync" },
  input: Task,
  output: Task,
  executionMode: "sync"
})

/** An application with both, and one observer unless it should have none. */
export const taskApp = async (options: { readonly observer: boolean } = { observer: true }) => {
  const context = await build(appLayer(Layer.merge(Complete.toLayer(handler), CompleteSync.toLayer(handler))))
  if (options.observer) await observed(context)
  return { context, invoke: Context.get(context, OperationInvoker).invoke }
}
