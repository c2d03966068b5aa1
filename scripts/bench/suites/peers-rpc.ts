import * as Effect from "effect/Effect"
import { Rpc, RpcGroup, RpcTest } from "effect/rpc"
import * as Scope from "effect/Scope"
import { forever } from "../harness/app.ts"
import { inFiber } from "../harness/loop.ts"
import { Complete, taskApp } from "../harness/operations.ts"
import { atLeast, type Suite, time } from "../harness/suite.ts"
import { handler, Task } from "../limit.ts"

const Tasks = RpcGroup.make(Rpc.make("Complete", { payload: Task, success: Task }))

export default {
  group: "peers",
  title: "Effect's RpcTest, in a fiber",
  about: "RpcTest keeps the machinery of effect/rpc without a wire.",
  plan: async () => {
    const { context, invoke } = await taskApp()
    const client = await Effect.runPromise(
      RpcTest.makeClient(Tasks).pipe(
        Effect.provide(Tasks.toLayer({ Complete: handler })),
        Effect.provideContext(context),
        Effect.provideService(Scope.Scope, forever)
      )
    )
    return {
      cases: [
        { name: "opbus invoke", run: inFiber(context, (task) => invoke(Complete, task)) },
        { name: "RpcTest", run: inFiber(context, (task) => client.Complete(task)) }
      ],
      comparisons: [
        time("RpcTest", "opbus invoke", atLeast(12))
      ]
    }
  }
} satisfies Suite
