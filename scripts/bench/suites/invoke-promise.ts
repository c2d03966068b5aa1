import * as Effect from "effect/Effect"
import { inPromises } from "../harness/loop.ts"
import { Complete, taskApp } from "../harness/operations.ts"
import { bytes, type Suite, time } from "../harness/suite.ts"
import { limit } from "../limit.ts"

export default {
  group: "invoke",
  title: "invoke with runPromise",
  about: "Effect.runPromise per call, awaited.",
  plan: async () => {
    const { context, invoke } = await taskApp()
    const runLimit = Effect.runPromiseWith(context)
    return {
      cases: [
        { name: "runPromise(limit)", run: inPromises((task) => runLimit(limit(task))) },
        { name: "runPromise(invoke)", run: inPromises((task) => Effect.runPromise(invoke(Complete, task))) }
      ],
      comparisons: [
        time("runPromise(invoke)", "runPromise(limit)"),
        bytes("runPromise(invoke)", "runPromise(limit)")
      ]
    }
  }
} satisfies Suite
