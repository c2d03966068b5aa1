import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { inFiber } from "../harness/loop.ts"
import { Complete, taskApp } from "../harness/operations.ts"
import { type Suite, time } from "../harness/suite.ts"
import { limit } from "../limit.ts"

class Request extends Context.Service<Request, number>()("bench/Request") {}

export default {
  group: "invoke",
  title: "invoke in a new context each time",
  about: "As a server does it, which gives every request a service of its own: nothing remembered per context helps.",
  plan: async () => {
    const { context, invoke } = await taskApp()
    return {
      cases: [
        {
          name: "hand-written limit",
          run: inFiber(context, (task, i) => Effect.provideService(limit(task), Request, i))
        },
        {
          name: "invoke",
          run: inFiber(context, (task, i) => Effect.provideService(invoke(Complete, task), Request, i))
        }
      ],
      comparisons: [time("invoke", "hand-written limit")]
    }
  }
} satisfies Suite
