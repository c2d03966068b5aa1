import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { vi } from "vitest"
import * as Operation from "../../../src/operation/Operation.ts"
import * as EdgeWorker from "../../../src/remote/EdgeWorker.ts"

const Double = Operation.make({ meta: { key: "math.double" }, input: Schema.Int, output: Schema.Int })
const Hidden = Operation.make({ meta: { key: "math.hidden" } })
const CountTo = Operation.make({
  meta: { key: "math.countTo" },
  input: Schema.Int,
  output: Schema.Int,
  stream: true
})

class Secret extends Context.Service<Secret, Redacted.Redacted>()("test/Secret") {}

const handlers = Layer.mergeAll(
  Double.toLayer((n) => Effect.succeed(2 * n)),
  Hidden.toLayer(() => Effect.void),
  CountTo.toLayer((n) => Stream.range(1, n))
)

const request = (body: unknown, headers: Record<string, string> = {}, path = "/rpc/math.double") =>
  new Request(`http://worker.test${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body)
  })

const ask = async (worker: EdgeWorker.Worker, asked: Request, env: Record<string, unknown> = {}) => {
  const response = await worker.fetch(asked, env, { waitUntil: () => {} })
  const text = await response.text()
  return { status: response.status, text, json: JSON.parse(text) as any }
}

describe("a worker", () => {
  const everybody = { expose: [Double], authorize: () => Effect.succeed(true) } as const

  it("refuses everybody unless it is told whom to let in", async () => {
    const worker = EdgeWorker.make(handlers, { expose: [Double] })
    const { json, status } = await ask(worker, request(1))
    assert.deepStrictEqual([status, json.reason], [403, {
      _tag: "Denied",
      why: "the worker has neither a secret nor an authorizer"
    }])
  })

  it("refuses everybody when its secret is missing or empty, also who sends nothing", async () => {
    for (const env of [{}, { S: "" }, { S: 1 }]) {
      const worker = EdgeWorker.make(handlers, { expose: [Double], secret: "S" })
      for (const headers of [{}, { authorization: "Bearer " }, { authorization: "Bearer undefined" }] as const) {
        const { json, status } = await ask(worker, request(1, { ...headers }), env)
        assert.deepStrictEqual([status, json.reason.why], [403, "the worker's secret S is not set"])
      }
    }
  })

  it("lets in who knows its secret", async () => {
    const worker = EdgeWorker.make(handlers, { expose: [Double], secret: "S" })
    const env = { S: "sésame" }
    assert.strictEqual((await ask(worker, request(4), env)).status, 403)
    const given = new TextEncoder().encode("Bearer sésame")
    const header = Array.from(given, (byte) => String.fromCharCode(byte)).join("")
    assert.strictEqual((await ask(worker, request(4, { authorization: header }), env)).status, 403)
    const ascii = EdgeWorker.make(handlers, { expose: [Double], secret: "S" })
    const answer = await ask(ascii, request(4, { authorization: "Bearer sesame" }), { S: "sesame" })
    assert.deepStrictEqual([answer.status, answer.json], [200, 8])
  })

  it("asks its authorizer about each call, with the operation and the headers", async () => {
    const seen: Array<unknown> = []
    const worker = EdgeWorker.make(handlers, {
      expose: [Double],
      authorize: ({ headers, key, operation }) =>
        Effect.sync(() => {
          seen.push([key, operation === Double, headers.get("x-user")])
          return headers.get("x-user") === "ann" ? { actor: "ann" } : { denied: "who are you" }
        })
    })
    assert.strictEqual((await ask(worker, request(1, { "x-user": "ann" }))).json, 2)
    assert.strictEqual((await ask(worker, request(1, { "x-user": "bob" }))).json.reason.why, "who are you")
    assert.deepStrictEqual(seen, [["math.double", true, "ann"], ["math.double", true, "bob"]])
  })

  it("has nothing but what it exposes, whatever its layers register", async () => {
    const worker = EdgeWorker.make(handlers, everybody)
    for (const key of ["math.hidden", "math.none", "__proto__", "@opbus/invocations", "@opbus/undo"]) {
      const { json, status } = await ask(worker, request(null, {}, `/rpc/${key}`))
      assert.deepStrictEqual([status, json.reason._tag], [404, "RemoteFunctionNotFound"], key)
    }
    assert.strictEqual((await worker.fetch(request(1, {}, "/"), {})).status, 404)
    assert.strictEqual((await worker.fetch(new Request("http://worker.test/rpc"), {})).status, 405)
  })

  it("streams what a stream operation gives", async () => {
    const worker = EdgeWorker.make(handlers, { ...everybody, expose: [CountTo] })
    const response = await worker.fetch(request(1_000, {}, "/rpc/math.countTo"), {})
    const lines = (await response.text()).trim().split("\n").map(Number)
    assert.deepStrictEqual(lines, Array.from({ length: 1_000 }, (_, i) => i + 1))
  })

  it("builds its layers once, at the first request, however many come at once", async () => {
    let built = 0
    const slowly = Layer.effectDiscard(Effect.andThen(Effect.sleep(20), Effect.sync(() => void built++)))
    const worker = EdgeWorker.make(Layer.mergeAll(handlers, slowly), everybody)
    assert.strictEqual(built, 0)
    const answers = await Promise.all([1, 2, 3].map((n) => ask(worker, request(n))))
    assert.deepStrictEqual(answers.map(({ json }) => json), [2, 4, 6])
    assert.strictEqual((await ask(worker, request(4))).json, 8)
    assert.strictEqual(built, 1)
  })

  it("says in its log, and not to the caller, why it cannot start, and tries again", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {})
    try {
      const needy = Double.toLayer((n) => Effect.map(Secret, (secret) => n * Redacted.value(secret).length)).pipe(
        Layer.provide(EdgeWorker.layerSecret(Secret, "API_TOKEN"))
      )
      const worker = EdgeWorker.make(needy, everybody)
      const { status, text } = await ask(worker, request(2))
      assert.strictEqual(status, 503)
      assert.notInclude(text, "API_TOKEN")
      assert.deepStrictEqual(logged.mock.calls, [[
        "opbus: the worker cannot start: The worker has no binding \"API_TOKEN\" that is a secret. Bind it in the worker's configuration."
      ]])
      assert.strictEqual((await ask(worker, request(2), { API_TOKEN: "abc" })).json, 6)
    } finally {
      logged.mockRestore()
    }
  })

  it("says when an exposed operation has no handler in its layers", async () => {
    const logged = vi.spyOn(console, "error").mockImplementation(() => {})
    try {
      const worker = EdgeWorker.make(handlers, { ...everybody, expose: [Double, "math.nope"] })
      assert.strictEqual((await ask(worker, request(2))).status, 503)
      assert.match(String(logged.mock.calls[0]), /no handler of math\.nope is in its layers/)
    } finally {
      logged.mockRestore()
    }
  })

  it("on the loopback interface is called by that name only, and by nobody behind a proxy", async () => {
    const worker = EdgeWorker.make(handlers, { expose: [Double], loopback: true, secret: "S" })
    const at = (host: string, headers: Record<string, string> = {}) =>
      ask(
        worker,
        new Request(`http://${host}/rpc/math.double`, {
          method: "POST",
          headers: { "content-type": "application/json", ...headers },
          body: "1"
        })
      ).then(({ status }) => status)
    assert.strictEqual(await at("127.0.0.1:8787"), 200)
    assert.strictEqual(await at("localhost:8787"), 200)
    assert.strictEqual(await at("evil.test"), 403)
    assert.strictEqual(await at("127.0.0.1.evil.test"), 403)
    assert.strictEqual(await at("127.0.0.1:8787", { origin: "http://evil.test" }), 403)
    for (const header of ["x-forwarded-for", "forwarded", "x-real-ip", "cf-connecting-ip"]) {
      assert.strictEqual(await at("127.0.0.1:8787", { [header]: "1" }), 403, header)
    }
  })

  it("never tells what a handler died of", async () => {
    const logged = vi.spyOn(console, "log").mockImplementation(() => {})
    try {
      const worker = EdgeWorker.make(Double.toLayer(() => Effect.die(new Error("secret of the inside"))), everybody)
      const { status, text } = await ask(worker, request(1))
      assert.strictEqual(status, 500)
      assert.notInclude(text, "inside")
    } finally {
      logged.mockRestore()
    }
  })
})

describe("bindings", () => {
  it.effect("are read by their names, with what was expected in the error", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* EdgeWorker.text("A"), "a")
      assert.strictEqual(Redacted.value(yield* EdgeWorker.secret("A")), "a")
      const missing = yield* Effect.flip(EdgeWorker.text("toString"))
      assert.match(missing.message, /no binding "toString" that is a text/)
      assert.match((yield* Effect.flip(EdgeWorker.secret("EMPTY"))).message, /no binding "EMPTY" that is a secret/)
    }).pipe(Effect.provide(EdgeWorker.Bindings.layer({ A: "a", EMPTY: "" }))))
})
