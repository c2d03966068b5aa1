import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema, type Scope } from "effect"
import * as fs from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { gunzipSync } from "node:zlib"
import { OperationHttpServer, StaticSite } from "opbus/node"
import { Operation, OperationInvoker, OperationRegistry } from "opbus/operation"
import { OperationServer } from "opbus/remote"
import { bytes, request } from "../devtools/support/raw.ts"

const Echo = Operation.make({ meta: { key: "echo" }, input: Schema.String, output: Schema.String })

const serve = (
  sites: ReadonlyArray<StaticSite.StaticSite>,
  hosts?: ReadonlyArray<string>
): Effect.Effect<number, OperationHttpServer.ListenError, Scope.Scope> =>
  Effect.map(
    Layer.build(
      OperationHttpServer.layer({ port: 0, sites }).pipe(
        Layer.provide(OperationServer.layer({ expose: [Echo], ...(hosts === undefined ? {} : { hosts }) })),
        Layer.provide(Echo.toLayer((text) => Effect.succeed(text))),
        Layer.provide(OperationInvoker.layer),
        Layer.provide(OperationRegistry.layer)
      )
    ),
    (context) => (context.mapUnsafe.get("opbus/node/OperationHttpServer") as { readonly port: number }).port
  )

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(tmpdir(), "opbus-site-"))),
  (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
)

const page = "<!doctype html><title>Hi</title>"
const script = "console.log(1);".repeat(500)

const site = StaticSite.make([
  { name: "index.html", contents: page },
  { name: "docs/index.html", contents: "docs" },
  { name: "assets/main-AB2CD3EF.js", contents: script },
  { name: "settings-defaults.js", contents: script },
  { name: "ü name.txt", contents: "ü" },
  { name: "picture.png", contents: new Uint8Array(3_000) },
  { name: "what.ever", contents: "?" }
])

