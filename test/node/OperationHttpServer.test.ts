import { WebSocket } from "@effect/platform-node/NodeWS"
import { assert, it } from "@effect/vitest"
import { Context, Deferred, Effect, Fiber, Layer, Schema, Stream } from "effect"
import { Socket } from "effect/socket"
import { connect } from "node:net"
import { NodeHttpTransport, OperationHttpServer } from "opbus/node"
import { Operation, OperationInvoker, OperationRegistry } from "opbus/operation"
import { OperationServer, RemoteInvoker } from "opbus/remote"

const Echo = Operation.make({
  meta: { key: "node.echo" },
  input: Schema.Struct({ text: Schema.String }),
  output: Schema.String
})
const Wait = Operation.make({ meta: { key: "node.wait" }, input: Schema.Void })
const Ticks = Operation.make({ meta: { key: "node.ticks" }, input: Schema.Int, output: Schema.Int, stream: true })
const Fill = Operation.make({ meta: { key: "node.fill" }, input: Schema.Int, output: Schema.String })

class Probe extends Context.Service<Probe, {
  readonly started: Deferred.Deferred<void>
  readonly interrupted: Deferred.Deferred<void>
}>()("test/Probe") {
  static readonly layer = Layer.effect(
    Probe,
    Effect.gen(function*() {
      return { started: yield* Deferred.make<void>(), interrupted: yield* Deferred.make<void>() }
    })
  )
}

const handlers = Layer.mergeAll(
  Echo.toLayer(({ text }) => Effect.succeed(text)),
  Wait.toLayer(() =>
    Effect.flatMap(Probe, ({ interrupted, started }) =>
      Deferred.succeed(started, undefined).pipe(
        Effect.andThen(Effect.never),
        Effect.onInterrupt(() => Deferred.succeed(interrupted, undefined))
      ))
  ),
  Ticks.toLayer((count) => Stream.range(1, count)),
  Fill.toLayer((size) => Effect.succeed("x".repeat(size)))
)

const { OperationHttpServer: Service } = OperationHttpServer

const listening = (limits: { readonly frameSize?: number; readonly concurrency?: number } = {}) =>
  OperationHttpServer.layer({ port: 0 }).pipe(
    Layer.provide(OperationServer.layer({ expose: [Echo, Wait, Ticks, Fill], limits })),
    Layer.provide(handlers),
    Layer.provide(OperationInvoker.layer),
    Layer.provide(OperationRegistry.layer),
    Layer.provideMerge(Probe.layer)
  )

const remote = Effect.gen(function*() {
  const { url } = yield* Service
  const context = yield* Layer.build(RemoteInvoker.layerHttp({ url, transport: NodeHttpTransport.make() }))
  return Context.get(context, RemoteInvoker.RemoteInvoker)
})

const post = (url: string, init: RequestInit = {}) =>
  Effect.promise(() =>
    fetch(url, { method: "POST", headers: { "content-type": "application/json" }, ...init }).then(async (response) => ({
      status: response.status,
      text: await response.text()
    }))
  )

/** How a connection ends: the status it is refused with, or the code it is closed with. */
const socketEnd = (
  url: string,
  options: { readonly headers?: Record<string, string> },
  then?: (ws: WebSocket) => void
) =>
  Effect.callback<number>((resume) => {
    const ws = new WebSocket(url, options)
    ws.on("unexpected-response", (_request, response) => {
      resume(Effect.succeed(response.statusCode ?? 0))
      response.destroy()
    })
    ws.on("open", () => then?.(ws))
    ws.on("close", (code) => resume(Effect.succeed(code)))
    ws.on("error", () => {})
    return Effect.sync(() => ws.terminate())
  })

it.live("NodeHttpTransport calls it, also many at once and with a stream", () =>
  Effect.gen(function*() {
    const invoker = yield* remote
    const texts = Array.from({ length: 200 }, (_, i) => `${i} – ü 🎈`)
    const answers = yield* Effect.forEach(texts, (text) => invoker.invoke(Echo, { text }, {}), {
      concurrency: "unbounded"
    })
    assert.deepStrictEqual(answers, texts)
    const ticks = yield* Stream.runCollect(invoker.invokeStream(Ticks, 5_000, {}))
    assert.deepStrictEqual(ticks, Array.from({ length: 5_000 }, (_, i) => i + 1))
    assert.strictEqual((yield* invoker.invoke(Fill, 3_000_000, {})).length, 3_000_000)
  }).pipe(Effect.scoped, Effect.provide(listening())))

it.live("interrupting a call over NodeHttpTransport interrupts its handler", () =>
  Effect.gen(function*() {
    const invoker = yield* remote
    const { interrupted, started } = yield* Probe
    const fiber = yield* Effect.forkChild(invoker.invoke(Wait, undefined, {}))
    yield* Deferred.await(started)
    yield* Fiber.interrupt(fiber)
    yield* Effect.timeout(Deferred.await(interrupted), "5 seconds")
  }).pipe(Effect.scoped, Effect.provide(listening())))

it.live("NodeHttpTransport says what is wrong with a server that is not there", () =>
  Effect.gen(function*() {
    const context = yield* Layer.build(
      RemoteInvoker.layerHttp({ url: "http://127.0.0.1:1/rpc", transport: NodeHttpTransport.make() })
    )
    const error = yield* Effect.flip(Context.get(context, RemoteInvoker.RemoteInvoker).invoke(Echo, { text: "" }, {}))
    assert.include(error.message, "http://127.0.0.1:1/rpc cannot be reached (ECONNREFUSED)")
  }).pipe(Effect.scoped))

