import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import type * as Schema from "effect/Schema"
import * as fs from "node:fs"
import * as path from "node:path"
import { HealthMonitor } from "opbus/native/HealthMonitor"
import { OrmExecute } from "opbus/native/modules/orm/OrmExecute"
import { OrmOpen } from "opbus/native/modules/orm/OrmOpen"
import { OrmHandlers, OrmService } from "opbus/native/modules/orm/OrmService"
import { PressureDispatcher } from "opbus/native/PressureDispatcher"
import { isServiceUnavailable } from "opbus/native/ServiceUnavailable"
import { OperationInvoker } from "opbus/operation/OperationInvoker"
import { OperationRegistry } from "opbus/operation/OperationRegistry"
import { Database } from "../../../../src/native/modules/orm/internal/database.ts"
import { healthLine, recordEvents, systemOn, temporaryFolder, writeFiles, writeMemory } from "../support.ts"

const layerOf = (config: Schema.Json) => OrmService.layerTypeScript({ config }).pipe(Layer.provide(NodeServices.layer))

const make = (config: Schema.Json = {}) =>
  Effect.map(Layer.build(layerOf(config)), (context) => Context.get(context, OrmService))

type Orm = Effect.Success<ReturnType<typeof make>>

const run = (orm: Orm, sql: string, params: ReadonlyArray<Schema.Json> = [], database = "main") =>
  orm.commands.execute({ database, sql, params })

const rows = (orm: Orm, sql: string, params: ReadonlyArray<Schema.Json> = [], database = "main") =>
  Effect.map(run(orm, sql, params, database), ({ rows }) => rows)