describe("StaticSite", () => {
  it.live("serves its files beside the operations, with their types, and nothing else", () =>
    Effect.gen(function*() {
      const port = yield* serve([site])
      const get = (path: string) => request(port, path)
      for (const address of ["/", "/?a=b", "/index.html"]) {
        const { body, headers, status } = yield* get(address)
        assert.deepStrictEqual([status, body.toString(), headers["content-type"]], [
          200,
          page,
          "text/html; charset=utf-8"
        ])
      }
      assert.strictEqual((yield* get("/docs/")).body.toString(), "docs")
      assert.strictEqual((yield* get("/%C3%BC%20name.txt")).body.toString(), "ü")
      assert.strictEqual((yield* get("/picture.png")).headers["content-type"], "image/png")
      assert.strictEqual((yield* get("/what.ever")).headers["content-type"], "application/octet-stream")
      assert.strictEqual((yield* get("/docs")).status, 404)
      assert.strictEqual((yield* get("/nothing")).status, 404)
      assert.strictEqual((yield* get("/rpc")).status, 405)
      const answer = yield* Effect.promise(() =>
        fetch(`http://127.0.0.1:${port}/rpc/echo`, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: "\"hi\""
        }).then((response) => response.text())
      )
      assert.include(answer, "hi")
    }).pipe(Effect.scoped))

  it.live("HEAD says what GET says, a known etag is answered with 304, and other methods with 405", () =>
    Effect.gen(function*() {
      const port = yield* serve([site])
      const got = yield* request(port, "/")
      const head = yield* request(port, "/", {}, "HEAD")
      assert.strictEqual(head.body.length, 0)
      assert.strictEqual(head.headers["content-length"], String(page.length))
      assert.strictEqual(head.headers.etag, got.headers.etag)
      const etag = got.headers.etag!
      for (const condition of [etag, `W/${etag}`, `"x", ${etag}`, "*"]) {
        const { body, status } = yield* request(port, "/", { "if-none-match": condition })
        assert.deepStrictEqual([status, body.length], [304, 0], condition)
      }
      assert.strictEqual((yield* request(port, "/", { "if-none-match": "\"x\"" })).status, 200)
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
        const { headers, status } = yield* request(port, "/", {}, method)
        assert.deepStrictEqual([status, headers.allow], [405, "GET, HEAD"])
      }
    }).pipe(Effect.scoped))

  it.live("names that change with their contents are kept for good, all others are asked for again", () =>
    Effect.gen(function*() {
      const port = yield* serve([site])
      const kept = (path: string) => Effect.map(request(port, path), ({ headers }) => headers["cache-control"])
      assert.strictEqual(yield* kept("/assets/main-AB2CD3EF.js"), "public, max-age=31536000, immutable")
      assert.strictEqual(yield* kept("/settings-defaults.js"), "no-cache")
      assert.strictEqual(yield* kept("/"), "no-cache")
    }).pipe(Effect.scoped))

  it.live("text is compressed for those who take it, and the two have different etags", () =>
    Effect.gen(function*() {
      const port = yield* serve([site])
      const address = "/assets/main-AB2CD3EF.js"
      const plain = yield* request(port, address)
      assert.deepStrictEqual([plain.body.toString(), plain.headers["content-encoding"]], [script, undefined])
      const packed = yield* request(port, address, { "accept-encoding": "br;q=1.0, gzip;q=0.8" })
      assert.strictEqual(packed.headers["content-encoding"], "gzip")
      assert.strictEqual(gunzipSync(packed.body).toString(), script)
      assert.isBelow(packed.body.length, script.length / 10)
      assert.notStrictEqual(packed.headers.etag, plain.headers.etag)
      assert.strictEqual(packed.headers.vary, "accept-encoding")
      for (const refused of ["gzip;q=0", "br", "identity", "xgzip"]) {
        assert.strictEqual(
          (yield* request(port, address, { "accept-encoding": refused })).headers["content-encoding"],
          undefined,
          refused
        )
      }
      // Too small, and no text.
      assert.strictEqual(
        (yield* request(port, "/", { "accept-encoding": "gzip" })).headers["content-encoding"],
        undefined
      )
      assert.strictEqual(
        (yield* request(port, "/picture.png", { "accept-encoding": "gzip" })).headers["content-encoding"],
        undefined
      )
    }).pipe(Effect.scoped))

  it.live("sends headers that protect it, which can be replaced and left out", () =>
    Effect.gen(function*() {
      const other = StaticSite.make([{ name: "index.html", contents: "x" }], {
        path: "/other",
        contentSecurityPolicy: "default-src 'self'",
        headers: { "referrer-policy": "", "x-mine": "1" }
      })
      const port = yield* serve([site, other])
      const usual = (yield* request(port, "/nothing")).headers
      assert.deepInclude(usual, {
        "content-security-policy": StaticSite.contentSecurityPolicy,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin"
      })
      const { headers } = yield* request(port, "/other")
      assert.deepInclude(headers, { "content-security-policy": "default-src 'self'", "x-mine": "1" })
      assert.notProperty(headers, "referrer-policy")
    }).pipe(Effect.scoped))

  it.live("the site with the longest path answers, and with `spa` a page answers for what looks like one", () =>
    Effect.gen(function*() {
      const spa = StaticSite.make([{ name: "index.html", contents: "spa" }], { path: "/app/", spa: true })
      const port = yield* serve([site, spa])
      for (const address of ["/app", "/app/", "/app/notes/17?x"]) {
        assert.strictEqual((yield* request(port, address)).body.toString(), "spa", address)
      }
      assert.strictEqual((yield* request(port, "/app/main.js")).status, 404)
      assert.strictEqual((yield* request(port, "/application")).status, 404)
      assert.strictEqual((yield* request(port, "/")).body.toString(), page)
    }).pipe(Effect.scoped))

  it.live("is reached by the names of the server only, and by no page of others", () =>
    Effect.gen(function*() {
      const port = yield* serve([site], ["notes.example"])
      assert.strictEqual((yield* request(port, "/", { host: "notes.example" })).status, 200)
      assert.strictEqual((yield* request(port, "/", { host: "evil.example" })).status, 403)
      assert.strictEqual((yield* request(port, "/", { origin: "https://evil.example" })).status, 403)
    }).pipe(Effect.scoped))

  it.live("a folder: what is in it, not what begins with a dot, nor what a link leads to, nor what is outside", () =>
    Effect.gen(function*() {
      const root = yield* folder
      const inside = path.join(root, "public")
      fs.mkdirSync(path.join(inside, "sub"), { recursive: true })
      fs.writeFileSync(path.join(root, "secret.txt"), "secret")
      fs.writeFileSync(path.join(inside, "index.html"), "index")
      fs.writeFileSync(path.join(inside, "sub", "a.css"), "a {}")
      fs.writeFileSync(path.join(inside, ".env"), "secret")
      fs.symlinkSync(path.join(root, "secret.txt"), path.join(inside, "link.txt"))
      fs.symlinkSync(root, path.join(inside, "up"))
      const port = yield* serve([yield* StaticSite.fromDirectory(inside)])
      assert.strictEqual((yield* request(port, "/")).body.toString(), "index")
      assert.strictEqual((yield* request(port, "/sub/a.css")).headers["content-type"], "text/css; charset=utf-8")
      const raw = (path: string) => bytes(port, `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n`)
      for (
        const address of [
          "/.env",
          "/link.txt",
          "/up/secret.txt",
          "/../secret.txt",
          "/..%2fsecret.txt",
          "/%2e%2e/secret.txt",
          "/sub/../../secret.txt",
          "/sub/..",
          "//index.html",
          "/sub",
          "/__proto__"
        ]
      ) {
        const { all, line } = yield* raw(address)
        assert.match(line, / 404 /, address)
        assert.notInclude(all, "secret")
      }
      // What comes later is not there: it is read once.
      fs.writeFileSync(path.join(inside, "later.txt"), "later")
      assert.strictEqual((yield* request(port, "/later.txt")).status, 404)
    }).pipe(Effect.scoped))

  it.effect("a folder that is not there is a typed error in one line", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(StaticSite.fromDirectory("/no/such/folder"))
      assert.strictEqual(error._tag, "StaticSiteError")
      assert.match(error.message, /^\/no\/such\/folder cannot be served: ENOENT[^\n]*$/)
    }))

  it("says which name or path is wrong", () => {
    assert.throws(() => StaticSite.make([{ name: "../x", contents: "" }]), /"\.\.\/x" is no name/)
    assert.throws(() => StaticSite.make([{ name: "/x", contents: "" }]), /"\/x" is no name/)
    assert.throws(() => StaticSite.make([{ name: "x", contents: "" }, { name: "x", contents: "" }]), /twice/)
    assert.throws(() => StaticSite.make([], { path: "docs" }), /has to be like "\/docs"/)
    assert.throws(() => StaticSite.make([], { path: "/a/../b c" }), /has to be like "\/docs"/)
  })
})
