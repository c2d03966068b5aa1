import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { OperationInvoker } from "../../../src/index.ts"
import { inFiber, inLoop } from "../harness/loop.ts"
import { Complete, taskApp } from "../harness/operations.ts"
import { added, type Suite, time } from "../harness/suite.ts"
import { complete, Counter, handler, heard, limit, limitSync } from "../limit.ts"

const subscribed = async () => {
  const app = await taskApp()
  const { invocations } = Context.get(app.context, OperationInvoker)
  Effect.runForkWith(app.context)(
    Stream.runForEachArray(invocations, (events) => Effect.sync(() => void (heard.events += events.length)))
  )
  // The subscription is made by the new fiber, not by `runFork`.
  await Effect.runPromise(Effect.sleep(1))
  return app
}

export default {
  group: "invoke",
  title: "what each step costs",
  about: "From the plain function to invoke with a subscriber of the invocation stream; all in one process.",
  plan: async () => {
    const { context, invoke } = await taskApp()
    const alone = await taskApp({ observer: false })
    const streaming = await subscribed()
    const counter = Context.get(context, Counter)
    const done = Effect.void
    return {
      cases: [
        { name: "plain function", run: inLoop((task) => (counter.value++, complete(task))) },
        { name: "limit, no Effect", run: inLoop((task) => limitSync(task, counter)) },
        { name: "an empty loop in a fiber", run: inFiber(context, () => done) },
        { name: "Effect handler in a fiber", run: inFiber(context, handler) },
        { name: "limit in a fiber", run: inFiber(context, limit) },
        { name: "invoke, nobody listens", run: inFiber(alone.context, (task) => alone.invoke(Complete, task)) },
        { name: "invoke, one observer", run: inFiber(context, (task) => invoke(Complete, task)) },
        {
          name: "invoke, an observer and a stream",
          run: inFiber(streaming.context, (task) => streaming.invoke(Complete, task))
        }
      ],
      comparisons: [
        time("invoke, nobody listens", "limit in a fiber"),
        added("invoke, an observer and a stream", "invoke, one observer")
      ]
    }
  }
} satisfies Suite
