import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlClient from "effect/sql/SqlClient"
import * as LibsqlClient from "opbus/sql/LibsqlClient"
import * as Migrations from "opbus/sql/Migrations"
import { layerFile, node, open, temporaryFile } from "./support.ts"

const statement = (text: string) => Effect.flatMap(SqlClient.SqlClient, (sql) => sql.unsafe(text))

const first = { "1_create": statement("CREATE TABLE test (name TEXT)") }
const both = { ...first, "2_add": statement("ALTER TABLE test ADD COLUMN size INTEGER") }

const tables = Effect.flatMap(
  SqlClient.SqlClient,
  (sql) =>
    Effect.map(
      sql<{ readonly name: string }>`SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name`,
      (rows) => rows.map((row) => row.name)
    )
)

describe("Migrations", () => {
  it.effect("run what has not run yet, in the order of their numbers", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* Migrations.run({ table: "a", migrations: first }), [[1, "create"]])
      assert.deepStrictEqual(yield* Migrations.run({ table: "a", migrations: both }), [[2, "add"]])
      assert.deepStrictEqual(yield* Migrations.run({ table: "a", migrations: both }), [])
      yield* statement("INSERT INTO test (name, size) VALUES ('a', 1)")
    }).pipe(Effect.provide(layerFile())))

  it.effect("come as a layer", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* tables, ["a", "test"])
    }).pipe(Effect.provide(Layer.provideMerge(Migrations.layer({ table: "a", migrations: both }), layerFile()))))

  it.effect("of two libraries share one file", () =>
    Effect.gen(function*() {
      yield* Migrations.run({ table: "a", migrations: first })
      assert.deepStrictEqual(
        yield* Migrations.run({ table: "b", migrations: { "1_other": statement("CREATE TABLE other (n INTEGER)") } }),
        [[1, "other"]]
      )
      assert.deepStrictEqual(yield* tables, ["a", "b", "other", "test"])
    }).pipe(Effect.provide(layerFile())))

  it.effect("that fail undo everything and say why", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(
        Migrations.run({ table: "a", migrations: { ...first, "2_wrong": statement("CREATE TABEL other (n INTEGER)") } })
      )
      assert.strictEqual(error._tag, "MigrationError")
      assert.strictEqual(error.message, `Migration "2_wrong" failed: near "TABEL": syntax error`)
      assert.deepStrictEqual(yield* tables, ["a"])
      assert.deepStrictEqual(yield* Migrations.run({ table: "a", migrations: first }), [[1, "create"]])
    }).pipe(Effect.provide(layerFile())))

  it.effect("without a number are refused instead of left out", () =>
    Effect.gen(function*() {
      for (const name of ["create", "0_create", "1", "one_create"]) {
        const error = yield* Effect.flip(Migrations.run({ table: "a", migrations: { [name]: Effect.void } }))
        assert.strictEqual(
          error.message,
          `the migration "${name}" has no number: call it <number>_<words>, such as "1_create_notes"`
        )
      }
    }).pipe(Effect.provide(layerFile())))

  it.effect("fail with a typed error on a lock", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const holder = yield* open(file)
      const error = yield* holder.withTransaction(Effect.flip(
        Effect.provide(
          Migrations.run({ table: "a", migrations: first }),
          LibsqlClient.layer({ url: file, busyTimeout: 0 })
        )
      ))
      assert(error._tag === "SqlError")
      assert.strictEqual(error.reason._tag, "LockTimeoutError")
    }))

  it.live("of processes that start at once run once", () =>
    Effect.gen(function*() {
      const file = yield* temporaryFile
      const results = yield* Effect.all(
        Array.from({ length: 3 }, () => Effect.flatMap(node("migrate.ts", file), (child) => child.line)),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(results.toSorted(), ["0", "0", "1"])
      assert.deepStrictEqual(yield* (yield* open(file))`SELECT n FROM test`, [{ n: 1 }])
    }))
})
