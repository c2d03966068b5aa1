import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { Socket } from "effect/socket"
import * as Stream from "effect/Stream"
import * as Tracer from "effect/Tracer"
import { Operation, OperationInvoker, OperationRegistry } from "opbus/operation"
import { OperationServer, RemoteInvoker } from "opbus/remote"
import { type Address, listen, type Stack, stacks } from "./conformance/servers.ts"
import { connect, json, line, ndjson, post, request } from "./raw.ts"

const Take = Operation.make({ meta: { key: "lim.take" }, input: Schema.Json, output: Schema.Json })
const Wait = Operation.make({ meta: { key: "lim.wait" }, input: Schema.Finite, output: Schema.String })
const Flood = Operation.make({ meta: { key: "lim.flood" }, input: Schema.Int, output: Schema.String, stream: true })
const Die = Operation.make({ meta: { key: "lim.die" } })

let interrupted = 0

const Handlers = Layer.mergeAll(
  Take.toLayer((input) => Effect.succeed(input)),
  Wait.toLayer((millis) =>
    Effect.onInterrupt(Effect.as(Effect.sleep(millis), "done"), () => Effect.sync(() => interrupted++))
  ),
  Flood.toLayer((count) => Stream.map(Stream.range(1, count), (n) => String(n))),
  Die.toLayer(() => Effect.die(new Error("hunter2")))
)

const bus = Handlers.pipe(
  Layer.provideMerge(OperationInvoker.layer),
  Layer.provideMerge(OperationRegistry.layer)
)

type Options = Partial<Parameters<typeof OperationServer.layer<never>>[0]>

const exposed = [Take, Wait, Flood, Die]

const withServer = <A>(
  stack: Stack,
  options: Options,
  use: (address: Address, server: (typeof OperationServer)["Service"]) => Effect.Effect<A, unknown, Scope.Scope>
): Effect.Effect<A, unknown> =>
  Effect.gen(function*() {
    const server = yield* OperationServer
    return yield* use(yield* listen(stack), server)
  }).pipe(
    Effect.provide(
      OperationServer.layer<never>({ expose: exposed, ...options }).pipe(
        Layer.provideMerge(bus),
        Layer.provide(Logger.layer([]))
      )
    ),
    Effect.scoped
  )

const webSocketClient = (url: string, serialization: "ndjson" | "binary" = "ndjson") =>
  OperationInvoker.layer.pipe(
    Layer.provide(OperationRegistry.layer),
    Layer.provideMerge(
      RemoteInvoker.layerWebSocket({ url, serialization }).pipe(Layer.provide(Socket.layerWebSocketConstructorGlobal))
    )
  )

const httpClient = (url: string) =>
  OperationInvoker.layer.pipe(
    Layer.provide(OperationRegistry.layer),
    Layer.provideMerge(RemoteInvoker.layerHttp({ url }))
  )

const { invokeRemote } = OperationInvoker

const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth)

const settled = (inFlight: Effect.Effect<number>) =>
  Effect.gen(function*() {
    for (let tries = 0; tries < 200 && (yield* inFlight) > 0; tries++) yield* Effect.sleep(10)
    return yield* inFlight
  })

