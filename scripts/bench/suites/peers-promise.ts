import "reflect-metadata"
import { Module } from "@nestjs/common"
import { NestFactory } from "@nestjs/core"
import { Command, CommandBus, CommandHandler, CqrsModule } from "@nestjs/cqrs"
import { call, os } from "@orpc/server"
import { initTRPC } from "@trpc/server"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { inPromises } from "../harness/loop.ts"
import { Complete, taskApp } from "../harness/operations.ts"
import { atLeast, type Suite, time } from "../harness/suite.ts"
import { complete, decode, encode, type Task, Task as TaskSchema } from "../limit.ts"

const counter = { value: 0 }
interface Services {
  readonly counter: { value: number }
}

/** The same compiled schema, as the peers take it. */
const validator = { "~standard": Schema.toStandardSchemaV1(TaskSchema)["~standard"] }

const count = (services: Services, task: Task): Task => {
  services.counter.value++
  return complete(task)
}

const trpc = () => {
  const t = initTRPC.context<Services>().create()
  const router = t.router({
    complete: t.procedure.input(validator).output(validator).mutation(({ ctx, input }) => count(ctx, input))
  })
  return router.createCaller({ counter })
}

const orpc = () =>
  os.$context<Services>().input(validator).output(validator).handler(({ context, input }) => count(context, input))

class CompleteTask extends Command<Task> {
  readonly task: unknown
  constructor(task: unknown) {
    super()
    this.task = task
  }
}

class CompleteTaskHandler {
  readonly services: Services = { counter }
  execute({ task }: CompleteTask): Promise<Task> {
    return Promise.resolve(encode(count(this.services, decode(task))))
  }
}
CommandHandler(CompleteTask)(CompleteTaskHandler)

const nest = async (): Promise<CommandBus> => {
  class App {}
  Module({ imports: [CqrsModule.forRoot()], providers: [CompleteTaskHandler] })(App)
  const app = await NestFactory.createApplicationContext(App, { logger: false })
  return app.get(CommandBus)
}

export default {
  group: "peers",
  title: "peers, a promise per call",
  about: "All validate input and output with the same compiled schema. Only opbus has an observer and its two events.",
  plan: async () => {
    const { invoke } = await taskApp()
    const [caller, procedure, bus] = [trpc(), orpc(), await nest()]
    return {
      cases: [
        { name: "opbus invoke", run: inPromises((task) => Effect.runPromise(invoke(Complete, task))) },
        { name: "@orpc/server call", run: inPromises((task) => call(procedure, task, { context: { counter } })) },
        { name: "@trpc/server caller", run: inPromises((task) => caller.complete(task)) },
        { name: "@nestjs/cqrs CommandBus", run: inPromises((task) => bus.execute(new CompleteTask(task))) }
      ],
      comparisons: [
        time("@orpc/server call", "opbus invoke", atLeast(2)),
        time("@trpc/server caller", "opbus invoke", atLeast(12)),
        time("@nestjs/cqrs CommandBus", "opbus invoke")
      ]
    }
  }
} satisfies Suite
