// The operation of the benchmark as the peers define it, for both their servers and their clients.
import { os } from "@orpc/server"
import { initTRPC } from "@trpc/server"
import { Rpc, RpcGroup } from "effect/rpc"
import * as Schema from "effect/Schema"
import { complete, Task } from "../limit.ts"

export const counter = { value: 0 }

const count = (task: Task): Task => {
  counter.value++
  return complete(task)
}

/** The same compiled schema, as the peers take it. */
const validator = { "~standard": Schema.toStandardSchemaV1(Task)["~standard"] }

export class Tasks extends RpcGroup.make(Rpc.make("complete", { payload: Task, success: Task })) {}

const t = initTRPC.create()
export const trpcRouter = t.router({
  complete: t.procedure.input(validator).output(validator).mutation(({ input }) => count(input))
})

export const orpcRouter = {
  complete: os.input(validator).output(validator).handler(({ input }) => count(input))
}
