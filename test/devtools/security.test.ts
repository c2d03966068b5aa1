import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { networkInterfaces } from "node:os"
import { DevtoolsOperations as Tools } from "opbus/devtools"
import { Cells, connect, failureOf, follow, Hidden, serve, Write } from "./support/kit.ts"
import { bytes, request, upgrade } from "./support/raw.ts"

const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** The addresses of the page's files. */
const assetsOf = (page: string): ReadonlyArray<string> =>
  Array.from(page.matchAll(/(?:src|href)="(\/[^"]+)"/g), ([, url]) => url!)

/** An address by which others reach this machine. */
const ownAddress = Object.values(networkInterfaces()).flat().find((address) =>
  address?.internal === false && address.family === "IPv4"
)?.address

describe("who may see the devtools", () => {
  it.live("this machine: the page, its files and both connections", () =>
    Effect.gen(function*() {
      const { port } = yield* serve()
      const page = yield* request(port, "/_opbus")
      assert.strictEqual(page.status, 200)
      assert.deepStrictEqual((yield* request(port, "/_opbus/")).body, page.body)
      assert.deepStrictEqual((yield* request(port, "/_opbus?x=1")).body, page.body)
      const assets = assetsOf(page.body.toString())
      assert.isAtLeast(assets.length, 2)
      for (const asset of assets) {
        assert.match(asset, /^\/_opbus\/assets\/[\w-]+-[A-Z2-7]{8}\.(?:js|css)$/)
        assert.strictEqual((yield* request(port, asset)).status, 200)
      }
      for (const name of ["app", "tools"]) {
        assert.strictEqual(yield* upgrade(`ws://127.0.0.1:${port}/_opbus/${name}`), 0)
        assert.strictEqual(
          yield* upgrade(`ws://localhost:${port}/_opbus/${name}`, { origin: `http://localhost:${port}` }),
          0
        )
      }
    }).pipe(Effect.scoped))

  const strangers: ReadonlyArray<readonly [who: string, headers: (port: number) => Record<string, string>]> = [
    ["a page of another origin", () => ({ origin: "https://evil.example" })],
    ["a page of another port", (port) => ({ origin: `http://127.0.0.1:${port + 1}` })],
    ["a page without an origin of its own", () => ({ origin: "null" })],
    ["another host name, after a DNS rebinding", () => ({ host: "evil.example" })],
    [
      "another host name with the port",
      (port) => ({ host: `evil.example:${port}`, origin: `http://evil.example:${port}` })
    ],
    ["a name that begins like a local one", () => ({ host: "127.0.0.1.evil.example" })],
    ["x-forwarded-for", () => ({ "x-forwarded-for": "127.0.0.1" })],
    ["forwarded", () => ({ forwarded: "for=127.0.0.1" })],
    ["x-real-ip", () => ({ "x-real-ip": "127.0.0.1" })]
  ]
  for (const [who, headersOf] of strangers) {
    it.live(`not ${who}: 403 for the page, its files and both connections`, () =>
      Effect.gen(function*() {
        // Whoever the application's own authorizer lets in.
        const { port } = yield* serve({ authorize: () => Effect.succeed(true) })
        const asset = assetsOf((yield* request(port, "/_opbus")).body.toString())[0]!
        const headers = headersOf(port)
        for (const path of ["/_opbus", "/_opbus/", asset, "/_opbus/nothing"]) {
          for (const method of ["GET", "HEAD", "POST"]) {
            const answer = yield* request(port, path, headers, method)
            assert.strictEqual(answer.status, 403, `${method} ${path}`)
            assert.strictEqual(answer.headers["access-control-allow-origin"], undefined)
            assert.strictEqual(answer.headers["cache-control"], "no-store")
            assert.strictEqual(answer.headers["content-security-policy"], policy)
          }
        }
        for (const name of ["app", "tools"]) {
          assert.strictEqual(yield* upgrade(`ws://127.0.0.1:${port}/_opbus/${name}`, headers), 403)
        }
      }).pipe(Effect.scoped))
  }

  it.live.skipIf(ownAddress === undefined)(
    "not another machine, on a server that listens for others",
    () =>
      Effect.gen(function*() {
        const { port } = yield* serve({ host: "0.0.0.0", authorize: () => Effect.succeed(true) })
        assert.strictEqual((yield* request(port, "/_opbus")).status, 200)
        // As local as headers can make it look.
        for (const headers of [{}, { host: "127.0.0.1" }, { host: `localhost:${port}` }]) {
          assert.strictEqual((yield* request(port, "/_opbus", headers, "GET", ownAddress)).status, 403)
          for (const name of ["app", "tools"]) {
            assert.strictEqual(yield* upgrade(`ws://${ownAddress}:${port}/_opbus/${name}`, headers), 403)
          }
        }
      }).pipe(Effect.scoped)
  )

  it.live("nobody, where they are turned off", () =>
    Effect.gen(function*() {
      const { port } = yield* serve({ server: { devtools: false } })
      assert.strictEqual((yield* request(port, "/_opbus")).status, 404)
      assert.strictEqual(yield* upgrade(`ws://127.0.0.1:${port}/_opbus/app`), 404)
      assert.strictEqual(yield* upgrade(`ws://127.0.0.1:${port}/_opbus/tools`), 404)
    }).pipe(Effect.scoped))

  it.live("they can be elsewhere, and the page finds its files there", () =>
    Effect.gen(function*() {
      const { port } = yield* serve({ server: { devtools: "/inside/look" } })
      assert.strictEqual((yield* request(port, "/_opbus")).status, 404)
      for (const asset of assetsOf((yield* request(port, "/inside/look")).body.toString())) {
        assert.match(asset, /^\/inside\/look\/assets\//)
        assert.strictEqual((yield* request(port, asset)).status, 200)
      }
      assert.strictEqual(yield* upgrade(`ws://127.0.0.1:${port}/inside/look/tools`), 0)
    }).pipe(Effect.scoped))
})

describe("what can be done from the devtools", () => {
  it.live("R1: what is not exposed is shown, and never runs", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const [bus, tools] = [yield* connect(server.port, "app"), yield* connect(server.port, "tools")]
      const cells = yield* server.run(Cells)
      yield* bus.invoke(Write, { name: "a/1", value: "1" }, {})
      assert.strictEqual(cells.ran, 1)
      const refused = yield* failureOf(bus.invoke(Hidden, { token: "t" }, {}))
      assert.strictEqual(refused.reason._tag, "RemoteFunctionNotFound")
      // The tools are no way around, nor is the application's bus a way to the tools.
      assert.strictEqual(
        (yield* failureOf(tools.invoke(Hidden, { token: "t" }, {}))).reason._tag,
        "RemoteFunctionNotFound"
      )
      assert.strictEqual(
        (yield* failureOf(tools.invoke(Write, { name: "a", value: "1" }, {}))).reason._tag,
        "RemoteFunctionNotFound"
      )
      assert.strictEqual(
        (yield* failureOf(bus.invoke(Tools.Undo, { actor: null }, {}))).reason._tag,
        "RemoteFunctionNotFound"
      )
      assert.strictEqual(cells.ran, 1)
      const { operations } = yield* (yield* follow(tools, Tools.Catalogue)).first
      assert.deepStrictEqual(
        operations.map(({ exposed, handled, json, undoable }) => [json.key, exposed, handled, undoable]),
        [["cell.hidden", false, true, false], ["cell.write", true, true, true]]
      )
    }).pipe(Effect.scoped))

  it.live("an authorizer of their own narrows it down further, and opens nothing", () =>
    Effect.gen(function*() {
      const { port } = yield* serve({
        devtools: { authorize: ({ key }) => Effect.succeed(key === "cell.write" ? { denied: "only look" } : true) }
      })
      const bus = yield* connect(port, "app")
      const refused = yield* failureOf(bus.invoke(Write, { name: "a", value: "1" }, {}))
      assert.deepInclude(refused.reason, { _tag: "Denied", why: "only look" })
      assert.strictEqual((yield* request(port, "/_opbus", { host: "evil.example" })).status, 403)
    }).pipe(Effect.scoped))

  it.live("R2: frames that are malformed, too large or too deep neither end the server nor run anything", () =>
    Effect.gen(function*() {
      const server = yield* serve()
      const url = `ws://127.0.0.1:${server.port}/_opbus/tools`
      assert.strictEqual(yield* upgrade(url, {}, (socket) => socket.send("x".repeat(5 * 1024 * 1024))), 1009)
      const replies: Array<string> = []
      const answered = (frame: string) =>
        upgrade(url, {}, (socket) => {
          socket.on("message", (data: Buffer) => {
            replies.push(data.toString())
            socket.close()
          })
          socket.send(frame)
        })
      yield* answered("x".repeat(2 * 1024 * 1024))
      assert.match(replies[0]!, /MalformedFrame.*a frame is larger than 1048576 characters/)
      for (
        const frame of [
          "{\n",
          "null\n",
          "[]\n",
          "{\"_tag\":\"Request\"}\n",
          "{\"_tag\":\"Request\",\"id\":\"__proto__\",\"tag\":\"__proto__\"}\n"
        ]
      ) {
        yield* answered(frame)
      }
      assert.strictEqual(replies.length, 6)
      const tools = yield* connect(server.port, "tools")
      const deep = yield* failureOf(tools.invoke(Tools.Undo, { actor: "x".repeat(1_001) }, {}))
      assert.strictEqual(deep.reason._tag, "InvalidInput")
      assert.strictEqual(
        (yield* failureOf(tools.invoke(Tools.Undo, { actor: "__proto__" }, {}))).reason,
        "NothingToUndo"
      )
    }).pipe(Effect.scoped))
})

