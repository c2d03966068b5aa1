import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { FetchHttpClient, HttpRouter } from "effect/http"
import * as Layer from "effect/Layer"
import { RpcClient, RpcSerialization, RpcServer } from "effect/rpc"
import { Socket } from "effect/socket"
import * as Stream from "effect/Stream"
import { spawnSync } from "node:child_process"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { OperationError, OperationGroup, OperationInvoker, OperationRegistry } from "opbus/operation"
import { OperationRpc, RemoteInvoker } from "opbus/remote"
import * as D from "./conformance/definitions.ts"
import { type Address, listen, server, stacks } from "./conformance/servers.ts"
import { json, ndjson, post, request } from "./raw.ts"

/** A union without tags has no binary layout, which the plain client and server insist on. */
const Group = OperationGroup.make(
  D.Text,
  D.Nothing,
  D.Strict,
  D.Unfit,
  D.Fail,
  D.Die,
  D.Count,
  D.Report,
  D.Hang,
  D.GiveUp,
  D.Sleep,
  D.Versioned,
  D.Context,
  D.Notes,
  D.Hidden
)

const rpcs = OperationRpc.toRpcGroup(Group)

const { invokeRemote, invokeRemoteStream } = OperationInvoker

const serializations = ["ndjson", "binary"] as const

const serializationLayer = (serialization: (typeof serializations)[number]) =>
  serialization === "ndjson" ? RpcSerialization.layerNdjson : RpcSerialization.layerSchemaBinary()

const clientProtocols = {
  HTTP: (address: Address, serialization: (typeof serializations)[number]) =>
    RpcClient.layerProtocolHttp({ url: address.http }).pipe(
      Layer.provide([FetchHttpClient.layer, serializationLayer(serialization)])
    ),
  WebSocket: (address: Address, serialization: (typeof serializations)[number]) =>
    RpcClient.layerProtocolSocket().pipe(
      Layer.provide([
        Layer.effect(Socket.Socket, Socket.makeWebSocket(address.webSocket(serialization))).pipe(
          Layer.provide(Socket.layerWebSocketConstructorGlobal)
        ),
        serializationLayer(serialization)
      ])
    )
}

let ids = 0
const newId = () => `peer-${process.pid}-${ids++}`

const eventually = <A, E, R>(ask: Effect.Effect<A, E, R>, expected: (value: A) => boolean): Effect.Effect<A, E, R> =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 300; tries++) {
      const value = yield* ask
      if (expected(value)) return value
      yield* Effect.sleep(10)
    }
    return yield* ask
  })