describe("R2", () => {
  for (const stack of stacks) {
    describe(stack, () => {
      it.live("a frame that is too large is refused by name; what comes after it is answered", () =>
        withServer(stack, { limits: { frameSize: 10_000 } }, (address) =>
          Effect.gen(function*() {
            const large = line(request(1, "lim.take", "x".repeat(20_000)))
            const answer = yield* post(address.http, large, ndjson)
            assert.strictEqual(answer.status, 413)
            assert.include(answer.text, "10000 bytes")
            assert.strictEqual((yield* post(`${address.http}/lim.take`, "1".repeat(20_000), json)).status, 413)
            const chunked = { ...ndjson, "transfer-encoding": "chunked" }
            assert.strictEqual((yield* post(address.http, large, chunked)).status, 413)

            const socket = yield* connect(address.webSocket("ndjson"))
            socket.socket.send(large)
            socket.send(request(2, "lim.take", "small"))
            yield* socket.until((socket) => socket.exits().length === 1)
            assert.strictEqual(socket.received[0]._tag, "Defect")
            assert.include(socket.received[0].defect.message, "larger than 10000 characters")
            assert.strictEqual(socket.exitOf(2).value, "small")
          })))

      it.live("a line that never ends is not kept", () =>
        withServer(stack, { limits: { frameSize: 10_000 } }, (address) =>
          Effect.gen(function*() {
            const socket = yield* connect(address.webSocket("ndjson"))
            for (let i = 0; i < 2_000; i++) socket.socket.send("x".repeat(9_000))
            socket.socket.send("\n" + line(request(1, "lim.take", 1)))
            yield* socket.until((socket) => socket.exits().length === 1)
            assert.strictEqual(socket.received.filter(({ _tag }) => _tag === "Defect").length, 1)
          })))

      it.live("payloads are nested as deeply as the limit says and no deeper", () =>
        withServer(stack, { limits: { depth: 10 } }, (address) =>
          Effect.gen(function*() {
            assert.strictEqual((yield* post(`${address.http}/lim.take`, nested(10), json)).status, 200)
            for (const depth of [11, 1_000, 100_000]) {
              const answer = yield* post(`${address.http}/lim.take`, nested(depth), json)
              assert.strictEqual(answer.status, 400, String(depth))
              assert.include(answer.text, "10 levels of nesting")
              const frame = `{"_tag":"Request","id":1,"tag":"lim.take","payload":${nested(depth)}}\n`
              const [exit] = (yield* post(address.http, frame, ndjson)).lines()
              assert.strictEqual(exit.exit.cause[0].error.reason._tag, "InvalidInput")
              const headers = `{"_tag":"Request","id":1,"tag":"lim.take","payload":1,"headers":${nested(depth)}}\n`
              const [refused] = (yield* post(address.http, headers, ndjson)).lines()
              assert.strictEqual(refused.exit._tag, "Failure")
            }
          })))

      it.live("more calls than a connection may have are refused as Overloaded, and none waits", () =>
        withServer(stack, { limits: { concurrency: 4 } }, (address, { inFlight }) =>
          Effect.gen(function*() {
            const socket = yield* connect(address.webSocket("ndjson"))
            socket.send(...Array.from({ length: 10 }, (_, id) => request(id, "lim.wait", 200)))
            yield* socket.until((socket) => socket.exits().length === 10)
            const refused = socket.exits().filter(({ exit }) => exit._tag === "Failure")
            assert.deepStrictEqual(
              refused.map(({ exit }) => exit.cause[0].error.reason),
              Array.from({ length: 6 }, () => ({ _tag: "Overloaded", limit: 4 }))
            )
            assert.deepStrictEqual(refused.map(({ requestId }) => requestId), [4, 5, 6, 7, 8, 9])
            // Another connection has its own.
            const other = yield* connect(address.webSocket("ndjson"))
            other.send(request(1, "lim.wait", 1))
            yield* other.until((socket) => socket.exits().length === 1)
            assert.strictEqual(other.exitOf(1)._tag, "Success")
            const body = Array.from({ length: 6 }, (_, id) => line(request(id, "lim.wait", 50))).join("")
            const exits = (yield* post(address.http, body, ndjson)).lines()
            assert.strictEqual(exits.filter(({ exit }) => exit._tag === "Success").length, 4)
            assert.strictEqual(yield* settled(inFlight), 0)
          })))

      it.live("thousands of calls at once are answered or refused one by one, and the connection stays", () =>
        withServer(stack, { limits: { concurrency: 16 } }, (address) =>
          Effect.gen(function*() {
            const exits = yield* Effect.forEach(
              Array.from({ length: 3_000 }, (_, i) => i),
              () => Effect.exit(invokeRemote(Wait, 30)),
              { concurrency: "unbounded" }
            )
            const failures = exits.flatMap((exit) =>
              Exit.isFailure(exit) ? exit.cause.reasons.map((reason: any) => reason.error?.reason?._tag) : []
            )
            assert.deepStrictEqual(new Set(failures), new Set(["Overloaded"]))
            assert.isAtLeast(exits.length - failures.length, 16)
            assert.strictEqual(yield* invokeRemote(Take, "still there"), "still there")
          }).pipe(Effect.provide(webSocketClient(address.webSocket("ndjson"))))))

      it.live("a caller's timeout is no longer than the server's, and nonsense is no timeout", () =>
        withServer(stack, { limits: { timeout: 100 } }, (address) =>
          Effect.gen(function*() {
            for (const asked of ["60000", "Infinity", "1e999", "-1", "NaN", "abc", "", "0"]) {
              const answer = yield* post(`${address.http}/lim.wait`, "5000", { ...json, "opbus-timeout": asked })
              assert.deepStrictEqual([answer.status, JSON.parse(answer.text).reason], [504, {
                _tag: "Timeout",
                millis: 100
              }])
            }
            const shorter = yield* post(`${address.http}/lim.wait`, "5000", { ...json, "opbus-timeout": "20" })
            assert.deepStrictEqual(JSON.parse(shorter.text).reason, { _tag: "Timeout", millis: 20 })
          })))

      it.live("a stream whose consumer takes nothing ends at the deadline like every other call", () =>
        withServer(stack, { limits: { timeout: 100 } }, (address, { inFlight }) =>
          Effect.gen(function*() {
            const socket = yield* connect(address.webSocket("ndjson"))
            socket.send(request(1, "lim.flood", 1_000))
            yield* socket.until((socket) => socket.exits().length === 1)
            assert.deepStrictEqual(socket.exitOf(1).cause[0].error.reason, { _tag: "Timeout", millis: 100 })
            assert.strictEqual(yield* settled(inFlight), 0)
          })))

      it.live("of garbage without end some is complained about and the rest is not read", () =>
        withServer(stack, {}, (address) =>
          Effect.gen(function*() {
            const garbage = "x\n".repeat(4_000_000)
            const lines = (yield* post(address.http, garbage, ndjson)).lines()
            assert.deepStrictEqual([lines.length, lines[0]._tag, lines[99]._tag], [100, "Defect", "Defect"])
            assert.include(lines[99].defect.message, "too many")
            const socket = yield* connect(address.webSocket("ndjson"))
            socket.socket.send(garbage)
            yield* socket.until(({ closed }) => closed !== undefined)
            assert.strictEqual(socket.received.length, 100)
            // What is JSON and no message is cheap to find out: the rest is still read.
            const more = (yield* post(address.http, "1\n".repeat(100_000) + line(request(1, "lim.take", 1)), ndjson))
              .lines()
            assert.strictEqual(more.length, 101)
            assert.strictEqual(more[100].exit.value, 1)
          })))

      it.live("requests after the end of all requests are refused", () =>
        withServer(stack, {}, (address) =>
          Effect.gen(function*() {
            const body = line({ _tag: "Eof" }) + line(request(1, "lim.wait", 1)) + line({ _tag: "Eof" })
            const [exit] = (yield* post(address.http, body, ndjson)).lines()
            assert.strictEqual(exit.exit.cause[0].error.reason._tag, "InvalidInput")
          })))

      it.live("a call that nobody waits for is acknowledged once and runs", () =>
        withServer(stack, {}, (address, { inFlight }) =>
          Effect.gen(function*() {
            const socket = yield* connect(address.webSocket("ndjson"))
            socket.send(
              request(1, "lim.wait", 30, { discard: true }),
              request("n", "lim.wait", 30, { isNotification: true })
            )
            yield* socket.until((socket) => socket.exits().length === 1)
            assert.strictEqual(yield* inFlight, 2)
            assert.strictEqual(yield* settled(inFlight), 0)
            assert.deepStrictEqual(socket.exits(), [
              { _tag: "Exit", requestId: 1, exit: { _tag: "Success", value: null } }
            ])
          })))

      it.live("a client that goes away ends what runs for it", () =>
        withServer(stack, {}, (address, { inFlight }) =>
          Effect.gen(function*() {
            interrupted = 0
            const socket = yield* connect(address.webSocket("ndjson"))
            socket.send(...Array.from({ length: 5 }, (_, id) => request(id, "lim.wait", 60_000)))
            const calls = yield* Effect.forkChild(Effect.all(
              Array.from({ length: 3 }, () => post(`${address.http}/lim.wait`, "60000", json)),
              { concurrency: "unbounded" }
            ))
            for (let tries = 0; tries < 200 && (yield* inFlight) < 8; tries++) yield* Effect.sleep(10)
            assert.strictEqual(yield* inFlight, 8)
            socket.socket.terminate()
            yield* Fiber.interrupt(calls)
            assert.strictEqual(yield* settled(inFlight), 0)
            for (let tries = 0; tries < 100 && interrupted < 8; tries++) yield* Effect.sleep(10)
            assert.strictEqual(interrupted, 8)
          })))

      it.live("one session cannot interrupt the calls of another", () =>
        withServer(stack, {}, (address, { inFlight }) =>
          Effect.gen(function*() {
            const call = yield* Effect.forkChild(
              post(address.http, line(request(7, "lim.wait", 400)), { ...ndjson, "opbus-client": "mine" })
            )
            for (let tries = 0; tries < 200 && (yield* inFlight) < 1; tries++) yield* Effect.sleep(10)
            const stop = line({ _tag: "Interrupt", requestId: 7 })
            for (const headers of [{}, { "opbus-client": "other" }, { "opbus-client": "" }]) {
              yield* post(address.http, stop, { ...ndjson, ...headers })
            }
            const [exit] = (yield* Fiber.join(call)).lines()
            assert.strictEqual(exit.exit._tag, "Success")
          })))

      it.live("a server that closes while calls run ends them: their callers learn of it and handlers are interrupted", () =>
        Effect.gen(function*() {
          for (
            const client of [
              (address: Address) => httpClient(address.http),
              (address: Address) => webSocketClient(address.webSocket("ndjson"))
            ]
          ) {
            interrupted = 0
            const scope = yield* Scope.make()
            const context = yield* Layer.buildWithScope(
              Layer.fresh(
                OperationServer.layer<never>({ expose: exposed }).pipe(
                  Layer.provideMerge(bus),
                  Layer.provide(Logger.layer([]))
                )
              ),
              scope
            )
            const address = yield* listen(stack).pipe(Effect.provideContext(context), Scope.provide(scope))
            const calls = yield* Effect.forkChild(
              Effect.provide(
                Effect.forEach([1, 2, 3], () => Effect.exit(invokeRemote(Wait, 60_000)), { concurrency: "unbounded" }),
                Layer.fresh(client(address))
              )
            )
            yield* Effect.sleep(300)
            yield* Effect.timeout(Scope.close(scope, Exit.void), 5_000)
            const exits = yield* Effect.timeout(Fiber.join(calls), 5_000)
            assert.strictEqual(interrupted, 3)
            for (const exit of exits) {
              assert.isTrue(Exit.isFailure(exit))
              const [reason] = (exit as Exit.Failure<never, any>).cause.reasons as any
              assert.isTrue(
                reason._tag === "Interrupt" || reason.error?.reason?._tag === "RemoteUnavailable",
                String(exit)
              )
            }
          }
        }))

      it.live("the caller's span is the parent of the server's, whose parent it is over every transport", () => {
        const spans: Array<Tracer.Span> = []
        const tracer = Tracer.make({
          span: (options) => {
            const span = new Tracer.NativeSpan(options)
            spans.push(span)
            return span
          }
        })
        const traced = Layer.succeed(Tracer.Tracer, tracer)
        return Effect.gen(function*() {
          const context = yield* Layer.build(
            OperationServer.layer<never>({ expose: exposed }).pipe(Layer.provideMerge(bus), Layer.provide(traced))
          )
          const address = yield* Effect.provideContext(listen(stack), context)
          for (
            const client of [
              httpClient(address.http),
              webSocketClient(address.webSocket("ndjson")),
              webSocketClient(address.webSocket("binary"), "binary")
            ]
          ) {
            spans.length = 0
            yield* invokeRemote(Take, 1).pipe(
              Effect.withSpan("caller"),
              Effect.provide(Layer.fresh(client)),
              Effect.provide(traced)
            )
            const caller = spans.find(({ name }) => name === "caller")!
            const own = spans.filter(({ traceId }) => traceId === caller.traceId)
            const parentOf = (span: Tracer.Span) => span.parent._tag === "Some" ? span.parent.value.spanId : undefined
            const chain = [caller]
            for (;;) {
              const next = own.find((span) => parentOf(span) === chain.at(-1)!.spanId)
              if (next === undefined) break
              chain.push(next)
            }
            // The caller's, its invocation's, and the invocation on the server.
            assert.strictEqual(chain.length, 3, own.map(({ name }) => name).join(", "))
            assert.include(chain[2]!.name, "lim.take")
          }
        }).pipe(Effect.scoped)
      })
    })
  }

  it.live("a server that cannot be reached is one line that says where", () =>
    Effect.gen(function*() {
      for (
        const client of [
          httpClient("http://127.0.0.1:9/rpc"),
          webSocketClient("ws://127.0.0.1:9/ws"),
          httpClient("http://name.invalid/rpc")
        ]
      ) {
        const error = yield* Effect.flip(Effect.provide(invokeRemote(Take, 1), Layer.fresh(client)))
        assert.strictEqual((error as any).reason._tag, "RemoteUnavailable")
        assert.match(error.message, /^"lim\.take" cannot be invoked remotely: .*(127\.0\.0\.1:9|name\.invalid)/)
        assert.notInclude(error.message, "\n")
      }
    }))

  it.live("limits that limit nothing are a mistake that is told at once", () =>
    Effect.gen(function*() {
      for (const limits of [{ frameSize: 0 }, { concurrency: -1 }, { depth: NaN }]) {
        const exit = yield* Effect.exit(
          Layer.build(OperationServer.layer<never>({ expose: [], limits }).pipe(Layer.provide(bus)))
        )
        assert.match(String(exit), /limits\.\w+ must be a positive number/)
      }
    }).pipe(Effect.scoped))

  it.live("the server's log says what a handler died of", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ cause, message }) => void logged.push(`${String(message)} ${String(cause)}`))
    return withServer("OperationHttpServer", {}, (address) => post(`${address.http}/lim.die`, "null", json)).pipe(
      Effect.andThen(
        Effect.gen(function*() {
          const context = yield* Layer.build(
            OperationServer.layer<never>({ expose: exposed }).pipe(
              Layer.provideMerge(bus),
              Layer.provide(Logger.layer([logger]))
            )
          )
          const address = yield* Effect.provideContext(listen("OperationHttpServer"), context)
          const answer = yield* post(`${address.http}/lim.die`, "null", json)
          assert.strictEqual(answer.status, 500)
          assert.notInclude(answer.text, "hunter2")
          assert.strictEqual(logged.length, 1)
          assert.include(logged[0], "lim.die")
          assert.include(logged[0], "hunter2")
        }).pipe(Effect.scoped)
      )
    )
  })
})
