import * as Effect from "effect/Effect"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { inFiber } from "../harness/loop.ts"
import { Complete, taskApp } from "../harness/operations.ts"
import { type Suite, time } from "../harness/suite.ts"
import { limit } from "../limit.ts"

const tracer = Tracer.make({ span: (options) => new Tracer.NativeSpan(options) })

export default {
  group: "invoke",
  title: "with a tracer",
  about: "A tracer that keeps nothing: what is left is the price of a span in Effect.",
  plan: async () => {
    const { context, invoke } = await taskApp()
    return {
      cases: [
        { name: "invoke, no tracer", run: inFiber(context, (task) => invoke(Complete, task)) },
        {
          name: "invoke, a tracer switched off",
          run: inFiber(context, (task) => invoke(Complete, task), (loop) =>
            loop.pipe(
              Effect.provideService(Tracer.Tracer, tracer),
              Effect.provideService(References.TracerEnabled, false)
            ))
        },
        {
          name: "invoke, a tracer",
          run: inFiber(context, (task) => invoke(Complete, task), Effect.provideService(Tracer.Tracer, tracer))
        },
        {
          name: "limit with a span, a tracer",
          run: inFiber(
            context,
            (task) => Effect.withSpan(limit(task), "task.complete"),
            Effect.provideService(Tracer.Tracer, tracer)
          )
        }
      ],
      comparisons: [
        time("invoke, a tracer switched off", "invoke, no tracer"),
        time("invoke, a tracer", "limit with a span, a tracer")
      ]
    }
  }
} satisfies Suite
