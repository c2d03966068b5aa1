import { assert, describe, it } from "@effect/vitest"
import * as Config from "effect/Config"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as References from "effect/References"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import * as Stream from "effect/Stream"
import { copyFileSync, readdirSync } from "node:fs"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import * as LibsqlClient from "opbus/sql/LibsqlClient"
import { suite } from "./suite.ts"
import { failure, layerFile, open, openTemporary, temporaryFile, temporaryFolder } from "./support.ts"

suite("LibsqlClient on a file", layerFile())
suite("LibsqlClient in memory", LibsqlClient.layer({ url: ":memory:" }))

const counted = (sql: SqlClient.SqlClient) =>
  Effect.map(sql<{ readonly n: number }>`SELECT count(*) AS n FROM test`, (rows) => rows[0]!.n)

const withTable = <E, R>(client: Effect.Effect<LibsqlClient.LibsqlClient, E, R>) =>
  Effect.tap(client, (sql) => sql`CREATE TABLE test (name TEXT)`)

describe("LibsqlClient", () => {
  describe("configuration", () => {
    it.effect("a plain path, a file url and a name with odd characters open the same file", () =>
      Effect.gen(function*() {
        const file = join(yield* temporaryFolder, "we ird?#%41.db")
        const sql = yield* withTable(open(file))
        yield* sql`INSERT INTO test VALUES ('a')`
        assert.strictEqual(yield* counted(yield* open(pathToFileURL(file).href)), 1)
        assert.strictEqual(
          yield* counted(yield* open(`file:${encodeURI(file).replace("?", "%3F").replace("#", "%23")}`)),
          1
        )
        assert.strictEqual(yield* counted(yield* open(file, { readonly: true })), 1)
      }))

    it.effect("a file is in WAL mode, enforces foreign keys and syncs fully, on every connection", () =>
      Effect.gen(function*() {
        const sql = yield* openTemporary()
        const settings = Effect.all([
          sql`PRAGMA journal_mode`.values,
          sql`PRAGMA foreign_keys`.values,
          sql`PRAGMA synchronous`.values
        ])
        const expected = [[["wal"]], [[1]], [[2]]] as any
        assert.deepStrictEqual(yield* settings, expected)
        assert.deepStrictEqual(yield* sql.withTransaction(settings), expected)
        assert.deepStrictEqual(yield* settings, expected)
        const foreignKeys = sql`SELECT * FROM pragma_foreign_keys()`
        assert.deepStrictEqual(yield* foreignKeys, [{ foreign_keys: 1 }])

        const normal = yield* openTemporary({ synchronous: "NORMAL" })
        assert.deepStrictEqual(yield* normal.withTransaction(normal`PRAGMA synchronous`), [{ synchronous: 1 }])
      }))

    it.effect("names are transformed both ways, but not without transforms", () =>
      Effect.gen(function*() {
        const sql = yield* openTemporary({
          transformQueryNames: (name) => name.toLowerCase(),
          transformResultNames: (name) => name.toUpperCase()
        })
        yield* sql`CREATE TABLE ${sql("TEST")} (name TEXT)`
        yield* sql`INSERT INTO test ${sql.insert({ NAME: "a" })}`
        assert.deepStrictEqual(yield* sql`SELECT ${sql("NAME")} FROM test`, [{ NAME: "a" }])
        assert.deepStrictEqual(yield* Stream.runCollect(sql`SELECT name FROM test`.stream), [{ NAME: "a" }])
        assert.deepStrictEqual(yield* sql.batch([sql`SELECT name FROM test`]), [[{ NAME: "a" }]])
        assert.deepStrictEqual(yield* sql`SELECT name FROM test`.withoutTransform, [{ name: "a" }])
        assert.deepStrictEqual(yield* sql.withoutTransforms()`SELECT name FROM test`, [{ name: "a" }])
        assert.deepStrictEqual(yield* sql`SELECT name FROM test`.values, [["a"]])
      }))

    it.effect("intMode bigint gives bigints everywhere", () =>
      Effect.gen(function*() {
        const sql = yield* openTemporary({ intMode: "bigint" })
        assert.deepStrictEqual(yield* sql`SELECT 1 AS n, 1.5 AS x`, [{ n: 1n, x: 1.5 }])
        assert.deepStrictEqual(yield* sql`SELECT 1`.values, [[1n]])
        assert.deepStrictEqual(yield* Stream.runCollect(sql`SELECT 1 AS n`.stream), [{ n: 1n }])
      }))

    it.effect("a read-only client reads, and refuses to write", () =>
      Effect.gen(function*() {
        const file = yield* temporaryFile
        yield* withTable(open(file))
        const sql = yield* open(file, { readonly: true })
        assert.deepStrictEqual(yield* sql`SELECT * FROM test`, [])
        assert.deepStrictEqual(yield* sql.withTransaction(sql`SELECT * FROM test`), [])
        const refused = yield* failure(sql`INSERT INTO test VALUES ('a')`)
        assert.strictEqual(refused.reason, "AuthorizationError")
        assert.match(
          refused.message,
          new RegExp(`^cannot write to ${file}: the file, its folder or this client is read-only`)
        )
        assert.strictEqual((yield* failure(sql.withTransaction(sql`DELETE FROM test`))).reason, "AuthorizationError")
        assert.strictEqual((yield* failure(open(`${file}.missing`, { readonly: true }))).reason, "ConnectionError")
        assert.notInclude(readdirSync(dirname(file)), "test.db.missing")
      }))

    it.effect("layerConfig takes its settings from the configuration", () =>
      Effect.gen(function*() {
        const url = yield* temporaryFile
        const program = Effect.gen(function*() {
          const sql = yield* LibsqlClient.LibsqlClient
          assert.strictEqual(yield* SqlClient.SqlClient, sql)
          assert.strictEqual(sql.config.url, url)
          return yield* sql`PRAGMA synchronous`
        })
        const layer = LibsqlClient.layerConfig({
          url: Config.String("DATABASE_URL"),
          synchronous: Config.succeed("NORMAL" as const)
        })
        const provider = (values: Record<string, string>) =>
          Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromUnknown(values))
        assert.deepStrictEqual(
          yield* program.pipe(Effect.provide(layer), provider({ DATABASE_URL: url })),
          [{ synchronous: 1 }]
        )
        assert.isTrue(Exit.isFailure(yield* program.pipe(Effect.provide(layer), provider({}), Effect.exit)))
      }))

    it.effect("a statement runs synchronously when nothing is in its way", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        assert.deepStrictEqual(Effect.runSync(sql`INSERT INTO test VALUES ('a') RETURNING name`), [{ name: "a" }])
        assert.deepStrictEqual(Effect.runSync(sql.withTransaction(sql`SELECT name FROM test`)), [{ name: "a" }])
      }))

    it.effect("a closed client says so, and leaves everything in one file", () =>
      Effect.gen(function*() {
        const file = yield* temporaryFile
        const scope = yield* Scope.make()
        const sql = yield* withTable(open(file)).pipe(Scope.provide(scope))
        yield* sql`INSERT INTO test VALUES ('a')`
        yield* Scope.close(scope, Exit.void)
        const closed = {
          reason: "ConnectionError",
          message: "this LibsqlClient is closed: its scope has ended"
        } as const
        assert.deepStrictEqual(yield* failure(sql`SELECT 1`), closed)
        assert.deepStrictEqual(yield* failure(sql`INSERT INTO test VALUES ('b')`), closed)
        assert.deepStrictEqual(yield* failure(sql.withTransaction(Effect.void)), closed)
        copyFileSync(file, `${file}.copy`)
        assert.strictEqual(yield* counted(yield* open(`${file}.copy`)), 1)
      }))

    it.effect("a client whose scope ends under a transaction does not break its fiber", () =>
      Effect.gen(function*() {
        const scope = yield* Scope.make()
        const sql = yield* withTable(openTemporary()).pipe(Scope.provide(scope))
        const exit = yield* sql`INSERT INTO test VALUES ('a')`.pipe(
          Effect.andThen(Scope.close(scope, Exit.void)),
          Effect.andThen(sql`INSERT INTO test VALUES ('b')`),
          sql.withTransaction,
          Effect.exit
        )
        assert.isTrue(Exit.isFailure(exit) && exit.cause.reasons.every((reason) => reason._tag === "Fail"))
      }))
  })

  describe("reads beside a transaction", () => {
    it.effect("are not delayed by it and do not see what it has not committed", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        const written = yield* Deferred.make<void>()
        const go = yield* Deferred.make<void>()
        const transaction = yield* sql`INSERT INTO test VALUES ('a')`.pipe(
          Effect.andThen(Deferred.succeed(written, undefined)),
          Effect.andThen(Deferred.await(go)),
          sql.withTransaction,
          Effect.forkChild
        )
        yield* Deferred.await(written)
        assert.strictEqual(yield* counted(sql), 0)
        assert.deepStrictEqual(yield* Stream.runCollect(sql`SELECT * FROM test`.stream), [])
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(transaction)
        assert.strictEqual(yield* counted(sql), 1)
      }))

    it.effect("a database in memory makes them wait, and they never see a half of it", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(open(":memory:"))
        const written = yield* Deferred.make<void>()
        const transaction = yield* sql`INSERT INTO test VALUES ('a')`.pipe(
          Effect.andThen(Deferred.succeed(written, undefined)),
          Effect.andThen(Effect.yieldNow),
          Effect.andThen(Effect.fail("no")),
          sql.withTransaction,
          Effect.exit,
          Effect.forkChild
        )
        yield* Deferred.await(written)
        assert.strictEqual(yield* counted(sql), 0)
        assert.isTrue(Exit.isFailure(yield* Fiber.join(transaction)))
        assert.strictEqual(yield* counted(sql), 0)
      }))

    it.effect("see every write that has returned, also while a stream is open", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        yield* sql.batch(Array.from({ length: 1000 }, (_, i) => sql`INSERT INTO test VALUES (${`row ${i}`})`))
        yield* sql`SELECT * FROM test`.stream.pipe(
          Stream.take(3),
          Stream.runForEach(() =>
            Effect.gen(function*() {
              const before = yield* counted(sql)
              yield* sql`INSERT INTO test VALUES ('new')`
              assert.strictEqual(yield* counted(sql), before + 1)
            })
          )
        )
      }))

    it.effect("a stream that stopped early holds nothing back", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        yield* sql.batch(Array.from({ length: 1000 }, (_, i) => sql`INSERT INTO test VALUES (${`row ${i}`})`))
        for (let i = 0; i < 10; i++) {
          yield* Stream.runDrain(Stream.take(sql`SELECT * FROM test`.stream, 2))
          yield* sql`INSERT INTO test VALUES ('more')`
          assert.strictEqual(yield* counted(sql), 1001 + i)
        }
        // a reader that still had its snapshot would be in the way
        assert.deepStrictEqual(
          (yield* sql<{ readonly busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`).map((row) => row.busy),
          [0]
        )
      }))

    it.effect("a stream that stopped early inside a transaction lets it commit", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        yield* sql.batch(Array.from({ length: 1000 }, (_, i) => sql`INSERT INTO test VALUES (${`row ${i}`})`))
        yield* sql.withTransaction(Effect.andThen(
          Stream.runDrain(Stream.take(sql`SELECT * FROM test`.stream, 2)),
          sql`DELETE FROM test`
        ))
        assert.strictEqual(yield* counted(sql), 0)
      }))
  })

  describe("the writing connection", () => {
    // A statement that found it free must not run inside the transaction that another fiber began a moment later.
    it.effect("keeps a plain write out of another fiber's rolled back transaction, whatever the timing", () =>
      Effect.gen(function*() {
        for (const url of [":memory:", yield* temporaryFile]) {
          const sql = yield* withTable(open(url, { synchronous: "NORMAL" }))
          for (let delay = 0; delay < 100; delay++) {
            yield* sql`DELETE FROM test`
            const plain = yield* sql`INSERT INTO test VALUES ('plain')`.pipe(
              Effect.provideService(References.MaxOpsBeforeYield, 3),
              Effect.forkChild
            )
            for (let i = 0; i < delay; i++) yield* Effect.yieldNow
            const transaction = yield* sql`INSERT INTO test VALUES ('rolled back')`.pipe(
              Effect.andThen(Effect.forEach(Array.from({ length: 50 }), () => Effect.yieldNow)),
              Effect.andThen(Effect.fail("no")),
              sql.withTransaction,
              Effect.exit,
              Effect.forkChild
            )
            yield* Fiber.join(plain)
            yield* Fiber.join(transaction)
            assert.deepStrictEqual(yield* sql`SELECT name FROM test`, [{ name: "plain" }], `after ${delay} turns`)
          }
        }
      }))

    it.effect("a fiber can be interrupted while it waits, and does not take its turn", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        const waiting = (effect: Effect.Effect<unknown, unknown>) =>
          Effect.forkChild(effect, { startImmediately: true })
        const entered = yield* Deferred.make<void>()
        const go = yield* Deferred.make<void>()
        const holder = yield* waiting(
          sql.withTransaction(Effect.andThen(Deferred.succeed(entered, undefined), Deferred.await(go)))
        )
        yield* Deferred.await(entered)
        const write = yield* waiting(sql`INSERT INTO test VALUES ('write')`)
        const transaction = yield* waiting(sql.withTransaction(sql`INSERT INTO test VALUES ('transaction')`))
        const reserved = yield* waiting(Effect.scoped(sql.reserve))
        yield* Effect.yieldNow
        yield* Fiber.interruptAll([write, transaction, reserved])
        yield* Deferred.succeed(go, undefined)
        yield* Fiber.join(holder)
        assert.strictEqual(yield* counted(sql), 0)
        yield* sql.withTransaction(sql`INSERT INTO test VALUES ('next')`)
        assert.strictEqual(yield* counted(sql), 1)
      }))

    it.effect("statements of another client do not run in this client's transaction", () =>
      Effect.gen(function*() {
        for (const urls of [[":memory:", ":memory:"], [yield* temporaryFile, yield* temporaryFile]]) {
          const a = yield* withTable(open(urls[0]!))
          const b = yield* withTable(open(urls[1]!))
          yield* Effect.exit(a.withTransaction(Effect.andThen(
            b.withTransaction(b`INSERT INTO test VALUES ('kept')`),
            Effect.andThen(a`INSERT INTO test VALUES ('lost')`, Effect.fail("no"))
          )))
          assert.strictEqual(yield* counted(a), 0)
          assert.strictEqual(yield* counted(b), 1)
        }
      }))

    it.effect("a statement that comes after its transaction does not end up in the next one", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        const late = yield* sql.withTransaction(
          Effect.map(
            Effect.context<never>(),
            (context) => Effect.provideContext(sql`INSERT INTO test VALUES ('late')`, context)
          )
        )
        const latest = yield* Effect.scoped(
          Effect.map(sql.reserve, (connection) => connection.execute("INSERT INTO test VALUES ('late')", [], undefined))
        )
        const withoutContext = yield* Effect.context<never>()
        yield* sql.withTransaction(
          Effect.all([Effect.flip(late), Effect.flip(latest)]).pipe(Effect.provideContext(withoutContext))
        )
        assert.strictEqual(yield* counted(sql), 0)
        assert.match((yield* failure(late)).message, /its statement came too late$/)
      }))

    it.effect("a reserved connection keeps others out, also with a transaction by hand", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        const other = yield* Effect.scoped(Effect.gen(function*() {
          const connection = yield* sql.reserve
          const run = (text: string) => connection.execute(text, [], undefined)
          yield* run("BEGIN")
          yield* run("INSERT INTO test VALUES ('by hand')")
          const other = yield* Effect.forkDetach(sql`INSERT INTO test VALUES ('other')`, { startImmediately: true })
          yield* Effect.yieldNow
          assert.strictEqual(yield* counted(sql), 0)
          yield* run("ROLLBACK")
          return other
        }))
        yield* Fiber.join(other)
        assert.deepStrictEqual(yield* sql`SELECT * FROM test`, [{ name: "other" }])
      }))

    it.effect("a transaction that was left open on a reserved connection ends with it", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        yield* Effect.scoped(Effect.gen(function*() {
          const connection = yield* sql.reserve
          yield* connection.execute("BEGIN IMMEDIATE", [], undefined)
          yield* connection.execute("INSERT INTO test VALUES ('forgotten')", [], undefined)
        }))
        yield* sql.withTransaction(sql`INSERT INTO test VALUES ('next')`)
        assert.deepStrictEqual(yield* sql`SELECT * FROM test`, [{ name: "next" }])
      }))

    it.effect("a transaction begins with the write lock unless it is told otherwise", () =>
      Effect.gen(function*() {
        const file = yield* temporaryFile
        const a = yield* withTable(open(file))
        const b = yield* open(file, { busyTimeout: 0 })
        const attempt = Effect.map(Effect.exit(b.withTransaction(Effect.void)), Exit.isSuccess)
        assert.isFalse(yield* a.withTransaction(attempt))
        assert.isTrue(
          yield* a.withTransaction(attempt).pipe(Effect.provideService(SqlClient.BeginTransaction, "BEGIN DEFERRED"))
        )
      }))

    it.effect("a deferred constraint that fails at the commit rolls back and is a typed error", () =>
      Effect.gen(function*() {
        const sql = yield* openTemporary()
        yield* sql`CREATE TABLE parent (id INTEGER PRIMARY KEY)`
        yield* sql`CREATE TABLE child (parent INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)`
        const expected = { reason: "ConstraintError", message: "FOREIGN KEY constraint failed" } as const
        assert.deepStrictEqual(yield* failure(sql.withTransaction(sql`INSERT INTO child VALUES (1)`)), expected)
        assert.deepStrictEqual(yield* failure(sql`INSERT INTO child VALUES (1)`), expected)
        assert.deepStrictEqual(yield* failure(sql.batch([sql`INSERT INTO child VALUES (1)`])), expected)
        assert.deepStrictEqual(yield* sql`SELECT * FROM child`, [])
        yield* sql.withTransaction(sql.batch([sql`INSERT INTO child VALUES (1)`, sql`INSERT INTO parent VALUES (1)`]))
      }))

    it.effect("a write whose result cannot be handed over is not kept", () =>
      Effect.gen(function*() {
        const sql = yield* openTemporary()
        yield* sql`CREATE TABLE test (n INTEGER)`
        yield* Effect.flip(sql`INSERT INTO test VALUES (${2n ** 60n}) RETURNING n`)
        assert.strictEqual(yield* counted(sql), 0)
      }))

    it.effect("temporary tables and attached databases are seen by later reads", () =>
      Effect.gen(function*() {
        const sql = yield* openTemporary()
        yield* sql`CREATE TEMP TABLE scratch (n INTEGER)`
        yield* sql`INSERT INTO scratch VALUES (1)`
        assert.deepStrictEqual(yield* sql`SELECT * FROM scratch`, [{ n: 1 }])
        yield* sql`ATTACH ${yield* temporaryFile} AS other`
        yield* sql`CREATE TABLE other.test (n INTEGER)`
        assert.deepStrictEqual(yield* sql`SELECT * FROM other.test`, [])
      }))

    it.effect("what cannot run inside a transaction runs", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        yield* sql`VACUUM`
        yield* sql`PRAGMA user_version = 7`
        assert.deepStrictEqual(yield* sql`PRAGMA user_version`, [{ user_version: 7 }])
        yield* sql`CREATE TRIGGER twice AFTER INSERT ON test WHEN new.name = 'a' BEGIN
          INSERT INTO test VALUES ('b'); INSERT INTO test VALUES ('c'); END`
        yield* sql`INSERT INTO test VALUES ('a')`
        assert.strictEqual(yield* counted(sql), 3)
      }))

    it.effect("a changed table shows its new columns to statements that were prepared before", () =>
      Effect.gen(function*() {
        const sql = yield* withTable(openTemporary())
        yield* sql`INSERT INTO test VALUES ('a')`
        const all = sql`SELECT * FROM test`
        assert.deepStrictEqual(yield* all, [{ name: "a" }])
        yield* sql`ALTER TABLE test ADD COLUMN size INTEGER DEFAULT 1`
        yield* sql`ALTER TABLE test RENAME COLUMN name TO title`
        assert.deepStrictEqual(yield* all, [{ title: "a", size: 1 }])
        assert.deepStrictEqual(yield* all.values, [["a", 1]])
        assert.deepStrictEqual(yield* all.raw, {
          columns: ["title", "size"],
          rows: [["a", 1]],
          rowsAffected: 0,
          lastInsertRowid: undefined
        })
      }))

    it.effect("more texts than the statement cache holds still run", () =>
      Effect.gen(function*() {
        const sql = yield* openTemporary()
        for (let round = 0; round < 2; round++) {
          for (let i = 0; i < 600; i++) {
            assert.deepStrictEqual(yield* sql.unsafe(`SELECT ${i} AS n`), [{ n: i }])
          }
        }
      }))
  })
})