describe("a plain client of effect/rpc, made of the group, calls our server", () => {
  for (const stack of stacks) {
    for (const serialization of serializations) {
      for (const [transport, protocol] of Object.entries(clientProtocols)) {
        it.live(`over ${transport}, ${serialization}, ${stack}`, () =>
          Effect.gen(function*() {
            const address = yield* listen(stack)
            const scoped = Effect.gen(function*() {
              const client = yield* RpcClient.make(rpcs)
              const notesOf = (id: string) => client["conf.notes"](id)

              assert.strictEqual(yield* client["conf.text"]("é\n👩‍👩‍👧"), "é\n👩‍👩‍👧")
              assert.isUndefined(yield* client["conf.nothing"](undefined))
              const late = yield* Effect.flip(client["conf.fail"]("late-left"))
              assert.isTrue(late instanceof D.Late)
              assert.deepStrictEqual([(late as D.Late).due, (late as D.Late).left], [new Date(86_400_000), 2n ** 70n])

              // The bus's own error is one of the procedure's errors.
              const refused = yield* Effect.flip(client["conf.fail"]("refused"))
              assert.isTrue(refused instanceof OperationError)
              assert.deepStrictEqual((refused as OperationError).reason, { _tag: "Dropped" })
              const unfit = yield* Effect.flip(client["conf.unfit"]("nested"))
              assert.deepStrictEqual((unfit as OperationError).reason._tag, "InvalidOutput")
              assert.deepStrictEqual(((unfit as OperationError).reason as any).path, ["items", 1, "n"])
              const hidden = yield* Effect.flip(client["conf.hidden"](undefined))
              assert.strictEqual((hidden as OperationError).message, "Remote function not found: conf.hidden")

              const died = yield* Effect.exit(client["conf.die"]("die"))
              assert.isTrue(Exit.isFailure(died) && Cause.hasDies(died.cause), String(died))
              assert.notInclude(String(died), "hunter2")
              const gaveUp = yield* Effect.exit(client["conf.giveUp"](undefined))
              assert.isTrue(Exit.isFailure(gaveUp) && Cause.hasInterrupts(gaveUp.cause), String(gaveUp))

              const elements = yield* Stream.runCollect(client["conf.count"]({ id: newId(), to: 300, chunk: 7 }))
              assert.deepStrictEqual(elements.map(({ n }) => n), Array.from({ length: 300 }, (_, i) => i + 1))
              assert.deepStrictEqual(elements[0]!.at, new Date(1))
              const broken = yield* Effect.flip(
                Stream.runDrain(client["conf.count"]({ id: newId(), to: 9, failAt: 3 }))
              )
              assert.deepStrictEqual(broken, new D.Taken({ title: "3" }))
              const early = newId()
              yield* Stream.runDrain(Stream.take(client["conf.count"]({ id: early, to: 1_000_000, pad: 1_000 }), 2))
              assert.include(yield* eventually(notesOf(early), (notes) => notes.includes("finalized")), "finalized")

              const hanging = newId()
              const fiber = yield* Effect.forkChild(client["conf.hang"](hanging))
              yield* eventually(notesOf(hanging), (notes) => notes.includes("started"))
              yield* Fiber.interrupt(fiber)
              assert.include(yield* eventually(notesOf(hanging), (notes) => notes.includes("finalized")), "interrupted")

              const answers = yield* Effect.forEach(
                Array.from({ length: 50 }, (_, i) => String(i)),
                (text) => client["conf.text"](text),
                { concurrency: "unbounded" }
              )
              assert.strictEqual(answers.length, 50)
              yield* client["conf.text"]("not waited for", { discard: true })
              assert.isUndefined(yield* client["conf.versioned"](undefined, { discard: true }))

              const traced = yield* Effect.withSpan("peer")(
                Effect.all([
                  Effect.map(Effect.currentSpan, ({ traceId }) => traceId),
                  client["conf.context"](undefined)
                ])
              )
              assert.strictEqual(traced[1].traceId, traced[0])
              const timedOut = yield* Effect.flip(
                client["conf.sleep"]({ id: newId(), millis: 5_000 }, { headers: { "opbus-timeout": "50" } })
              )
              assert.deepStrictEqual((timedOut as OperationError).reason, { _tag: "Timeout", millis: 50 })
            })
            yield* scoped.pipe(Effect.provide(protocol(address, serialization)), Effect.scoped)
          }).pipe(Effect.provide(Layer.fresh(server())), Effect.scoped))
      }
    }
  }
})