describe("how the page is served", () => {
  it.live("with exactly these headers, and only for GET and HEAD", () =>
    Effect.gen(function*() {
      const { port } = yield* serve()
      const page = yield* request(port, "/_opbus")
      const { connection: _, date: __, "content-length": length, etag, ...headers } = page.headers
      assert.deepStrictEqual(headers, {
        "cache-control": "no-cache",
        "content-security-policy": policy,
        "content-type": "text/html; charset=utf-8",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        vary: "accept-encoding"
      })
      const head = yield* request(port, "/_opbus", {}, "HEAD")
      assert.deepStrictEqual([head.status, head.body.length, head.headers["content-length"]], [200, 0, length])
      const known = yield* request(port, "/_opbus", { "if-none-match": etag! })
      assert.deepStrictEqual([known.status, known.body.length], [304, 0])
      assert.strictEqual(known.headers["content-security-policy"], policy)
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"]) {
        const answer = yield* request(port, "/_opbus", {}, method)
        assert.deepStrictEqual([answer.status, answer.headers.allow], [405, "GET, HEAD"], method)
        assert.strictEqual(answer.headers["access-control-allow-methods"], undefined)
      }
      const [asset] = assetsOf(page.body.toString())
      assert.strictEqual(
        (yield* request(port, asset!)).headers["cache-control"],
        "public, max-age=31536000, immutable"
      )
    }).pipe(Effect.scoped))

  it.live("only the page and its files, however an address is written", () =>
    Effect.gen(function*() {
      const { port } = yield* serve()
      const get = (path: string) => bytes(port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
      for (
        const path of [
          "/_opbus/assets/../../package.json",
          "/_opbus/../package.json",
          "/_opbus/..%2f..%2fpackage.json",
          "/_opbus/%2e%2e/%2e%2e/package.json",
          "/_opbus/assets/..%5c..%5cpackage.json",
          "/_opbus/assets/%00",
          "/_opbus/assets/main%00.js",
          "/_opbus/%",
          "/_opbus/%ff%fe",
          "/_opbus//etc/passwd",
          "/_opbus/assets/",
          "/_opbus/assets",
          "/_opbus/main.tsx",
          "/_opbus/constructor",
          "/_opbus/__proto__",
          "/_opbusx",
          "/_opbus/assets/" + "a/".repeat(4_000)
        ]
      ) {
        const { all, line } = yield* get(path)
        assert.match(line, /^HTTP\/1\.1 404 /, path.slice(0, 60))
        assert.notInclude(all, "root:")
        assert.notInclude(all, "devDependencies")
      }
      assert.match((yield* get("/_opbus/" + "x".repeat(40_000))).line, /^HTTP\/1\.1 (?:404|431) /)
      assert.match((yield* get("/_opbus/\u0000")).line, /^HTTP\/1\.1 400 /)
      assert.match((yield* get("/_opbus")).line, /^HTTP\/1\.1 200 /)
    }).pipe(Effect.scoped))

  it.live("without source maps, paths of this machine, inline scripts or styles, or addresses of others", () =>
    Effect.gen(function*() {
      const { port } = yield* serve()
      const page = (yield* request(port, "/_opbus")).body.toString()
      assert.notMatch(page, /<script(?![^>]* src=)|<style|style=|\bon\w+=|https?:/)
      for (const asset of assetsOf(page)) {
        const text = (yield* request(port, asset)).body.toString()
        assert.notInclude(text, "sourceMappingURL")
        assert.notInclude(text, process.cwd())
        assert.notInclude(text, "node_modules/")
        assert.strictEqual((yield* request(port, `${asset}.map`)).status, 404)
        if (asset.endsWith(".css")) assert.notMatch(text, /@import|url\(["']?(?:https?:)?\/\//)
      }
    }).pipe(Effect.scoped))
})
