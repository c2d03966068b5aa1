import * as Effect from "effect/Effect"
import { inFiber } from "../harness/loop.ts"
import { Complete, taskApp } from "../harness/operations.ts"
import { atMost, bytes, type Suite, time } from "../harness/suite.ts"
import { limit } from "../limit.ts"

export default {
  group: "invoke",
  title: "invoke in a fiber",
  about: "One fiber calls in a loop. opbus: validation both ways, both events, one observer.",
  plan: async () => {
    const { context, invoke } = await taskApp()
    return {
      cases: [
        { name: "an empty loop", run: inFiber(context, () => Effect.void) },
        { name: "hand-written limit", run: inFiber(context, limit) },
        { name: "invoke", run: inFiber(context, (task) => invoke(Complete, task)) }
      ],
      comparisons: [
        time("invoke", "hand-written limit", atMost(1.75)),
        { ...time("invoke", "hand-written limit"), label: "time, without the loop", without: "an empty loop" },
        bytes("invoke", "hand-written limit", atMost(2))
      ]
    }
  }
} satisfies Suite