describe("our client calls a plain server of effect/rpc", () => {
  const handlers = OperationGroup.make(D.Text, D.Nothing, D.Fail, D.Die, D.Count, D.Hang, D.Sleep)
  const group = OperationRpc.toRpcGroup(handlers)
  const seen: Array<string> = []
  const implementation = group.toLayer({
    "conf.text": (text) => Effect.succeed(text),
    "conf.nothing": () => Effect.void,
    "conf.fail": () =>
      Effect.fail(
        new D.Late({ due: new Date(86_400_000), seen: new Date(1), bytes: new Uint8Array([1]), left: 2n ** 70n })
      ),
    "conf.die": () => Effect.die(new Error("of the peer")),
    "conf.count": ({ failAt, to }) =>
      Stream.range(1, to).pipe(
        Stream.mapEffect((n) =>
          n === failAt ? Effect.fail(new D.Taken({ title: String(n) })) : Effect.succeed({ n, at: new Date(n) })
        ),
        Stream.ensuring(Effect.sync(() => seen.push("finalized")))
      ),
    "conf.hang": () => Effect.onInterrupt(Effect.never, () => Effect.sync(() => seen.push("interrupted"))),
    "conf.sleep": () => Effect.succeed("slept")
  })

  for (const serialization of serializations) {
    for (const transport of ["http", "websocket"] as const) {
      it.live(`over ${transport}, ${serialization}`, () =>
        Effect.gen(function*() {
          const node = createServer()
          yield* Layer.build(
            HttpRouter.serve(
              RpcServer.layerHttp({ group, path: "/rpc", protocol: transport }).pipe(
                Layer.provide([implementation, serializationLayer(serialization)])
              ),
              { disableListenLog: true, disableLogger: true }
            ).pipe(Layer.provide(NodeHttpServer.layer(() => node, { port: 0, host: "127.0.0.1" })))
          )
          const { port } = node.address() as AddressInfo
          const remote = transport === "http"
            ? RemoteInvoker.layerHttp({ url: `http://127.0.0.1:${port}/rpc`, serialization })
            : RemoteInvoker.layerWebSocket({ url: `ws://127.0.0.1:${port}/rpc`, serialization }).pipe(
              Layer.provide(Socket.layerWebSocketConstructorGlobal)
            )
          const calls = Effect.gen(function*() {
            assert.strictEqual(yield* invokeRemote(D.Text, "to a peer"), "to a peer")
            assert.isUndefined(yield* invokeRemote(D.Nothing, undefined))
            const late = yield* Effect.flip(invokeRemote(D.Fail, "late"))
            assert.strictEqual((late as D.Late).left, 2n ** 70n)
            const died = yield* Effect.exit(invokeRemote(D.Die, "die"))
            assert.isTrue(Exit.isFailure(died) && Cause.hasDies(died.cause), String(died))
            const elements = yield* Stream.runCollect(invokeRemoteStream(D.Count, { id: "", to: 100 }))
            assert.strictEqual(elements.length, 100)
            assert.deepStrictEqual(
              yield* Effect.flip(Stream.runDrain(invokeRemoteStream(D.Count, { id: "", to: 9, failAt: 3 }))),
              new D.Taken({ title: "3" })
            )
            seen.length = 0
            yield* Stream.runDrain(Stream.take(invokeRemoteStream(D.Count, { id: "", to: 1_000_000 }), 2))
            yield* eventually(Effect.sync(() => seen), (seen) => seen.includes("finalized"))
            const fiber = yield* Effect.forkChild(invokeRemote(D.Hang, ""))
            yield* Effect.sleep(50)
            yield* Fiber.interrupt(fiber)
            yield* eventually(Effect.sync(() => seen), (seen) => seen.includes("interrupted"))
            assert.deepStrictEqual([...seen].sort(), ["finalized", "interrupted"])
          })
          yield* Effect.provide(
            calls,
            OperationInvoker.layer.pipe(Layer.provide(OperationRegistry.layer), Layer.provideMerge(remote))
          )
        }).pipe(Effect.scoped))
    }
  }
})

const hasCurl = spawnSync("curl", ["--version"]).status === 0

