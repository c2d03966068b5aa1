import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Stream, Tracer } from "effect"
import {
  CurrentActor,
  HistoryTracker,
  invoke,
  invokeRemote,
  invokeRemoteStream,
  OfflineQueue,
  Operation,
  OperationInvoker
} from "opbus"
import { RemoteInvoker } from "opbus/remote"
import { Mail, Write } from "../history/kit.ts"
import { connect, Count, epoch, Fails, Now, serve, Slow, transports, write } from "../remote/history/kit.ts"
import { assertWellFormed, type Event, outline, reasonOf, recordEvents, tags } from "./support.ts"

const Outer = Operation.make({ meta: { key: "outer" } })
const outer = Outer.toLayer(() => Effect.orDie(write("a/1", "1")))

/** Waits until something is seen: a call's end is told to both sides, in no particular order. */
const eventually = (holds: () => boolean) =>
  Effect.repeat(Effect.sleep(5), { until: () => holds(), times: 400 }).pipe(
    Effect.tap(() => Effect.sync(() => assert.isTrue(holds(), "it did not happen within two seconds")))
  )

for (const transport of transports) {
  describe(`invokeRemote over ${transport}`, () => {
    it.live("is an invocation here, and another one there", () =>
      Effect.gen(function*() {
        const server = yield* serve()
        const client = yield* connect(server, { transport })
        const [here, there] = [yield* client.run(recordEvents), yield* server.run(recordEvents)]
        const output = yield* client.run(
          invokeRemote(Slow, { millis: 0, secret: "hunter2" }).pipe(Effect.provideService(CurrentActor, "ann"))
        )
        assert.deepStrictEqual(output, epoch)
        assertWellFormed(here)
        assert.deepStrictEqual(outline(here), ["Started slow", "Progress slow", "Succeeded slow"])
        const [started, progress, succeeded] = here as unknown as [Event, any, any]
        assert.deepStrictEqual([started.remote, started.origin, started.actor], [true, "user", "ann"])
        assert.deepStrictEqual(progress.progress, { at: epoch })
        assert.deepStrictEqual(succeeded.output, epoch)
        assert.isAtLeast(succeeded.durationMillis, 0)
        // I8
        assert.notInclude(JSON.stringify([here, there]), "hunter2")
        assert.deepStrictEqual(outline(there), outline(here))
        assert.isTrue(there.every((event) => event.remote === undefined && event.origin === "remote"))
        assert.notStrictEqual(there[0]!.id, started.id)
        assert.strictEqual(there[0]!.actor, "ann")
      }))

    it.live("I2: fails with the error of the operation, and tells of a defect no more than that", () =>
      Effect.gen(function*() {
        const server = yield* serve()
        const client = yield* connect(server, { transport })
        const here = yield* client.run(recordEvents)
        const error = yield* Effect.flip(client.run(invokeRemote(Fails, "fail")))
        assert.deepStrictEqual((error as { readonly at: Date }).at, epoch)
        const exit = yield* Effect.exit(client.run(invokeRemote(Fails, "die")))
        assert.notInclude(String(exit), "secret")
        assert.deepStrictEqual(tags(here), ["Started", "Failed", "Started", "Failed"])
        const [, failed, , died] = here as unknown as Array<any>
        assert.deepStrictEqual([failed.refused, failed.cause.reasons[0].error.at], [undefined, epoch])
        assert.strictEqual(died.cause.reasons[0]._tag, "Die")
        assertWellFormed(here)
      }))

    it.live("I4: interrupting the caller interrupts the handler, and both tell", () =>
      Effect.gen(function*() {
        const server = yield* serve()
        const client = yield* connect(server, { transport })
        const [here, there] = [yield* client.run(recordEvents), yield* server.run(recordEvents)]
        const fiber = yield* Effect.forkChild(client.run(invokeRemote(Slow, { millis: 60_000, secret: "" })))
        yield* eventually(() => here.length === 2)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(tags(here), ["Started", "Progress", "Interrupted"])
        yield* eventually(() => there.length === 3)
        assert.strictEqual(there[2]!._tag, "Interrupted")
      }))

    it.live("streams: the elements, an end that the consumer chose, and a failure", () =>
      Effect.gen(function*() {
        const server = yield* serve()
        const client = yield* connect(server, { transport })
        const [here, there] = [yield* client.run(recordEvents), yield* server.run(recordEvents)]
        const count = (n: number) => Stream.runCollect(invokeRemoteStream(Count, n))
        assert.deepStrictEqual(yield* client.run(count(3)), [1, 2, 3])
        assert.deepStrictEqual(
          yield* client.run(Stream.runCollect(Stream.take(invokeRemoteStream(Count, 1_000_000), 2))),
          [1, 2]
        )
        yield* Effect.flip(client.run(count("three" as never)))
        assert.deepStrictEqual(tags(here), ["Started", "Succeeded", "Started", "Succeeded", "Failed"])
        const [, all, , some, refused] = here as unknown as Array<any>
        assert.deepStrictEqual([all.output, all.stopped], [{ count: 3 }, undefined])
        assert.isTrue(some.stopped)
        assert.isTrue(refused.refused)
        assert.isTrue(here.every((event) => event.remote === true))
        yield* eventually(() => there.length === 4)
        assertWellFormed(here)
      }))
  })
}

