/**
 * What a `LibsqlClient` does when others hold the file, the disk is full, the
 * process is killed, or the file is not what it should be.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as Stream from "effect/Stream"
import {
  chmodSync,
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import type * as LibsqlClient from "opbus/sql/LibsqlClient"
import { failure, node, nodeAfter, open, openTemporary, peer, temporaryFile, temporaryFolder } from "./support.ts"

const withTable = <E, R>(client: Effect.Effect<LibsqlClient.LibsqlClient, E, R>) =>
  Effect.tap(client, (sql) => sql`CREATE TABLE test (name TEXT)`)

const add = (sql: SqlClient.SqlClient, name: string) => sql`INSERT INTO test (name) VALUES (${name})`

const names = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ readonly name: string }>`SELECT name FROM test ORDER BY rowid`,
    (rows) => rows.map((row) => row.name)
  )

const isLocked = /test\.db is locked by another connection: gave up after 60ms; try again when it is done/

describe("a lock of another connection", () => {
  it.live("is waited for", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const sql = yield* withTable(open(file))
      const other = yield* peer(file)
      assert.strictEqual(yield* other.ask("BEGIN IMMEDIATE"), "ok")
      assert.strictEqual(yield* other.ask("INSERT INTO test VALUES ('other')"), "ok")
      const mine = yield* Effect.forkChild(
        Effect.all([add(sql, "plain"), sql.withTransaction(add(sql, "transaction")), sql.batch([add(sql, "batch")])], {
          concurrency: "unbounded"
        })
      )
      // neither reads nor the event loop are blocked meanwhile
      yield* Effect.sleep("50 millis")
      assert.deepStrictEqual(yield* names(sql), [])
      assert.strictEqual(yield* other.ask("COMMIT"), "ok")
      yield* Fiber.join(mine)
      assert.deepStrictEqual(yield* names(sql), ["other", "plain", "transaction", "batch"])
    }))

  it.live("gives a typed error after the busy timeout, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const sql = yield* withTable(open(file, { busyTimeout: "60 millis" }))
      const other = yield* peer(file)
      for (let round = 0; round < 3; round++) {
        assert.strictEqual(yield* other.ask("BEGIN IMMEDIATE"), "ok")
        const attempts: ReadonlyArray<Effect.Effect<unknown, SqlError.SqlError>> = [
          add(sql, "lost"),
          sql`INSERT INTO test (name) VALUES ('lost') RETURNING name`,
          sql.withTransaction(add(sql, "lost")),
          sql.batch([add(sql, "lost")]),
          sql`PRAGMA user_version = 1`,
          sql.withTransaction(Effect.andThen(names(sql), add(sql, "lost"))).pipe(
            Effect.provideService(SqlClient.BeginTransaction, "BEGIN DEFERRED")
          )
        ]
        for (const attempt of attempts) {
          const { message, reason } = yield* failure(attempt)
          assert.strictEqual(reason, "LockTimeoutError")
          assert.match(message, isLocked)
        }
        assert.deepStrictEqual(
          yield* names(sql),
          Array.from({ length: round }, () => ["theirs", "mine", "batch"]).flat()
        )
        // libsql-client-ts #352: this client must not hold on to the lock ...
        assert.strictEqual(yield* other.ask("INSERT INTO test VALUES ('theirs')"), "ok")
        assert.strictEqual(yield* other.ask("COMMIT"), "ok")
        assert.strictEqual(yield* other.ask("BEGIN IMMEDIATE"), "ok")
        assert.strictEqual(yield* other.ask("ROLLBACK"), "ok")
        // ... and its transactions must be able to commit
        yield* sql.withTransaction(add(sql, "mine"))
        yield* sql.batch([add(sql, "batch")])
        assert.strictEqual(yield* other.ask("BEGIN IMMEDIATE"), "ok")
        assert.strictEqual(yield* other.ask("ROLLBACK"), "ok")
      }
      assert.deepStrictEqual(yield* sql`PRAGMA foreign_keys`, [{ foreign_keys: 1 }])
      assert.deepStrictEqual(yield* sql`PRAGMA synchronous`, [{ synchronous: 2 }])
    }))

  it.live("does not keep the waiting fiber from being interrupted", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const sql = yield* withTable(open(file, { busyTimeout: "1 hour" }))
      const other = yield* peer(file)
      assert.strictEqual(yield* other.ask("BEGIN IMMEDIATE"), "ok")
      const attempts: ReadonlyArray<Effect.Effect<unknown, SqlError.SqlError>> = [
        add(sql, "lost"),
        sql.withTransaction(add(sql, "lost")),
        sql.batch([add(sql, "lost")])
      ]
      for (const attempt of attempts) {
        const fiber = yield* Effect.forkChild(attempt)
        yield* Effect.sleep("20 millis")
        yield* Fiber.interrupt(fiber)
        assert.isTrue(Exit.hasInterrupts(yield* Fiber.await(fiber)))
      }
      assert.strictEqual(yield* other.ask("COMMIT"), "ok")
      yield* sql.withTransaction(add(sql, "next"))
      assert.deepStrictEqual(yield* names(sql), ["next"])
    }))

  it.live("ends with the process that held it, and its changes with it", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const sql = yield* withTable(open(file))
      const other = yield* peer(file)
      assert.strictEqual(yield* other.ask("BEGIN IMMEDIATE"), "ok")
      assert.strictEqual(yield* other.ask("INSERT INTO test VALUES ('lost')"), "ok")
      const mine = yield* Effect.forkChild(sql.withTransaction(add(sql, "mine")))
      yield* Effect.sleep("20 millis")
      yield* other.kill
      yield* Fiber.join(mine)
      assert.deepStrictEqual(yield* names(sql), ["mine"])
    }))

  it.live("is waited for when the file is opened", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const other = yield* peer(file)
      assert.strictEqual(yield* other.ask("BEGIN EXCLUSIVE"), "ok")
      const refused = yield* failure(open(file, { busyTimeout: "60 millis" }))
      assert.strictEqual(refused.reason, "LockTimeoutError")
      assert.match(refused.message, isLocked)
      const opening = yield* Effect.forkChild(withTable(open(file)))
      yield* Effect.sleep("20 millis")
      assert.strictEqual(yield* other.ask("COMMIT"), "ok")
      assert.deepStrictEqual(yield* names(yield* Fiber.join(opening)), [])
    }))

  it.live("comes and goes while several processes write, and each write is kept", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const sql = yield* open(file)
      yield* sql`CREATE TABLE counter (n INTEGER)`
      yield* sql`INSERT INTO counter VALUES (0)`
      const answers = yield* Effect.all(
        Array.from({ length: 3 }, () => Effect.flatMap(node("increment.ts", file, "50"), (child) => child.line)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(answers, ["done", "done", "done"])
      assert.deepStrictEqual(yield* sql`SELECT n FROM counter`, [{ n: 150 }])
    }))

  it.live("is also that of another client in this process", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const clients = yield* Effect.all([withTable(open(file)), open(file), open(file)])
      yield* Effect.all(
        clients.flatMap((sql) =>
          Array.from({ length: 5 }, () =>
            sql.withTransaction(Effect.gen(function*() {
              const before = yield* names(sql)
              yield* Effect.sleep("1 millis")
              yield* add(sql, `${before.length}`)
            })))
        ),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(yield* names(clients[0]), Array.from({ length: 15 }, (_, i) => `${i}`))
    }))

  it.effect("is waited for in real time under a test clock", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const a = yield* withTable(open(file))
      const b = yield* open(file, { busyTimeout: "60 millis" })
      assert.strictEqual((yield* failure(a.withTransaction(add(b, "lost")))).reason, "LockTimeoutError")
    }))
})

describe("a full disk", () => {
  it.effect("gives a typed error, and the client works again when there is room", () =>
    Effect.gen(function*() {
      const sql = yield* withTable(openTemporary())
      yield* sql`PRAGMA max_page_count = 20`
      const fill = Effect.forever(Effect.asVoid(add(sql, "x".repeat(2000))))
      const full = {
        reason: "UnknownError",
        message: `no room left for ${sql.config.url}: make room on the disk and try again`
      } as const
      assert.deepStrictEqual(yield* failure(fill), full)
      const before = (yield* names(sql)).length
      assert.isAbove(before, 3)
      const large = "x".repeat(4000)
      assert.deepStrictEqual(yield* failure(sql.withTransaction(Effect.andThen(add(sql, "y"), add(sql, large)))), full)
      assert.deepStrictEqual(yield* failure(sql.batch([add(sql, "y"), add(sql, large)])), full)
      assert.strictEqual((yield* names(sql)).length, before)
      yield* sql`PRAGMA max_page_count = 2000`
      yield* sql.withTransaction(add(sql, large))
      yield* add(sql, large)
      assert.strictEqual((yield* names(sql)).length, before + 2)
    }))

  it.effect("ends the whole transaction, also where the program goes on", () =>
    Effect.gen(function*() {
      const sql = yield* withTable(openTemporary())
      yield* sql`PRAGMA max_page_count = 20`
      const rolledBack = "the database has rolled this transaction back: nothing of it was kept"
      const outcome = yield* Effect.flip(sql.withTransaction(Effect.gen(function*() {
        yield* add(sql, "before")
        yield* sql.withTransaction(Effect.exit(add(sql, "x".repeat(200_000))))
        assert.strictEqual((yield* failure(add(sql, "after"))).message, rolledBack)
      })))
      assert.strictEqual(outcome.message, rolledBack)
      assert.deepStrictEqual(yield* names(sql), [])
      yield* sql.withTransaction(add(sql, "next"))
      assert.deepStrictEqual(yield* names(sql), ["next"])
    }))

  // A real one: the operating system refuses to let the file grow.
  it.live.skipIf(process.platform === "win32")(
    "of the operating system loses nothing that was acknowledged",
    () =>
      Effect.gen(function*() {
        const file = yield* temporaryFile
        const child = yield* nodeAfter("trap '' XFSZ; ulimit -S -f 400", "insertUntilFull.ts", file)
        const full = JSON.parse((yield* child.line)!)
        assert.strictEqual(full.reason, "UnknownError")
        assert.match(full.message, /^(no room left for|reading or writing) .*test\.db/)
        assert.match(full.messageInTransaction, /^(no room left for|reading or writing) .*test\.db/)
        assert.isAbove(full.acknowledged, 5)
        assert.strictEqual(full.found, full.acknowledged)
        const raised = yield* Effect.promise(() => raiseFileLimit(child.child.pid!))
        if (raised) {
          assert.deepStrictEqual(JSON.parse((yield* child.ask("go on"))!), { found: full.found + 2 })
        }
        yield* child.kill
        const sql = yield* open(file)
        assert.deepStrictEqual(yield* sql`PRAGMA integrity_check`, [{ integrity_check: "ok" }])
        assert.deepStrictEqual(yield* sql`SELECT count(*) AS n FROM test`, [{ n: full.found + (raised ? 2 : 0) }])
      })
  )
})

describe("a killed process", () => {
  for (const synchronous of ["FULL", "NORMAL"]) {
    it.live(`has lost nothing that was acknowledged, at ${synchronous}`, () =>
      Effect.gen(function*() {
        const file = yield* temporaryFile
        const child = yield* node("insertForever.ts", file, synchronous)
        let last = 0
        while (last < 5) last = Number(yield* child.line)
        yield* Effect.map(child.line, (line) => void (last = Number(line))).pipe(
          Effect.forever,
          Effect.timeoutOption("300 millis")
        )
        yield* child.kill
        const sql = yield* open(file)
        const rows = yield* sql<{ readonly n: number }>`SELECT n FROM test`
        const found = new Set(rows.map((row) => row.n))
        assert.isAtLeast(last, 5)
        for (let n = 1; n <= last; n++) assert.isTrue(found.has(n), `${n} of ${last}`)
        for (const n of found) assert.isTrue(n % 3 !== 0 || found.has(-n), `${n} came without its other half`)
        assert.deepStrictEqual(yield* sql`PRAGMA integrity_check`, [{ integrity_check: "ok" }])
      }))
  }

  it.live("whose last write is torn has lost that write only", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const child = yield* peer(file)
      yield* child.ask("PRAGMA journal_mode = WAL")
      yield* child.ask("PRAGMA wal_autocheckpoint = 0")
      yield* child.ask("CREATE TABLE test (name TEXT)")
      for (let i = 0; i < 10; i++) assert.strictEqual(yield* child.ask(`INSERT INTO test VALUES ('${i}')`), "ok")
      yield* child.kill
      const log = openSync(`${file}-wal`, "r+")
      ftruncateSync(log, statSync(`${file}-wal`).size - 100)
      closeSync(log)
      const sql = yield* open(file)
      assert.deepStrictEqual(yield* names(sql), ["0", "1", "2", "3", "4", "5", "6", "7", "8"])
      yield* add(sql, "next")
      assert.strictEqual((yield* names(sql)).length, 10)
      assert.deepStrictEqual(yield* sql`PRAGMA integrity_check`, [{ integrity_check: "ok" }])
    }))
})

describe("a path that cannot be opened gives one line that names it and says what to do", () => {
  const oneLine = (message: string, path: string) => {
    assert.notInclude(message, "\n")
    assert.include(message, path)
    return message
  }

  it.effect("a file that is not a database stays as it is", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      for (const content of ["short", "# A Markdown file\n".repeat(500)]) {
        writeFileSync(file, content)
        const { message, reason } = yield* failure(open(file))
        assert.strictEqual(reason, "ConnectionError")
        assert.strictEqual(
          oneLine(message, file),
          `${file} is not a SQLite database: give another path, or move that file away`
        )
        assert.strictEqual(readFileSync(file, "utf8"), content)
      }
    }))

  it.effect("a damaged database", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const scope = yield* Scope.make()
      const sql = yield* withTable(open(file)).pipe(Scope.provide(scope))
      yield* sql.batch(Array.from({ length: 200 }, (_, i) => add(sql, `${i} ${"x".repeat(100)}`)))
      yield* Scope.close(scope, Exit.void)
      const bytes = readFileSync(file)
      bytes.fill(0xff, 4096, 16384)
      writeFileSync(file, bytes)
      const damaged = yield* open(file)
      const { message } = yield* failure(names(damaged))
      assert.match(oneLine(message, file), /is damaged \(database disk image is malformed\): restore it from a copy$/)
      assert.match((yield* failure(Stream.runDrain(damaged`SELECT * FROM test`.stream))).message, /is damaged/)
    }))

  it.effect("a missing folder, a folder, a file as a folder", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      writeFileSync(join(folder, "file"), "")
      for (const path of [join(folder, "missing/test.db"), folder, join(folder, "file/test.db")]) {
        const { message, reason } = yield* failure(open(path))
        assert.strictEqual(reason, "ConnectionError")
        assert.match(oneLine(message, path), /^cannot open .* create the folder, or give the path of a file$/)
      }
    }))

  it.effect("a url of the wrong kind", () =>
    Effect.gen(function*() {
      const messageOf = (url: string) => Effect.map(failure(open(url)), (_) => _.message)
      assert.match(yield* messageOf("postgres://user:secret@host/db"), /^a database url cannot start with "postgres:"/)
      assert.match(yield* messageOf(""), /^the database url is empty/)
      assert.match(yield* messageOf("file://host/a.db"), /^a file url has no host/)
      assert.match(yield* messageOf("file:a.db?mode=ro"), /^a file url takes no query/)
      assert.match(yield* messageOf("file:%zz"), /^the file url is not well encoded/)
      assert.match(yield* messageOf("a\0b"), /NUL/)
      assert.match(yield* messageOf("file:a%00b"), /NUL/)
    }))

  it.live.skipIf(process.platform === "win32")(
    "a folder or a file that may not be written",
    () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        chmodSync(folder, 0o755)
        const readonly = join(folder, "readonly")
        mkdirSync(readonly)
        const scope = yield* Scope.make()
        yield* withTable(open(join(readonly, "test.db"))).pipe(Scope.provide(scope))
        yield* Scope.close(scope, Exit.void)
        chmodSync(join(readonly, "test.db"), 0o444)
        chmodSync(readonly, 0o555)
        const answer = (path: string) =>
          Effect.flatMap(node("openAsNobody.ts", path), (child) => Effect.map(child.line, (line) => line ?? "nothing"))
        assert.match(
          oneLine(yield* answer(join(readonly, "new.db")), readonly),
          /^ConnectionError: cannot open .* closed to this user/
        )
        assert.match(
          oneLine(yield* answer(join(readonly, "test.db")), readonly),
          /^AuthorizationError: cannot write to .*: the file, its folder or this client is read-only; allow writing there/
        )
        chmodSync(readonly, 0o755)
      })
  )
})

/** Lifts the limit on file sizes of a running process, where the system has a command for that. */
const raiseFileLimit = async (pid: number): Promise<boolean> => {
  const { spawnSync } = await import("node:child_process")
  return spawnSync("prlimit", ["--pid", String(pid), "--fsize=unlimited:unlimited"]).status === 0
}
