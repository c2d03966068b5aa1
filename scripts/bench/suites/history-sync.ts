import * as Effect from "effect/Effect"
import { historyApp, roomFor } from "../harness/history.ts"
import { inLoop } from "../harness/loop.ts"
import { CompleteSync, taskApp } from "../harness/operations.ts"
import { type Suite, time } from "../harness/suite.ts"

export default {
  group: "history",
  title: "recording a synchronous operation",
  about: "As above with runSync, at depth 1,000.",
  plan: async () => {
    const { invoke } = await taskApp()
    const app = await historyApp({ limits: roomFor(1_000) })
    await app.fill(1_001)
    return {
      cases: [
        { name: "no history", run: inLoop((task) => Effect.runSync(invoke(CompleteSync, task))) },
        { name: "recorded", run: inLoop((task) => Effect.runSync(app.invoke(CompleteSync, task))) }
      ],
      comparisons: [time("recorded", "no history")]
    }
  }
} satisfies Suite
