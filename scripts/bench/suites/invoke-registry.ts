import * as Context from "effect/Context"
import * as Layer from "effect/Layer"
import { Operation, OperationInvoker } from "../../../src/index.ts"
import { appLayer, build, observed } from "../harness/app.ts"
import { inFiber } from "../harness/loop.ts"
import { atMost, type Suite, time } from "../harness/suite.ts"
import { handler, Task } from "../limit.ts"

const operation = (i: number) => Operation.make({ meta: { key: `task.complete${i}` }, input: Task, output: Task })

const registered = async (count: number) => {
  const operations = Array.from({ length: count }, (_, i) => operation(i))
  const [first, ...others] = operations.map((op) => op.toLayer(handler))
  const context = await build(appLayer(Layer.mergeAll(first!, ...others)))
  await observed(context)
  const middle = operations[count >> 1]!
  const { invoke } = Context.get(context, OperationInvoker)
  return {
    one: inFiber(context, (task) => invoke(middle, task)),
    inTurn: inFiber(context, (task, i) => invoke(operations[i % count]!, task))
  }
}

export default {
  group: "invoke",
  title: "invoke with 1, 10 and 1,000 registered operations",
  about: "One of them is called; in the last case all of them in turn, which also measures the cache of the processor.",
  plan: async () => {
    const [one, ten, thousand] = [await registered(1), await registered(10), await registered(1000)]
    return {
      cases: [
        { name: "1 operation", run: one.one },
        { name: "10 operations", run: ten.one },
        { name: "1,000 operations", run: thousand.one },
        { name: "1,000 operations in turn", run: thousand.inTurn }
      ],
      comparisons: [
        time("10 operations", "1 operation", atMost(1.05)),
        time("1,000 operations", "1 operation", atMost(1.05)),
        time("1,000 operations in turn", "1 operation")
      ]
    }
  }
} satisfies Suite
