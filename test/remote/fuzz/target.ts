import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Operation, OperationContext, OperationInvoker, OperationRegistry } from "opbus/operation"
import { OperationServer } from "opbus/remote"
import { internalsOf } from "opbus/remote/OperationServer"
import { type Stack } from "../conformance/servers.ts"
import { listen } from "../conformance/servers.ts"
import { limits } from "./limits.ts"

/**
 * The server that is attacked, in a process of its own: `node --expose-gc target.ts <stack>`. It says where it listens,
 * and when it is asked how it is.
 */

const Failed = Schema.TaggedStruct("Failed", { at: Schema.Date })

const operations = [
  Operation.make({ meta: { key: "f.echo" }, input: Schema.Json, output: Schema.Json }),
  Operation.make({
    meta: { key: "f.struct", version: 2 },
    input: Schema.Struct({ a: Schema.Int, at: Schema.Date, bytes: Schema.optionalKey(Schema.Uint8Array) }),
    output: Schema.Struct({ a: Schema.Int, at: Schema.Date }),
    error: Failed,
    progress: Schema.Int
  }),
  Operation.make({ meta: { key: "f.stream" }, input: Schema.Int, output: Schema.Date, error: Failed, stream: true }),
  Operation.make({ meta: { key: "f.wait" }, input: Schema.Finite }),
  Operation.make({ meta: { key: "f.die" } })
] as const

const [Echo, Struct, Many, Wait, Die] = operations

const Handlers = Layer.mergeAll(
  Echo.toLayer((input) => Effect.succeed(input)),
  Struct.toLayer(({ a, at }) =>
    Effect.gen(function*() {
      const { progress } = yield* OperationContext
      yield* progress(a)
      return a % 7 === 0 ? yield* Effect.fail({ _tag: "Failed" as const, at }) : { a, at }
    })
  ),
  Many.toLayer((count) =>
    Stream.map(Stream.range(1, Math.max(1, Math.min(1_000, Math.abs(count)))), (n) => new Date(n))
  ),
  Wait.toLayer((millis) => Effect.sleep(Math.min(Math.abs(millis), 50))),
  Die.toLayer(() => Effect.die(new Error("hunter2")))
)

let rejections = 0
process.on("unhandledRejection", (reason) => {
  rejections++
  console.error("unhandled rejection", reason)
})
process.on("uncaughtException", (error) => {
  rejections++
  console.error("uncaught exception", error)
})

const gc = (globalThis as { readonly gc?: () => void }).gc

await Effect.runPromise(
  Effect.gen(function*() {
    const server = yield* OperationServer
    const { port } = yield* listen(process.argv[2] as Stack)
    const connections = (internalsOf(server).server as unknown as { readonly connections: Set<unknown> }).connections
    process.on("message", () => {
      for (let i = 0; i < 4; i++) gc?.()
      process.send!({
        inFlight: Effect.runSync(server.inFlight),
        connections: connections.size,
        heap: process.memoryUsage().heapUsed,
        rejections
      })
    })
    process.send!({ port })
    return yield* Effect.never
  }).pipe(
    Effect.provide(
      OperationServer.layer<never>({ expose: operations, limits }).pipe(
        Layer.provideMerge(Handlers),
        Layer.provideMerge(OperationInvoker.layer),
        Layer.provideMerge(OperationRegistry.layer),
        Layer.provide(Logger.layer([]))
      )
    ),
    Effect.scoped
  )
)