const outcome = <A, E extends { readonly _tag: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.match(effect, {
    onFailure: (error) => isServiceUnavailable(error) ? `${error._tag}: ${error.reason}` : error._tag,
    onSuccess: () => "ok"
  })

const opened = (orm: Orm) =>
  Effect.map(orm.commands.stats({}), ({ databases }) => databases.filter(({ open }) => open).map(({ name }) => name))

const migrations = {
  "1_create_notes": ["create table notes (id integer primary key, text text not null)"],
  "2_index_notes": ["create index notes_by_text on notes (text)", "insert into notes (text) values ('first')"]
}

const bytesOf = (file: string): number => fs.existsSync(file) ? fs.statSync(file).size : 0

describe("orm", () => {
  describe("statements", () => {
    it.effect("give rows as JSON: whole numbers whole, large ones as text, bytes as base64", () =>
      Effect.gen(function*() {
        const orm = yield* make()
        const [row] = yield* rows(
          orm,
          "select ? as a, ? as b, ? as c, ? as d, typeof(?) as e, x'00ff' as f, 9007199254740993 as g, 9e999 as h",
          [1, 2.5, true, null, 3]
        )
        assert.deepStrictEqual(row, {
          a: 1,
          b: 2.5,
          c: 1,
          d: null,
          e: "integer",
          f: "AP8=",
          g: "9007199254740993",
          h: "Infinity"
        })
        yield* run(orm, "create table t (x)")
        const changed = yield* run(orm, "insert into t values (1), (2), (3)")
        assert.deepStrictEqual(changed, { rows: [], changes: 3 })
        const returned = yield* rows(orm, "update t set x = x + ? returning x", [10])
        assert.deepStrictEqual(returned, [{ x: 11 }, { x: 12 }, { x: 13 }])
      }))

    it.effect("that the database refuses are typed failures that say of what kind", () =>
      Effect.gen(function*() {
        const orm = yield* make()
        yield* run(orm, "create table t (x unique)")
        yield* run(orm, "insert into t values (1)")
        const kind = (sql: string, params: ReadonlyArray<Schema.Json> = []) =>
          Effect.match(run(orm, sql, params), {
            onFailure: (error) => error._tag === "DatabaseFailed" ? error.kind : error._tag,
            onSuccess: () => "ok"
          })
        assert.strictEqual(yield* kind("insert into t values (1)"), "constraint")
        assert.strictEqual(yield* kind("selec 1"), "other", "a word that is no statement is not run at all")
        assert.strictEqual(yield* kind("select nothing from nowhere"), "syntax")
        assert.strictEqual(yield* kind("select 1; select 2"), "syntax")
        assert.strictEqual(yield* kind("select ?", [[1]]), "other")
        for (
          const sql of [
            "begin",
            "pragma query_only = 0",
            "attach 'x.db' as x",
            "vacuum into 'copy.db'",
            "create temp table y (x)"
          ]
        ) {
          assert.strictEqual(yield* kind(sql), "other", sql)
        }
        assert.strictEqual(yield* outcome(run(orm, "select 1", [], "nobody")), "DatabaseNotFound")
      }))

    it.effect("that return too much fail, and change nothing", () =>
      Effect.gen(function*() {
        const orm = yield* make({ rows: 3 })
        yield* run(orm, "create table t (x)")
        yield* run(orm, "insert into t values (1), (2), (3), (4)")
        assert.strictEqual(yield* outcome(run(orm, "select x from t limit 3")), "ok")
        const failure = yield* Effect.flip(run(orm, "select x from t"))
        assert.strictEqual(failure._tag === "ResultTooLarge" ? failure.limit : failure._tag, 3)
        assert.strictEqual(yield* outcome(run(orm, "update t set x = 0 returning x")), "ResultTooLarge")
        assert.deepStrictEqual(yield* rows(orm, "select sum(x) as sum from t"), [{ sum: 10 }])
      }))
  })

  describe("databases", () => {
    it.effect("are files by their names, brought up to date once, and there again in the next process", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        yield* Effect.scoped(Effect.gen(function*() {
          const orm = yield* make({ folder, migrations })
          const { database } = yield* orm.commands.openCommand({ name: "other" })
          assert.deepStrictEqual(database, {
            name: "other",
            file: "other.db",
            isDefault: false,
            open: true,
            migrations: 2,
            statements: 0,
            failures: 0
          })
          yield* run(orm, "insert into notes (text) values ('second')", [], "other")
        }))
        assert.isTrue(fs.existsSync(path.join(folder, "other.db")))
        const orm = yield* make({ folder, migrations })
        yield* orm.commands.openCommand({ name: "other" })
        assert.deepStrictEqual(yield* rows(orm, "select text from notes order by id", [], "other"), [
          { text: "first" },
          { text: "second" }
        ])
      }))

    it.effect("are closed by name; the default one is not; there are only so many", () =>
      Effect.gen(function*() {
        const orm = yield* make({ databases: 2 })
        yield* orm.commands.openCommand({ name: "a" })
        assert.strictEqual(yield* outcome(orm.commands.openCommand({ name: "b" })), "TooManyDatabases")
        assert.deepStrictEqual(yield* orm.commands.close({ name: "a" }), { closed: true })
        assert.deepStrictEqual(yield* orm.commands.close({ name: "a" }), { closed: false })
        assert.strictEqual(yield* outcome(orm.commands.close({ name: "main" })), "DefaultDatabase")
        assert.strictEqual(yield* outcome(orm.commands.openCommand({ name: "b" })), "ok")
      }))

    it.effect("whose file is none, and migrations that are wrong, are typed failures", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        writeFiles(folder, { "garbage.db": "this is not a database, but it is long enough to look at it".repeat(200) })
        const orm = yield* make({ folder })
        const failure = yield* Effect.flip(orm.commands.openCommand({ name: "garbage" }))
        assert.strictEqual(failure._tag === "DatabaseFailed" ? failure.kind : failure._tag, "connection")
        assert.deepStrictEqual(yield* opened(orm), ["main"], "a name without a database is not known")
        const wrong = yield* Effect.flip(make({ migrations: { "1_wrong": ["creat table x"] } }))
        assert.match(wrong.message, /default database.*1_wrong|default database/)
        for (const config of [{ folder: "" }, { rows: 0 }, { other: 1 }, { folder: "/nowhere/at/all" }]) {
          assert.strictEqual((yield* Effect.flip(make(config))).reason, "Refused", JSON.stringify(config))
        }
      }))
  })

  describe("pressure", () => {
    it.effect("warning: the log grows and is not folded into the file; normal: it is again", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const orm = yield* make({ folder })
        const [file, log] = [path.join(folder, "main.db"), path.join(folder, "main.db-wal")]
        const page = "x".repeat(4000)
        /** Some 8 MB: twice as much as the log holds before it is folded into the file. */
        const fill = Effect.forEach(
          Array.from({ length: 20 }),
          () =>
            run(
              orm,
              "insert into t select ? from (with recursive n(i) as (select 1 union all select i + 1 from n where i < 100) select i from n)",
              [page]
            ),
          { discard: true }
        )
        yield* run(orm, "create table t (x)")
        yield* orm.managed.pressureResponse("warning")
        const before = bytesOf(file)
        yield* fill
        assert.strictEqual(bytesOf(file), before, "nothing was folded in")
        assert.isAtLeast(bytesOf(log), 8_000_000)
        assert.isFalse((yield* orm.commands.stats({})).checkpoints)
        yield* orm.managed.pressureResponse("normal")
        assert.isTrue((yield* orm.commands.stats({})).checkpoints)
        yield* fill
        assert.isAtLeast(bytesOf(file), 8_000_000)
      }))

    it.effect("high: handles that nobody uses are closed, and opened again by the next statement", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const orm = yield* make({ folder, migrations })
        for (const name of ["a", "b"]) yield* orm.commands.openCommand({ name })
        yield* run(orm, "insert into notes (text) values ('kept')", [], "a")
        yield* orm.managed.pressureResponse("high")
        assert.deepStrictEqual(yield* opened(orm), ["main"])
        assert.deepStrictEqual(yield* rows(orm, "select count(*) as n from notes", [], "a"), [{ n: 2 }])
        assert.deepStrictEqual(yield* opened(orm), ["a", "main"])
      }))

    it.effect("high: a handle that is in use is closed when the last one who uses it is done", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const database = new Database("a", { folder, default: "main", migrations, databases: 1, rows: 10 }, "normal")
        yield* database.open
        const [entered, first, second] = [
          yield* Deferred.make<void>(),
          yield* Deferred.make<void>(),
          yield* Deferred.make<void>()
        ]
        const useUntil = (done: Deferred.Deferred<void>) =>
          database.use((client) =>
            Deferred.succeed(entered, undefined).pipe(
              Effect.andThen(Deferred.await(done)),
              Effect.andThen(client.unsafe("insert into notes (text) values ('late')"))
            )
          )
        const one = yield* Effect.forkChild(useUntil(first), { startImmediately: true })
        const two = yield* Effect.forkChild(useUntil(second), { startImmediately: true })
        yield* Deferred.await(entered)
        yield* database.close
        assert.isTrue(database.isOpen)
        yield* Deferred.succeed(first, undefined)
        yield* Fiber.join(one)
        assert.isTrue(database.isOpen, "somebody else still uses it")
        yield* Deferred.succeed(second, undefined)
        yield* Fiber.join(two)
        assert.isFalse(database.isOpen)
      }))

    it.effect("critical: reads go on, writes are refused with a typed failure", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const orm = yield* make({ folder, migrations })
        yield* orm.managed.pressureResponse("critical")
        assert.deepStrictEqual(yield* rows(orm, "select text from notes"), [{ text: "first" }])
        const failure = yield* Effect.flip(run(orm, "insert into notes (text) values ('x')"))
        assert.strictEqual(failure._tag === "ReadOnlyNow" ? failure.level : failure._tag, "critical")
        // What looks like a read to whoever reads the text only is stopped by the database.
        const hidden = yield* Effect.flip(run(orm, "with x as (select 1) delete from notes"))
        assert.include(["ReadOnlyNow", "DatabaseFailed"], hidden._tag)
        assert.strictEqual(yield* outcome(orm.commands.openCommand({ name: "new" })), "ReadOnlyNow")
        assert.isTrue((yield* orm.commands.stats({})).readOnly)
        yield* orm.managed.pressureResponse("normal")
        assert.strictEqual(yield* outcome(run(orm, "insert into notes (text) values ('x')")), "ok")
      }))

    it.effect("critical: the database itself writes nothing, whatever a statement looks like; healing still can", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const settings = { folder, default: "main", migrations, databases: 1, rows: 10 }
        const database = new Database("main", settings, "critical")
        const insert = database.use((client) => client.unsafe("insert into notes (text) values ('x')"))
        yield* database.reconnect
        assert.match(String((yield* Effect.flip(insert)).reason), /readonly|read-only|write/i)
        yield* database.respond("normal")
        yield* insert
        yield* database.respond("critical")
        assert.match(String((yield* Effect.flip(insert)).reason), /readonly|read-only|write/i)
        yield* database.close
      }))

    it.effect("shedding load closes all but the default database", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const orm = yield* make({ folder })
        for (const name of ["a", "b"]) yield* orm.commands.openCommand({ name })
        yield* orm.managed.shedLoad
        assert.deepStrictEqual(yield* opened(orm), ["main"])
        assert.strictEqual(yield* outcome(run(orm, "select 1", [], "a")), "ok")
      }))
  })

  describe("health", () => {
    it.effect("a file that somebody removes makes it unhealthy; healing reconnects and runs the migrations", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const orm = yield* make({ folder, migrations })
        yield* orm.commands.openCommand({ name: "other" })
        assert.strictEqual(yield* healthLine(orm.managed), "Healthy")
        for (const file of fs.readdirSync(folder)) {
          if (file.startsWith("other")) fs.rmSync(path.join(folder, file))
        }
        assert.strictEqual(yield* healthLine(orm.managed), "Unhealthy: other: its file is gone")
        assert.isTrue(yield* orm.managed.heal)
        assert.strictEqual(yield* healthLine(orm.managed), "Healthy")
        assert.deepStrictEqual(yield* rows(orm, "select text from notes", [], "other"), [{ text: "first" }])
      }))

    it.effect("a file that is damaged under it makes it unhealthy, and cannot be healed while it is", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const orm = yield* make({ folder, migrations })
        for (const file of fs.readdirSync(folder)) fs.rmSync(path.join(folder, file))
        writeFiles(folder, { "main.db": "this is not a database, but it is long enough to look at it".repeat(200) })
        assert.isFalse(yield* orm.managed.heal)
        assert.match(yield* healthLine(orm.managed), /^Unhealthy: main: /)
        assert.strictEqual(yield* outcome(run(orm, "select 1")), "DatabaseFailed")
        fs.rmSync(path.join(folder, "main.db"))
        assert.isTrue(yield* orm.managed.heal)
        assert.strictEqual(yield* healthLine(orm.managed), "Healthy")
      }))

    it.effect("what is only in memory survives healing", () =>
      Effect.gen(function*() {
        const orm = yield* make()
        yield* run(orm, "create table t (x)")
        assert.isTrue(yield* orm.managed.heal)
        assert.strictEqual(yield* outcome(run(orm, "select x from t")), "ok")
      }))
  })

  describe("its managed side", () => {
    it.effect("shows figures, and takes parameters that make sense", () =>
      Effect.gen(function*() {
        const orm = yield* make()
        const { metrics, parameters } = orm.managed
        yield* run(orm, "select 1")
        yield* Effect.ignore(run(orm, "select x from nowhere"))
        assert.deepStrictEqual(yield* metrics, { databases: 1, open: 1, statements: 2, failures: 1 })
        assert.deepStrictEqual((yield* parameters.list).map(({ name }) => name), ["databases", "rows"])
        yield* parameters.set("rows", 1)
        assert.strictEqual(yield* parameters.get("rows"), 1)
        assert.strictEqual(yield* outcome(run(orm, "select 1 union select 2")), "ResultTooLarge")
        const refused = (name: string, value: Schema.Json) =>
          Effect.map(Effect.flip(parameters.set(name, value)), ({ message }) => message)
        assert.strictEqual(yield* refused("rows", 0), "rows is a whole number from 1 to 1000000")
        assert.strictEqual(yield* refused("toString", 1), "orm has no parameter \"toString\"")
      }))

    it.effect("a call after its shutdown is a typed failure", () =>
      Effect.gen(function*() {
        const orm = yield* make()
        yield* orm.managed.shutdown
        const { commands, managed } = orm
        const calls: ReadonlyArray<Effect.Effect<unknown, { readonly _tag: string }>> = [
          run(orm, "select 1"),
          commands.openCommand({ name: "a" }),
          commands.close({ name: "a" }),
          commands.stats({}),
          managed.health,
          managed.heal,
          managed.shedLoad,
          managed.pressureResponse("high"),
          managed.metrics
        ]
        for (const call of calls) assert.strictEqual(yield* outcome(call), "ServiceUnavailable: Shutdown")
      }))

    it.live("looked after: each level in order, reads while memory is critical, and escalation", () =>
      Effect.gen(function*() {
        const folder = yield* temporaryFolder
        const memory = yield* temporaryFolder
        writeMemory(memory, 100)
        const heal = { attempts: 2, backoff: Schedule.spaced("5 millis") }
        const application = OrmHandlers.pipe(
          Layer.provideMerge(layerOf({ folder, migrations })),
          Layer.provideMerge(systemOn(memory, { heal })),
          Layer.provideMerge(OperationInvoker.layer),
          Layer.provideMerge(OperationRegistry.layer)
        )
        yield* Effect.gen(function*() {
          const events = yield* recordEvents
          const orm = yield* OrmService
          const { check } = yield* PressureDispatcher
          const { poll } = yield* HealthMonitor
          const execute = (sql: string) => outcome(OrmExecute.invoke({ database: "main", sql, params: [] }))
          const seen: Array<unknown> = []
          for (const usedMb of [100, 760, 860, 960, 100]) {
            yield* outcome(OrmOpen.invoke({ name: "other" }))
            writeMemory(memory, usedMb)
            seen.push([
              yield* check,
              yield* execute("select 1"),
              yield* execute("insert into notes (text) values ('x')"),
              yield* outcome(OrmOpen.invoke({ name: "new" })),
              (yield* orm.commands.stats({})).checkpoints
            ])
            yield* orm.commands.close({ name: "new" })
          }
          assert.deepStrictEqual(seen, [
            ["normal", "ok", "ok", "ok", true],
            ["warning", "ok", "ok", "ok", false],
            ["high", "ok", "ok", "ok", false],
            ["critical", "ok", "ReadOnlyNow", "ServiceUnavailable: Pressure", false],
            ["normal", "ok", "ok", "ok", true]
          ])
          yield* orm.commands.close({ name: "other" })
          for (const file of fs.readdirSync(folder)) fs.rmSync(path.join(folder, file))
          fs.mkdirSync(path.join(folder, "main.db"))
          yield* orm.managed.heal
          const { services } = yield* poll
          assert.deepStrictEqual(services.map(({ health }) => health._tag), ["Unhealthy"])
          yield* Effect.repeat(Effect.sleep(1), {
            until: () => events.some(({ _tag }) => _tag === "system.service.escalated")
          })
          assert.strictEqual(yield* execute("select 1"), "ServiceUnavailable: Escalated")
        }).pipe(Effect.provide(application))
      }))
  })
})
