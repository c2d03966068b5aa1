import * as Effect from "effect/Effect"
import { inLoop } from "../harness/loop.ts"
import { CompleteSync, taskApp } from "../harness/operations.ts"
import { atMost, bytes, type Suite, time } from "../harness/suite.ts"
import { limit } from "../limit.ts"

export default {
  group: "invoke",
  title: "invoke a synchronous operation with runSync",
  about:
    "Effect.runSync per call, no fiber around. The limit gets its service by runSyncWith, the cheapest way there is.",
  plan: async () => {
    const { context, invoke } = await taskApp()
    const runLimit = Effect.runSyncWith(context)
    return {
      cases: [
        { name: "runSync(limit)", run: inLoop((task) => runLimit(limit(task))) },
        { name: "runSync(invoke)", run: inLoop((task) => Effect.runSync(invoke(CompleteSync, task))) }
      ],
      comparisons: [
        time("runSync(invoke)", "runSync(limit)", atMost(1.4)),
        bytes("runSync(invoke)", "runSync(limit)")
      ]
    }
  }
} satisfies Suite
