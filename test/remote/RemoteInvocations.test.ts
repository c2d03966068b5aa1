import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Operation, OperationInvoker, OperationRegistry } from "opbus"
import { OperationHttpServer } from "opbus/node"
import { OperationServer, RemoteInvocations, RemoteInvoker } from "opbus/remote"

const Ping = Operation.make({ meta: { key: "watch.ping" }, input: Schema.Number, output: Schema.Number })
const Quiet = Operation.make({ meta: { key: "watch.quiet" } })

const bus = () =>
  Layer.mergeAll(Ping.toLayer((n) => Effect.succeed(n)), Quiet.toLayer(() => Effect.void)).pipe(
    Layer.provideMerge(OperationInvoker.layer),
    Layer.provideMerge(OperationRegistry.layer)
  )

/** A server on a real socket, a client of it over HTTP, and the server's own invoker. */
const watched = (observe: boolean | { readonly replay: number }) => {
  const served = OperationHttpServer.layer({ port: 0 }).pipe(
    Layer.provideMerge(OperationServer.layer({ expose: [Ping], observe })),
    Layer.provideMerge(Layer.fresh(bus()))
  )
  const client = Layer.unwrap(
    Effect.map(OperationHttpServer.OperationHttpServer, ({ url }) => RemoteInvoker.layerHttp({ url }))
  )
  return Layer.provideMerge(client, served)
}

const invokeAll = (numbers: ReadonlyArray<number>) => Effect.forEach(numbers, (n) => OperationInvoker.invoke(Ping, n))

const shown = (message: { readonly _tag: string; readonly key: string; readonly input: unknown }) =>
  `${message._tag} ${message.key} ${String(message.input)}`

describe("RemoteInvocations", () => {
  it.live("shows what the server does, only of the operations asked for", () =>
    Effect.gen(function*() {
      const watching = yield* Effect.forkChild(
        Stream.runCollect(Stream.take(RemoteInvocations.subscribe({ keys: ["watch.ping"] }), 4)),
        { startImmediately: true }
      )
      yield* Effect.sleep(200)
      yield* OperationInvoker.invoke(Quiet, undefined)
      yield* invokeAll([1, 2])
      assert.deepStrictEqual((yield* Fiber.join(watching)).map(shown), [
        "Started watch.ping 1",
        "Succeeded watch.ping 1",
        "Started watch.ping 2",
        "Succeeded watch.ping 2"
      ])
    }).pipe(Effect.provide(watched(true))))

  it.live("goes on after the last event that was seen, without a gap and without a double", () =>
    Effect.gen(function*() {
      const watching = yield* Effect.forkChild(Stream.runCollect(Stream.take(RemoteInvocations.subscribe(), 3)), {
        startImmediately: true
      })
      yield* Effect.sleep(200)
      yield* invokeAll([1, 2, 3])
      const first = yield* Fiber.join(watching)
      const last = first.at(-1)!
      const rest = yield* Stream.runCollect(
        Stream.take(RemoteInvocations.subscribe({ after: { epoch: last.epoch, sequence: last.sequence } }), 3)
      )
      assert.deepStrictEqual(
        first.concat(rest).map(({ sequence }) => sequence),
        [
          0,
          1,
          2,
          3,
          4,
          5
        ].map((n) => n + first[0]!.sequence)
      )
    }).pipe(Effect.provide(watched(true))))

  it.live("says that events are missing when the server keeps them no longer, or was restarted", () =>
    Effect.gen(function*() {
      yield* invokeAll([1, 2, 3, 4, 5, 6, 7, 8, 9])
      const forgotten = yield* Effect.flip(Stream.runDrain(
        RemoteInvocations.subscribe({ after: { epoch: yield* epoch, sequence: 0 } })
      ))
      assert.strictEqual((forgotten as RemoteInvocations.InvocationGap).why, "forgotten")
      const restarted = yield* Effect.flip(Stream.runDrain(
        RemoteInvocations.subscribe({ after: { epoch: "another process", sequence: 0 } })
      ))
      assert.instanceOf(restarted, RemoteInvocations.InvocationGap)
      assert.strictEqual(
        restarted.message,
        "Invocation events are missing: the server was restarted. Subscribe again without `after`."
      )
    }).pipe(Effect.provide(watched({ replay: 4 }))))

  it.live("finds nothing to watch on a server that does not allow it", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Stream.runDrain(RemoteInvocations.subscribe()))
      assert.deepStrictEqual((error as { readonly reason: unknown }).reason, { _tag: "RemoteFunctionNotFound" })
    }).pipe(Effect.provide(watched(false))))
})

/** Of the server's invoker. */
const epoch = Effect.gen(function*() {
  const seen: Array<string> = []
  yield* Effect.scoped(Effect.gen(function*() {
    yield* (yield* OperationInvoker).observe((event) => seen.push(event.epoch))
    yield* invokeAll([0])
  }))
  return seen[0]!
})
