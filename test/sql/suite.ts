/**
 * What every database behind a `LibsqlClient` has to do: the behaviours that
 * the drivers of `effect/sql` are tested for.
 */
import { assert, layer as withLayer } from "@effect/vitest"
import * as Arr from "effect/Array"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import * as SqlResolver from "effect/sql/SqlResolver"
import * as Stream from "effect/Stream"
import * as LibsqlClient from "opbus/sql/LibsqlClient"
import { failure } from "./support.ts"

type Client = LibsqlClient.LibsqlClient

let tables = 0

/** A client and the name of a table that nobody else uses. */
const fresh = Effect.gen(function*() {
  const sql = yield* LibsqlClient.LibsqlClient
  const name = `test${tables++}`
  const table = sql(name)
  yield* sql`CREATE TABLE ${table} (id INTEGER PRIMARY KEY, name TEXT UNIQUE, size INTEGER CHECK (size >= 0))`
  const add = (value: string) => sql`INSERT INTO ${table} (name) VALUES (${value})`
  const names = Effect.map(
    sql<{ readonly name: string }>`SELECT name FROM ${table} ORDER BY id`,
    (rows) => rows.map((row) => row.name)
  )
  return { sql, name, table, add, names }
})

export const suite = <E>(name: string, layer: Layer.Layer<Client | SqlClient.SqlClient, E>) =>
  withLayer(layer, { timeout: "30 seconds" })(name, (it) => {
    // === statements

    it.effect("a statement returns its rows, and none if it has none", () =>
      Effect.gen(function*() {
        const { sql, table } = yield* fresh
        assert.deepStrictEqual(yield* sql`INSERT INTO ${table} (name) VALUES ('hello')`, [])
        assert.deepStrictEqual(yield* sql`SELECT id, name FROM ${table}`, [{ id: 1, name: "hello" }])
        assert.deepStrictEqual(yield* sql`INSERT INTO ${table} (name) VALUES ('world') RETURNING id`, [{ id: 2 }])
        assert.deepStrictEqual(yield* sql`SELECT id FROM ${table} WHERE name = ${"nobody"}`, [])
      }))

    it.effect("values and valuesUnprepared return rows as arrays", () =>
      Effect.gen(function*() {
        const { add, sql, table } = yield* fresh
        yield* add("hello")
        assert.deepStrictEqual(yield* sql`SELECT id, name FROM ${table}`.values, [[1, "hello"]])
        assert.deepStrictEqual(yield* sql`SELECT id, name FROM ${table}`.valuesUnprepared, [[1, "hello"]])
        assert.deepStrictEqual(yield* sql`SELECT id, name FROM ${table}`.unprepared, [{ id: 1, name: "hello" }])
        assert.deepStrictEqual(yield* sql`DELETE FROM ${table}`.values, [])
      }))

    it.effect("raw says what a statement did", () =>
      Effect.gen(function*() {
        const { sql, table } = yield* fresh
        assert.deepStrictEqual(yield* sql`INSERT INTO ${table} (name) VALUES ('a'), ('b')`.raw, {
          columns: [],
          rows: [],
          rowsAffected: 2,
          lastInsertRowid: 2n
        })
        assert.deepStrictEqual(yield* sql`SELECT id, name FROM ${table} WHERE id = 2`.raw, {
          columns: ["id", "name"],
          rows: [[2, "b"]],
          rowsAffected: 0,
          lastInsertRowid: undefined
        })
      }))

    it.effect("insert, update, in, and, or build what they say", () =>
      Effect.gen(function*() {
        const { names, sql, table } = yield* fresh
        yield* sql`INSERT INTO ${table} ${sql.insert([{ name: "a", size: 1 }, { name: "b", size: 2 }])}`
        yield* sql`UPDATE ${table} SET ${sql.update({ name: "c", size: 3 }, ["size"])} WHERE name = ${"b"}`
        assert.deepStrictEqual(yield* names, ["a", "c"])
        assert.deepStrictEqual(
          yield* sql`SELECT name FROM ${table} WHERE ${
            sql.and([sql.in("name", ["a", "c"]), sql.or([sql`size = ${1}`, sql`size = ${9}`])])
          }`,
          [{ name: "a" }]
        )
        assert.strictEqual(sql.onDialectOrElse({ sqlite: () => "sqlite", orElse: () => "other" }), "sqlite")
      }))

    // === values

    it.effect("values come back as they were given", () =>
      Effect.gen(function*() {
        const { name, sql } = yield* fresh
        const table = sql(`${name}_values`)
        yield* sql`CREATE TABLE ${table} (value)`
        const roundTrip = (value: unknown) =>
          Effect.map(
            sql<{ value: unknown }>`INSERT INTO ${table} VALUES (${value}) RETURNING value`,
            (rows) => rows[0]!.value
          )
        for (const value of [null, "", "läßt grüßen 🎈", 0, -1.5, 2 ** 53 - 1, 1e300, "x".repeat(100_000)]) {
          assert.strictEqual(yield* roundTrip(value), value)
        }
        assert.strictEqual(yield* roundTrip(12n), 12)
        assert.strictEqual(yield* roundTrip(true), 1)
        assert.strictEqual(yield* roundTrip(false), 0)
        assert.strictEqual(yield* roundTrip(new Date(1234)), 1234)
        for (const bytes of [new Uint8Array([]), new Uint8Array([0, 1, 255]), new Uint8Array([9, 1, 2]).subarray(1)]) {
          assert.deepStrictEqual(yield* roundTrip(bytes), Uint8Array.from(bytes))
        }
        assert.deepStrictEqual(yield* roundTrip(new Uint8Array([1, 2]).buffer), new Uint8Array([1, 2]))
      }))

    it.effect("JSON goes in as text and is read by SQL", () =>
      Effect.gen(function*() {
        const sql = yield* LibsqlClient.LibsqlClient
        const json = JSON.stringify({ a: [1, { b: "two\u0000" }] })
        assert.deepStrictEqual(
          yield* sql`SELECT json_extract(${json}, '$.a[0]') AS first, ${json} AS whole`,
          [{ first: 1, whole: json }]
        )
      }))

    it.effect("a value that cannot be stored faithfully is refused with its position", () =>
      Effect.gen(function*() {
        const sql = yield* LibsqlClient.LibsqlClient
        const refused = (value: unknown) => Effect.map(failure(sql`SELECT ${1}, ${value}`), (_) => _.message)
        assert.match(yield* refused(undefined), /^SQL parameter 2 is undefined: give a string/)
        assert.match(yield* refused({ a: 1 }), /^SQL parameter 2 is of type object/)
        assert.match(yield* refused(Symbol("s")), /^SQL parameter 2 is of type symbol/)
        assert.match(yield* refused(NaN), /^SQL parameter 2 is NaN/)
        assert.match(yield* refused(Infinity), /^SQL parameter 2 is Infinity/)
        assert.match(yield* refused(2n ** 63n), /^SQL parameter 2 does not fit 64 bits/)
        assert.match(yield* refused(new Date(NaN)), /^SQL parameter 2 is NaN/)
        assert.match(yield* refused("cut\0off"), /^SQL parameter 2 is text with a NUL character/)
      }))

    it.effect("an integer that no number holds fails, and comes as a bigint where bigints are asked for", () =>
      Effect.gen(function*() {
        const sql = yield* LibsqlClient.LibsqlClient
        const big = 2n ** 53n + 1n
        assert.match((yield* failure(sql`SELECT ${big} AS n`)).message, /^the integer 9007199254740993 does not fit/)
        assert.deepStrictEqual(
          yield* sql`SELECT ${big} AS n, 1 AS one`.pipe(Effect.provideService(SqlClient.SafeIntegers, true)),
          [{ n: big, one: 1n }]
        )
        assert.strictEqual((yield* Effect.exit(sql`SELECT ${big} AS n`.values))._tag, "Failure")
        assert.deepStrictEqual(yield* sql`SELECT ${2 ** 60} AS real`, [{ real: 2 ** 60 }])
      }))

    // === failures

    it.effect("a broken constraint is a typed error with its reason", () =>
      Effect.gen(function*() {
        const { add, name, sql, table } = yield* fresh
        yield* add("taken")
        const unique = yield* Effect.flip(add("taken"))
        assert(unique.reason._tag === "UniqueViolation")
        assert.strictEqual(unique.reason.constraint, `${name}.name`)
        assert.strictEqual(unique.message, `UNIQUE constraint failed: ${name}.name`)
        assert.isFalse(unique.isRetryable)
        const primary = yield* Effect.flip(sql`INSERT INTO ${table} (id) VALUES (1)`)
        assert(primary.reason._tag === "UniqueViolation")
        assert.strictEqual(primary.reason.constraint, `${name}.id`)

        assert.deepStrictEqual(yield* failure(sql`UPDATE ${table} SET size = -1`), {
          reason: "ConstraintError",
          message: "CHECK constraint failed: size >= 0"
        })
        const child = sql(`${name}_child`)
        yield* sql`CREATE TABLE ${child} (parent INTEGER NOT NULL REFERENCES ${table} (id))`
        assert.deepStrictEqual(yield* failure(sql`INSERT INTO ${child} VALUES (7)`), {
          reason: "ConstraintError",
          message: "FOREIGN KEY constraint failed"
        })
        assert.deepStrictEqual(yield* failure(sql`INSERT INTO ${child} VALUES (NULL)`), {
          reason: "ConstraintError",
          message: `NOT NULL constraint failed: ${name}_child.parent`
        })
      }))

    it.effect("a statement that makes no sense is a typed error", () =>
      Effect.gen(function*() {
        const sql = yield* LibsqlClient.LibsqlClient
        assert.strictEqual((yield* failure(sql`SELEKT 1`)).reason, "SqlSyntaxError")
        assert.deepStrictEqual(yield* failure(sql`SELECT * FROM nowhere`), {
          reason: "SqlSyntaxError",
          message: "no such table: nowhere"
        })
        assert.match((yield* failure(sql`SELECT absent`)).message, /^no such column: absent/)
      }))

    it.effect("a text that is not one statement is refused, and none of it runs", () =>
      Effect.gen(function*() {
        const { names, sql, table } = yield* fresh
        const several = sql`INSERT INTO ${table} (name) VALUES ('a'); INSERT INTO ${table} (name) VALUES ('b')`
        assert.strictEqual((yield* failure(several)).reason, "SqlSyntaxError")
        assert.strictEqual((yield* failure(sql` -- nothing`)).message, "the SQL text holds no statement")
        assert.deepStrictEqual(yield* names, [])
        assert.deepStrictEqual(yield* sql`SELECT ';' AS text; -- the end`, [{ text: ";" }])
      }))

    it.effect("BEGIN outside of withTransaction is refused, because it would begin nothing", () =>
      Effect.gen(function*() {
        const sql = yield* LibsqlClient.LibsqlClient
        for (const statement of ["BEGIN", "begin immediate", "COMMIT", "ROLLBACK", "SAVEPOINT a"]) {
          assert.match((yield* failure(sql.unsafe(statement))).message, /use withTransaction$/)
        }
      }))

    // === transactions

    it.effect("withTransaction commits", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        assert.strictEqual(yield* sql.withTransaction(Effect.as(add("a"), "done")), "done")
        assert.deepStrictEqual(yield* names, ["a"])
      }))

    it.effect("withTransaction rolls back on a failure, a defect and an interruption", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        const endings = [Effect.fail("boom"), Effect.die("boom"), Effect.interrupt]
        for (const [i, ending] of endings.entries()) {
          const exit = yield* Effect.exit(sql.withTransaction(Effect.andThen(add(`lost ${i}`), ending)))
          assert.isTrue(Exit.isFailure(exit))
        }
        assert.deepStrictEqual(yield* names, [])
        yield* sql.withTransaction(add("kept"))
        assert.deepStrictEqual(yield* names, ["kept"])
      }))

    it.effect("interrupting a fiber inside a transaction rolls back", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        const inside = yield* Deferred.make<void>()
        const fiber = yield* add("lost").pipe(
          Effect.andThen(Deferred.succeed(inside, undefined)),
          Effect.andThen(Effect.never),
          sql.withTransaction,
          Effect.forkChild
        )
        yield* Deferred.await(inside)
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(yield* names, [])
        yield* sql.withTransaction(add("next"))
        assert.deepStrictEqual(yield* names, ["next"])
      }))

    it.effect("a failed statement leaves its transaction usable", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* add("a")
          assert.strictEqual((yield* failure(add("a"))).reason, "UniqueViolation")
          yield* add("b")
        }))
        assert.deepStrictEqual(yield* names, ["a", "b"])
      }))

    it.effect("a nested transaction commits with the outer one", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        yield* sql.withTransaction(Effect.andThen(add("outer"), sql.withTransaction(add("inner"))))
        assert.deepStrictEqual(yield* names, ["outer", "inner"])
      }))

    it.effect("a nested transaction rolls back alone", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        const failing = (name: string) => Effect.exit(sql.withTransaction(Effect.andThen(add(name), Effect.fail("no"))))
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* add("a")
          yield* failing("lost")
          yield* sql.withTransaction(Effect.andThen(add("b"), failing("lost deeper")))
          yield* add("c")
        }))
        assert.deepStrictEqual(yield* names, ["a", "b", "c"])
      }))

    it.effect("an outer rollback undoes what a nested transaction had committed", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        const exit = yield* Effect.exit(
          sql.withTransaction(Effect.andThen(sql.withTransaction(add("inner")), Effect.fail("no")))
        )
        assert.isTrue(Exit.isFailure(exit))
        assert.deepStrictEqual(yield* names, [])
      }))

    it.effect("withoutTransforms shares the transaction", () =>
      Effect.gen(function*() {
        const { add, names, sql, table } = yield* fresh
        const plain = sql.withoutTransforms()
        assert.strictEqual(plain.transactionService, sql.transactionService)
        yield* Effect.exit(
          sql.withTransaction(
            Effect.andThen(add("lost"), plain`INSERT INTO ${table} (name) VALUES ('too')`).pipe(
              Effect.andThen(Effect.fail("no"))
            )
          )
        )
        assert.deepStrictEqual(yield* names, [])
      }))

    it.effect("transactions of many fibers take turns", () =>
      Effect.gen(function*() {
        const { sql, table } = yield* fresh
        yield* sql`INSERT INTO ${table} (id, size) VALUES (1, 0)`
        const increment = sql.withTransaction(Effect.gen(function*() {
          const [row] = yield* sql<{ readonly size: number }>`SELECT size FROM ${table} WHERE id = 1`
          yield* Effect.yieldNow
          yield* sql`UPDATE ${table} SET size = ${row!.size + 1} WHERE id = 1`
        }))
        yield* Effect.all(Array.from({ length: 20 }, () => increment), { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* sql`SELECT size FROM ${table}`, [{ size: 20 }])
      }))

    it.effect("afterCommit runs after a commit, and not after a rollback", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        const seen: Array<ReadonlyArray<string>> = []
        const look = sql.afterCommit(Effect.orDie(Effect.map(names, (names) => void seen.push(names))))
        yield* Effect.exit(sql.withTransaction(Effect.andThen(look, Effect.fail("no"))))
        yield* sql.withTransaction(Effect.andThen(look, add("a")))
        assert.deepStrictEqual(seen, [["a"]])
      }))

    it.effect("a statement that comes after the end of its transaction is refused", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        let late: Effect.Effect<unknown, SqlError.SqlError> = Effect.void
        yield* sql.withTransaction(Effect.gen(function*() {
          const context = yield* Effect.context<never>()
          late = Effect.provideContext(add("late"), context)
        }))
        assert.isTrue(Exit.isFailure(yield* Effect.exit(late)))
        assert.deepStrictEqual(yield* names, [])
      }))

    // === batches

    it.effect("a batch runs its statements in order and returns the rows of each", () =>
      Effect.gen(function*() {
        const { add, sql, table } = yield* fresh
        const [first, counted] = yield* sql.batch([
          add("a"),
          sql<{ readonly n: number }>`SELECT count(*) AS n FROM ${table}`,
          add("b")
        ])
        assert.deepStrictEqual(first, [])
        assert.strictEqual(counted[0]!.n, 1)
        assert.deepStrictEqual(yield* sql.batch([]), [])
      }))

    it.effect("a batch that fails leaves nothing behind", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        assert.strictEqual((yield* failure(sql.batch([add("a"), add("b"), add("a")]))).reason, "UniqueViolation")
        assert.deepStrictEqual(yield* names, [])
      }))

    it.effect("a batch inside a transaction belongs to it, and still fails as one", () =>
      Effect.gen(function*() {
        const { add, names, sql } = yield* fresh
        yield* sql.withTransaction(Effect.gen(function*() {
          yield* sql.batch([add("a"), add("b")])
          yield* Effect.flip(sql.batch([add("c"), add("a")]))
          yield* add("d")
        }))
        assert.deepStrictEqual(yield* names, ["a", "b", "d"])
        yield* Effect.exit(sql.withTransaction(Effect.andThen(sql.batch([add("e")]), Effect.fail("no"))))
        assert.deepStrictEqual(yield* names, ["a", "b", "d"])
      }))

    // === streams

    it.effect("a stream gives all rows in order, and can stop early", () =>
      Effect.gen(function*() {
        const { sql } = yield* fresh
        const numbers = sql<{ readonly n: number }>`
          WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 1000) SELECT n FROM c`.stream
        const all = yield* Stream.runCollect(numbers)
        assert.deepStrictEqual(all.map((row) => row.n), Array.from({ length: 1000 }, (_, i) => i + 1))
        assert.strictEqual((yield* Stream.runCollect(Stream.take(numbers, 3))).length, 3)
        assert.deepStrictEqual(yield* Stream.runCollect(sql`SELECT 1 AS n WHERE 0`.stream), [])
        assert.strictEqual(
          (yield* failure(Stream.runDrain(sql`SELECT * FROM nowhere`.stream))).reason,
          "SqlSyntaxError"
        )
      }))

    it.effect("a stream inside a transaction sees what the transaction has written", () =>
      Effect.gen(function*() {
        const { add, sql, table } = yield* fresh
        const rows = yield* sql.withTransaction(
          Effect.andThen(add("a"), Stream.runCollect(sql`SELECT name FROM ${table}`.stream))
        )
        assert.deepStrictEqual(rows, [{ name: "a" }])
      }))

    it.effect("rows can be written while a stream is read", () =>
      Effect.gen(function*() {
        const { add, names, sql, table } = yield* fresh
        yield* sql.batch(Array.from({ length: 600 }, (_, i) => add(`row ${i}`)))
        yield* sql<{ readonly id: number }>`SELECT id FROM ${table} ORDER BY id`.stream.pipe(
          Stream.filter(({ id }) => id % 100 === 0),
          Stream.runForEach(({ id }) => sql`UPDATE ${table} SET name = ${`seen ${id}`} WHERE id = ${id}`)
        )
        assert.strictEqual((yield* names).filter((name) => name.startsWith("seen")).length, 6)
      }))

    // === resolvers

    it.effect("resolvers batch their requests", () =>
      Effect.gen(function*() {
        const { add, sql, table } = yield* fresh
        yield* Effect.forEach(["a", "b", "c"], add)
        const batches: Array<ReadonlyArray<unknown>> = []
        const FindById = SqlResolver.findById({
          Id: Schema.Number,
          Result: Schema.Struct({ id: Schema.Number, name: Schema.String }),
          ResultId: (result) => result.id,
          execute: (ids) => {
            batches.push(ids)
            return sql`SELECT id, name FROM ${table} WHERE id IN ${sql.in(ids)}`
          }
        })
        const find = SqlResolver.request(FindById)
        assert.deepStrictEqual(
          yield* Effect.all([find(1), find(3), Effect.flip(find(9))], { concurrency: "unbounded" }),
          [{ id: 1, name: "a" }, { id: 3, name: "c" }, new Cause.NoSuchElementError()]
        )
        assert.deepStrictEqual(batches, [[1, 3, 9]])

        const Insert = SqlResolver.ordered({
          Request: Schema.String,
          Result: Schema.Struct({ id: Schema.Number, name: Schema.String }),
          execute: (names) =>
            sql`INSERT INTO ${table} ${sql.insert(Arr.map(names, (name) => ({ name })))} RETURNING id, name`
        })
        const insert = SqlResolver.request(Insert)
        assert.deepStrictEqual(
          yield* Effect.all([insert("d"), insert("e")], { concurrency: "unbounded" }),
          [{ id: 4, name: "d" }, { id: 5, name: "e" }]
        )
      }))
  })