it.live("other addresses and methods are refused", () =>
  Effect.gen(function*() {
    const { url } = yield* Service
    for (const other of ["/", "/rpcs", "/rp"]) assert.strictEqual((yield* post(url.replace("/rpc", other))).status, 404)
    const plain = yield* post(`${url}/node.echo?x=1`, { body: `{"text":"hi"}` })
    assert.deepStrictEqual(plain, { status: 200, text: `"hi"\n` })
    const got = yield* Effect.promise(() => fetch(url))
    assert.strictEqual(got.status, 405)
  }).pipe(Effect.provide(listening())))

it.live("R1: pages and hosts that are foreign can neither call nor connect", () =>
  Effect.gen(function*() {
    const { port, url, webSocketUrl } = yield* Service
    const headers = { "content-type": "application/json", origin: "https://evil.example" }
    assert.strictEqual((yield* post(`${url}/node.echo`, { headers, body: "{}" })).status, 403)
    assert.strictEqual(yield* socketEnd(webSocketUrl, { headers: { origin: "https://evil.example" } }), 403)
    assert.strictEqual(yield* socketEnd(webSocketUrl, { headers: { host: `evil.example:${port}` } }), 403)
    assert.strictEqual(yield* socketEnd(`${webSocketUrl}/other`, {}), 404)
  }).pipe(Effect.provide(listening())))

it.live("R2: a request that is too large, or ends early, ends nothing else", () =>
  Effect.gen(function*() {
    const { port, url } = yield* Service
    const large = yield* post(`${url}/node.echo`, { body: JSON.stringify({ text: "x".repeat(20_000) }) })
    assert.strictEqual(large.status, 413)
    // No length is told beforehand.
    const body = new Blob([JSON.stringify({ text: "x".repeat(20_000) })]).stream()
    const streamed = yield* post(`${url}/node.echo`, { body, duplex: "half" } as RequestInit)
    assert.strictEqual(streamed.status, 413)
    yield* Effect.callback<void>((resume) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(
          `POST /rpc HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"te`
        )
        setTimeout(() => socket.destroy(), 20)
      })
      socket.on("close", () => resume(Effect.void))
    })
    assert.strictEqual((yield* post(`${url}/node.echo`, { body: `{"text":"hi"}` })).status, 200)
  }).pipe(Effect.provide(listening({ frameSize: 10_000 }))))

it.live("R2: a client that reads no answers is cut off, and its calls are interrupted", () =>
  Effect.gen(function*() {
    const { webSocketUrl } = yield* Service
    const { interrupted, started } = yield* Probe
    const code = yield* Effect.timeout(
      socketEnd(webSocketUrl, {}, (ws) => {
        ws.send(`${JSON.stringify({ _tag: "Request", id: "w", tag: "node.wait", payload: null, headers: [] })}\n`)
        ws.pause()
        let id = 0
        const more = setInterval(() => {
          if (ws.readyState !== ws.OPEN) return clearInterval(more)
          const request = { _tag: "Request", id: `${id++}`, tag: "node.fill", payload: 1_000_000, headers: [] }
          ws.send(`${JSON.stringify(request)}\n`, (error) => error && ws.resume())
        }, 1)
        setTimeout(() => ws.resume(), 2_000)
      }),
      "15 seconds"
    )
    yield* Deferred.await(started)
    assert.strictEqual(code, 1006)
    yield* Effect.timeout(Deferred.await(interrupted), "5 seconds")
  }).pipe(Effect.provide(listening({ concurrency: 8 }))), 30_000)

it.live("closing it ends connections, and what runs for them", () =>
  Effect.gen(function*() {
    const { interrupted, started } = yield* Probe
    const ended = yield* Effect.scoped(Effect.gen(function*() {
      const context = yield* Layer.build(Layer.provide(listening(), Layer.succeed(Probe, { interrupted, started })))
      const { webSocketUrl } = Context.get(context, Service)
      const end = yield* Effect.forkDetach(socketEnd(webSocketUrl, {}, (ws) => {
        ws.send(`${JSON.stringify({ _tag: "Request", id: "1", tag: "node.wait", payload: null, headers: [] })}\n`)
      }))
      yield* Deferred.await(started)
      return end
    }))
    assert.strictEqual(yield* Effect.timeout(Fiber.join(ended), "5 seconds"), 1001)
    yield* Effect.timeout(Deferred.await(interrupted), "5 seconds")
  }).pipe(Effect.provide(Probe.layer)))

it.live("a port that is taken is named", () =>
  Effect.gen(function*() {
    const { port } = yield* Service
    const again = OperationHttpServer.layer({ port }).pipe(
      Layer.provide(OperationServer.layer({ expose: [] })),
      Layer.provide(OperationInvoker.layer),
      Layer.provide(OperationRegistry.layer)
    )
    const error = yield* Effect.flip(Effect.scoped(Layer.build(again)))
    assert.strictEqual(
      error.message,
      `Cannot listen on 127.0.0.1:${port} (EADDRINUSE). Choose another host or port; port 0 takes a free one.`
    )
  }).pipe(Effect.provide(listening())))

it.live("WebSocket clients call it", () =>
  Effect.gen(function*() {
    const { webSocketUrl } = yield* Service
    for (const serialization of ["ndjson", "binary"] as const) {
      const url = serialization === "binary" ? `${webSocketUrl}/binary` : webSocketUrl
      const context = yield* Layer.build(
        RemoteInvoker.layerWebSocket({ url, serialization }).pipe(
          Layer.provide(Socket.layerWebSocketConstructorGlobal)
        )
      )
      const { invoke } = Context.get(context, RemoteInvoker.RemoteInvoker)
      assert.strictEqual(yield* invoke(Echo, { text: serialization }, {}), serialization)
    }
  }).pipe(Effect.scoped, Effect.provide(listening())))
