import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import { networkInterfaces } from "node:os"
import { Operation, OperationContext, OperationInvoker, OperationRegistry } from "opbus/operation"
import { OperationServer, RemoteInvoker } from "opbus/remote"
import { type Address, listen, type Stack, stacks } from "./conformance/servers.ts"
import { connect, json, line, ndjson, post, request } from "./raw.ts"

class Whoami extends Operation.make({
  meta: { key: "acl.whoami" },
  output: Schema.NullOr(Schema.String)
}).annotate(Operation.Permission, "names:read") {}

const Open = Operation.make({ meta: { key: "acl.open" }, input: Schema.Json, output: Schema.Json })
const Secret = Operation.make({ meta: { key: "acl.secret" }, output: Schema.String })

let ran = 0

const Handlers = Layer.mergeAll(
  Whoami.toLayer(() => Effect.map(OperationContext, ({ actor }) => actor ?? null)),
  Open.toLayer((input) => Effect.sync(() => (ran++, input))),
  Secret.toLayer(() => Effect.sync(() => (ran++, "hunter2")))
)

const bus = Handlers.pipe(
  Layer.provideMerge(OperationInvoker.layer),
  Layer.provideMerge(OperationRegistry.layer)
)

type Options = Partial<Parameters<typeof OperationServer.layer<never>>[0]>

const withServer = <A, E>(
  stack: Stack,
  options: Options,
  use: (address: Address) => Effect.Effect<A, E, any>,
  host?: string
) =>
  Effect.provide(
    Effect.flatMap(listen(stack, host), use),
    OperationServer.layer<never>({ expose: [Whoami, Open], ...options }).pipe(
      Layer.provideMerge(bus),
      Layer.provide(Logger.layer([]))
    )
  ).pipe(Effect.scoped) as Effect.Effect<A, unknown>

/** An address of this machine that is not its loopback. */
const elsewhere = Object.values(networkInterfaces()).flat().find((address) =>
  address !== undefined && !address.internal && address.family === "IPv4"
)?.address

const at = (address: Address, host: string) => ({
  http: address.http.replace("127.0.0.1", host),
  webSocket: address.webSocket("ndjson").replace("127.0.0.1", host)
})

const reasonOf = (text: string): any => JSON.parse(text).reason

const ask = (url: string, headers: Readonly<Record<string, string>> = {}) =>
  post(`${url}/acl.whoami`, "null", { ...json, ...headers })