describe("curl", () => {
  for (const stack of stacks) {
    const curl = (...args: ReadonlyArray<string>) =>
      Effect.callback<{ readonly status: number; readonly body: string }>((resume) => {
        // Not spawnSync: the server answers in this process.
        void import("node:child_process").then(({ execFile }) =>
          execFile("curl", ["-sS", "-w", "\n%{http_code}", ...args], (_, stdout) => {
            const at = stdout.lastIndexOf("\n")
            resume(Effect.succeed({ status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) }))
          })
        )
      })

    it.live.skipIf(!hasCurl)(`calls an operation with plain JSON, ${stack}`, () =>
      Effect.gen(function*() {
        const { http } = yield* listen(stack)
        const type = ["-H", "content-type: application/json"]
        const call = (key: string, body: string, ...more: ReadonlyArray<string>) =>
          curl(...type, ...more, "-d", body, `${http}/${key}`)
        const greeting = yield* call("conf.strict", "{\"name\":\"Ada\",\"age\":36,\"tags\":[]}")
        assert.deepStrictEqual(greeting, { status: 200, body: "\"hello Ada\"\n" })
        const invalid = yield* call("conf.strict", "{\"name\":3,\"age\":36,\"tags\":[]}")
        assert.strictEqual(invalid.status, 400)
        const { key, message, reason } = JSON.parse(invalid.body)
        assert.deepStrictEqual([key, reason._tag, reason.path], ["conf.strict", "InvalidInput", ["name"]])
        assert.include(message, "Correct the input")
        assert.deepStrictEqual(yield* call("conf.fail", "\"taken\""), {
          status: 422,
          body: "{\"_tag\":\"Taken\",\"title\":\"π \\\"quoted\\\"\"}\n"
        })
        assert.deepStrictEqual((yield* call("conf.nothing", "")).body, "null\n")
        assert.strictEqual((yield* call("conf.hidden", "null")).status, 404)
        assert.strictEqual((yield* call("conf.unfit", "\"type\"")).status, 500)
        assert.deepStrictEqual(yield* call("conf.die", "\"throw\""), {
          status: 500,
          body: "{\"_tag\":\"Defect\",\"name\":\"Error\",\"message\":\"An unexpected error occurred.\"}\n"
        })
        const late = yield* call("conf.sleep", "{\"id\":\"x\",\"millis\":9000}", "-H", "opbus-timeout: 50")
        assert.deepStrictEqual([late.status, JSON.parse(late.body).reason], [504, { _tag: "Timeout", millis: 50 }])
        const bad = yield* call("conf.strict", "{no json")
        assert.deepStrictEqual([bad.status, JSON.parse(bad.body).reason.issue], [400, "Expected a body of JSON"])
        assert.strictEqual((yield* curl("-d", "1", `${http}/conf.text`)).status, 415)
        const stream = yield* call("conf.count", "{\"id\":\"curl\",\"to\":3}")
        assert.deepStrictEqual(stream.body.trim().split("\n").map((line) => JSON.parse(line).n), [1, 2, 3])
        const failing = yield* call("conf.count", "{\"id\":\"curl\",\"to\":9,\"failAt\":3}")
        assert.deepStrictEqual(failing.body.trim().split("\n").map((line) => JSON.parse(line)._tag), [
          undefined,
          undefined,
          "Taken"
        ])
        const frames = yield* curl(
          "-H",
          "content-type: application/x-ndjson",
          "--data-binary",
          [request(1, "conf.text", "a"), request("two", "conf.text", "b")].map((one) => JSON.stringify(one)).join("\n"),
          http
        )
        assert.deepStrictEqual(frames.body.trim().split("\n").map((line) => JSON.parse(line)), [
          { _tag: "Exit", requestId: 1, exit: { _tag: "Success", value: "a" } },
          { _tag: "Exit", requestId: "two", exit: { _tag: "Success", value: "b" } }
        ])
      }).pipe(Effect.provide(Layer.fresh(server())), Effect.scoped))

    it.live(`an empty stream is an empty body, ${stack}`, () =>
      Effect.gen(function*() {
        const { http } = yield* listen(stack)
        const empty = yield* post(`${http}/conf.count`, "{\"id\":\"none\",\"to\":0}", json)
        assert.deepStrictEqual([empty.status, empty.contentType, empty.text], [200, "application/x-ndjson", ""])
        const frames = yield* post(http, "", ndjson)
        assert.deepStrictEqual([frames.status, frames.text], [200, ""])
      }).pipe(Effect.provide(Layer.fresh(server())), Effect.scoped))
  }
})