describe("invokeRemote", () => {
  it.live("I1: unfit input is refused here, and nothing is sent", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const client = yield* connect(server)
      const [here, there] = [yield* client.run(recordEvents), yield* server.run(recordEvents)]
      const error = yield* Effect.flip(client.run(invokeRemote(Write, { cell: 1, value: "" } as never)))
      assert.deepStrictEqual(reasonOf(error), {
        _tag: "InvalidInput",
        issue: "expected string, got a number",
        path: ["cell"]
      })
      assert.deepStrictEqual(here.map((event) => [event._tag, event.remote, (event as any).refused]), [[
        "Failed",
        true,
        true
      ]])
      assert.deepStrictEqual(there, [])
    }))

  it.live("I1: what a transport of somebody else answers is validated", () =>
    Effect.gen(function*() {
      const client = yield* connect({ port: 9 })
      const here = yield* client.run(recordEvents)
      const foreign = Layer.succeed(RemoteInvoker.RemoteInvoker, {
        invoke: () => Effect.succeed({ before: 1 } as never),
        invokeStream: () => Stream.empty,
        invokeKey: () => Effect.void
      })
      const error = yield* Effect.flip(client.run(Effect.provide(write("a/1", "1"), foreign)))
      assert.strictEqual(reasonOf(error)._tag, "InvalidOutput")
      assert.deepStrictEqual(tags(here), ["Started", "Failed"])
    }))

  it.live("has the handler that makes it as its parent, whose span is above the other side's", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const client = yield* connect(server, { local: outer })
      const [here, there] = [yield* client.run(recordEvents), yield* server.run(recordEvents)]
      const spans: Array<Tracer.NativeSpan> = []
      const tracer = Tracer.make({
        span: (options) => {
          const span = new Tracer.NativeSpan(options)
          spans.push(span)
          return span
        }
      })
      yield* client.run(invoke(Outer, undefined).pipe(Effect.withTracer(tracer)))
      assert.deepStrictEqual(outline(here), [
        "Started outer",
        "Started cell.write",
        "Succeeded cell.write",
        "Succeeded outer"
      ])
      const [parent, child] = here
      assert.deepStrictEqual([child!.parentId, child!.rootId], [parent!.id, parent!.id])
      assert.deepStrictEqual(spans.map(({ name }) => name), ["outer", "cell.write"])
      assert.strictEqual(child!.trace!.spanId, spans[1]!.spanId)
      // The server has no tracer of its own, so its invocation is in the span of its caller.
      assert.deepStrictEqual(there[0]!.trace, { traceId: spans[1]!.traceId, spanId: spans[1]!.spanId })
      assert.strictEqual(spans[1]!.status._tag, "Ended")
    }))

  it.live("a synchronous operation is waited for like any other", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const client = yield* connect(server)
      const here = yield* client.run(recordEvents)
      assert.deepStrictEqual(yield* client.run(invokeRemote(Now, undefined)), epoch)
      assert.deepStrictEqual(tags(here), ["Started", "Succeeded"])
    }))

  it.live("a server that is not there is a failure of a call that had begun", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const client = yield* connect(server)
      yield* server.close
      const here = yield* client.run(recordEvents)
      assert.strictEqual(reasonOf(yield* Effect.flip(client.run(write("a/1", "1"))))._tag, "RemoteUnavailable")
      assert.deepStrictEqual(here.map((event) => [event._tag, (event as any).refused]), [
        ["Started", undefined],
        ["Failed", undefined]
      ])
    }))

  it.live("the own progress function is called once for each report, besides the events", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const client = yield* connect(server)
      const here = yield* client.run(recordEvents)
      const seen: Array<unknown> = []
      yield* client.run(invokeRemote(Slow, { millis: 0, secret: "" }, { onProgress: (value) => seen.push(value) }))
      assert.deepStrictEqual(seen, [{ at: epoch }])
      assert.deepStrictEqual(tags(here), ["Started", "Progress", "Succeeded"])
    }))

  it.live("H16: what is queued is refused inside a transaction, before it is accepted", () =>
    Effect.gen(function*() {
      const client = yield* connect({ port: 9 })
      const accepted: Array<string> = []
      const queue = Layer.succeed(OfflineQueue, {
        enqueue: (operation) => {
          accepted.push(operation.key)
          return Effect.succeed({ id: "1", key: operation.key, idempotencyKey: "1", await: Effect.never as never })
        }
      })
      const enqueue = OperationInvoker.use((invoker) => invoker.invokeRemote(Mail, undefined, { offline: "queue" }))
      const error = yield* Effect.flip(
        client.run(HistoryTracker.transaction("t")(Effect.provide(enqueue, queue)))
      )
      assert.strictEqual(reasonOf(error)._tag, "Denied")
      assert.deepStrictEqual(accepted, [])
      yield* client.run(HistoryTracker.group("g")(Effect.provide(enqueue, queue)))
      assert.deepStrictEqual(accepted, ["mail.send"])
    }))
})