describe("R1", () => {
  for (const stack of stacks) {
    describe(stack, () => {
      it.live("what is not exposed cannot be reached by any frame, plain call or socket", () =>
        withServer(stack, {}, (address) =>
          Effect.gen(function*() {
            ran = 0
            const keys = ["acl.secret", "acl", "", "ACL.OPEN", "__proto__", "constructor", "toString", "acl.open "]
            for (const key of keys) {
              const plain = yield* post(`${address.http}/${encodeURIComponent(key)}`, "null", json)
              if (key !== "") {
                assert.deepStrictEqual([plain.status, reasonOf(plain.text)._tag], [404, "RemoteFunctionNotFound"])
              }
              const frames = yield* post(address.http, line(request(1, key)), ndjson)
              const [exit] = frames.lines()
              assert.strictEqual(exit.exit.cause[0].error.reason._tag, "RemoteFunctionNotFound", key)
              assert.notInclude(frames.text, "acl.secret\" ")
              const socket = yield* connect(address.webSocket("ndjson"))
              socket.send(request("a", key))
              yield* socket.until((socket) => socket.exits().length === 1)
              assert.strictEqual(socket.exitOf("a").cause[0].error.reason._tag, "RemoteFunctionNotFound", key)
            }
            for (const key of ["@opbus/invocations", "@opbus/undo", "@opbus/nothing"]) {
              const [exit] = (yield* post(address.http, line(request(1, key)), ndjson)).lines()
              assert.strictEqual(exit.exit._tag, "Failure", key)
            }
            assert.strictEqual(ran, 0)
          })))

      it.live("ids, headers and payloads named like those of a prototype are data", () =>
        withServer(stack, {}, (address) =>
          Effect.gen(function*() {
            const payload = "{\"__proto__\":{\"polluted\":1},\"constructor\":{\"prototype\":{\"polluted\":1}}}"
            for (const id of ["__proto__", "constructor", "hasOwnProperty", "toString", ""]) {
              const frame = `{"_tag":"Request","id":${JSON.stringify(id)},"tag":"acl.open","payload":${payload},` +
                `"headers":[["__proto__","x"],["constructor","y"],["prototype","z"]],"__proto__":{"tag":"acl.secret"}}\n`
              const [exit] = (yield* post(address.http, frame, ndjson)).lines()
              assert.strictEqual(exit.requestId, id)
              assert.strictEqual(exit.exit._tag, "Success", JSON.stringify(exit))
              assert.deepStrictEqual(Object.keys(exit.exit.value), ["__proto__", "constructor"])
              const socket = yield* connect(address.webSocket("ndjson"))
              socket.socket.send(frame)
              yield* socket.until((socket) => socket.exits().length === 1)
              assert.strictEqual(socket.exitOf(id)._tag, "Success")
            }
            assert.isUndefined(({} as { polluted?: unknown }).polluted)
          })))

      it.live.skipIf(elsewhere === undefined)(
        "without an authorizer this machine may call and nobody else, whatever it claims to be",
        () =>
          withServer(stack, {}, (address) =>
            Effect.gen(function*() {
              assert.strictEqual((yield* ask(address.http)).status, 200)
              const far = at(address, elsewhere!)
              const port = `:${address.port}`
              // By its own name the door is closed; with the name of the loopback the caller is still not local.
              assert.strictEqual((yield* ask(far.http)).status, 403)
              for (
                const headers of [
                  { host: `127.0.0.1${port}` },
                  { host: `localhost${port}` },
                  { host: `localhost${port}`, origin: `http://localhost${port}` },
                  { host: `[::1]${port}`, "x-forwarded-for": "127.0.0.1" }
                ]
              ) {
                const answer = yield* ask(far.http, headers)
                assert.strictEqual(answer.status, 403)
                assert.strictEqual(reasonOf(answer.text)._tag, "Denied")
                const socket = yield* connect(far.webSocket, headers)
                socket.send(request(1, "acl.whoami"))
                yield* socket.until((socket) => socket.exits().length === 1 || socket.closed !== undefined)
                assert.strictEqual(socket.exitOf(1)?.cause[0].error.reason._tag, "Denied")
              }
            }), "0.0.0.0")
      )

      it.live("what came through a proxy is not local", () =>
        withServer(stack, {}, (address) =>
          Effect.gen(function*() {
            for (const name of ["x-forwarded-for", "forwarded", "x-real-ip"]) {
              const answer = yield* ask(address.http, { [name]: "127.0.0.1" })
              assert.deepStrictEqual([answer.status, reasonOf(answer.text)._tag], [403, "Denied"], name)
              const socket = yield* connect(address.webSocket("ndjson"), { [name]: "10.0.0.1" })
              socket.send(request(1, "acl.whoami"))
              yield* socket.until((socket) => socket.exits().length === 1)
              assert.strictEqual(socket.exitOf(1).cause[0].error.reason._tag, "Denied")
            }
          })))

      it.live("no web page can call: its host, its origin and its content types are refused before anything is read", () =>
        withServer(stack, {}, (address) =>
          Effect.gen(function*() {
            ran = 0
            const own = `127.0.0.1:${address.port}`
            const refused: ReadonlyArray<readonly [status: number, headers: Record<string, string>]> = [
              [403, { ...json, origin: "https://evil.example" }],
              [403, { ...json, origin: "null" }],
              [403, { ...json, origin: `http://localhost:${address.port}` }],
              [403, { ...json, origin: `http://${own}.evil.example` }],
              [403, { ...json, host: "evil.example" }],
              [403, { ...json, host: `evil.example:${address.port}`, origin: `http://evil.example:${address.port}` }],
              [403, { ...json, host: "127.0.0.1.evil.example" }],
              [403, { ...json, host: "localhost.evil.example" }],
              [415, { "content-type": "text/plain" }],
              [415, { "content-type": "text/plain; application/json" }],
              [415, { "content-type": "application/x-www-form-urlencoded" }],
              [415, { "content-type": "multipart/form-data; boundary=application/json" }],
              [415, {}]
            ]
            for (const [status, headers] of refused) {
              for (const path of ["", "/acl.open"]) {
                const body = path === "" ? line(request(1, "acl.open", 1)) : "1"
                const answer = yield* post(address.http + path, body, headers)
                assert.strictEqual(answer.status, status, JSON.stringify(headers))
                assert.notInclude(answer.text.trim(), "\n")
              }
            }
            for (const method of ["GET", "PUT", "OPTIONS", "HEAD", "DELETE"]) {
              const answer = yield* post(
                `${address.http}/acl.open`,
                "",
                { ...json, origin: "https://evil.example" },
                method
              )
              assert.isAtLeast(answer.status, 400, method)
            }
            assert.strictEqual(ran, 0)
            // The server's own page, and one that is listed, may.
            assert.strictEqual((yield* ask(address.http, { origin: `http://${own}` })).status, 200)
          })))

      it.live("no web page can open a socket", () =>
        withServer(stack, { origins: ["https://app.example"] }, (address) =>
          Effect.gen(function*() {
            const url = address.webSocket("ndjson")
            for (
              const headers of [
                { origin: "https://evil.example" },
                { origin: "null" },
                { host: "evil.example" },
                { host: `evil.example:${address.port}`, origin: `http://evil.example:${address.port}` }
              ] as ReadonlyArray<Record<string, string>>
            ) {
              const socket = yield* connect(url, headers)
              yield* socket.until(({ closed }) => closed !== undefined)
              assert.strictEqual(socket.received.length, 0)
            }
            const listed = yield* connect(url, { origin: "https://app.example" })
            listed.send(request(1, "acl.whoami"))
            yield* listed.until((socket) => socket.exits().length === 1)
            assert.strictEqual(listed.exitOf(1)._tag, "Success")
          })))

      it.live("an authorizer decides about each call, from its headers and the operation's annotations", () => {
        const seen: Array<unknown> = []
        return withServer(stack, {
          authorize: ({ headers, key, kind, local, operation }) =>
            Effect.sync(() => {
              const token = headers.get("authorization")
              seen.push([
                kind,
                key,
                local,
                operation === undefined ? undefined : Operation.annotation(operation, Operation.Permission)
              ])
              return token === "Bearer no"
                ? false
                : token === "Bearer why"
                ? { denied: "it is Sunday" }
                : token === "Bearer ada"
                ? { actor: "ada" }
                : token === "Bearer yes"
            })
        }, (address) =>
          Effect.gen(function*() {
            const denied = yield* ask(address.http, { authorization: "Bearer no" })
            assert.deepStrictEqual([denied.status, reasonOf(denied.text)._tag], [403, "Denied"])
            const why = yield* ask(address.http, { authorization: "Bearer why" })
            assert.deepStrictEqual(reasonOf(why.text), { _tag: "Denied", why: "it is Sunday" })
            assert.strictEqual((yield* ask(address.http)).status, 403)
            assert.deepStrictEqual(seen[0], ["invoke", "acl.whoami", true, "names:read"])

            // The actor is whom the authorizer names, whatever the client claims.
            const claimed = { authorization: "Bearer ada", "opbus-actor": "root", "opbus-client": "root" }
            assert.strictEqual(JSON.parse((yield* ask(address.http, claimed)).text), "ada")
            const frame = request(1, "acl.whoami", null, { headers: [["opbus-actor", "root"]] })
            const [exit] = (yield* post(address.http, line(frame), { ...ndjson, authorization: "Bearer ada" })).lines()
            assert.strictEqual(exit.exit.value, "ada")
            const socket = yield* connect(address.webSocket("ndjson"), { authorization: "Bearer ada" })
            socket.send(frame)
            yield* socket.until((socket) => socket.exits().length === 1)
            assert.strictEqual(socket.exitOf(1).value, "ada")
          }))
      })

      it.live.skipIf(elsewhere === undefined)(
        "who is far away cannot claim to be somebody, even where an authorizer lets it in",
        () =>
          withServer(stack, { authorize: () => Effect.succeed(true) }, (address) =>
            Effect.gen(function*() {
              const far = at(address, elsewhere!)
              const answer = yield* ask(far.http, { "opbus-actor": "root" })
              assert.strictEqual(answer.status, 200, answer.text)
              assert.notStrictEqual(JSON.parse(answer.text), "root")
              // A session's secret is not its name: others see the actor in events.
              const named = yield* ask(far.http, { "opbus-client": "my-secret-session", "opbus-actor": "root" })
              assert.notInclude(named.text, "my-secret-session")
              assert.notStrictEqual(JSON.parse(named.text), null)
            }), "0.0.0.0")
      )

      it.live("what a proxy says of the connection no call can say otherwise", () =>
        withServer(stack, {
          authorize: ({ connection }) => Effect.succeed({ actor: connection.get("x-user") ?? "nobody" })
        }, (address) =>
          Effect.gen(function*() {
            const frame = request(1, "acl.whoami", null, { headers: [["x-user", "root"], ["X-USER", "root"]] })
            const [exit] = (yield* post(address.http, line(frame), { ...ndjson, "x-user": "ada" })).lines()
            assert.strictEqual(exit.exit.value, "ada")
            const socket = yield* connect(address.webSocket("ndjson"))
            socket.send(frame)
            yield* socket.until((socket) => socket.exits().length === 1)
            assert.strictEqual(socket.exitOf(1).value, "nobody")
          })))

      it.live("an authorizer that dies lets nobody in, and says nothing", () =>
        withServer(stack, { authorize: () => Effect.die(new Error("hunter2")) }, (address) =>
          Effect.gen(function*() {
            ran = 0
            const answer = yield* post(`${address.http}/acl.open`, "1", json)
            assert.strictEqual(answer.status, 500)
            assert.notInclude(answer.text, "hunter2")
            assert.strictEqual(ran, 0)
          })))

      it.live("listed host names are the only ones, also the machine's own", () =>
        withServer(stack, { hosts: ["bus.example"] }, (address) =>
          Effect.gen(function*() {
            assert.strictEqual((yield* ask(address.http, { host: "bus.example" })).status, 403, "not local: denied")
            assert.strictEqual((yield* ask(address.http, { host: "evil.example" })).status, 403)
            assert.strictEqual((yield* ask(address.http)).status, 200)
          })))
    })
  }

  it.effect("R1: in process too, only what is exposed is there", () =>
    Effect.gen(function*() {
      const remote = yield* RemoteInvoker.RemoteInvoker
      const error = yield* Effect.flip(remote.invokeKey("acl.secret", null, {}))
      assert.strictEqual(error.message, "Remote function not found: acl.secret")
    }).pipe(Effect.provide(
      RemoteInvoker.layerInProcess().pipe(
        Layer.provide(OperationServer.layer<never>({ expose: [Whoami] })),
        Layer.provide(bus)
      )
    )))
})
