import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Schema, Scope } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { TestClock } from "effect/testing"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import * as path from "node:path"
import { HistoryStore, HistoryTracker, invoke, Operation, OperationInvoker, UndoMapping } from "opbus"
import { type HistoryStoreBackend, HistoryStoreError } from "opbus/history/HistoryStore"
import { SqlHistoryStore } from "opbus/history/SqlHistoryStore"
import { LibsqlClient } from "opbus/sql"
import { appOn, as, bus, cells, Create, Erase, put, reasonOf, stacks, World, write } from "./kit.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(path.join(tmpdir(), "opbus-history-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

const client = (file: string) => LibsqlClient.layer({ url: file, synchronous: "NORMAL" })

/** One process: built on a file, closed with its scope. The world outlives it, as an application's data would. */
const process = (file: string, world: World["Service"], store = SqlHistoryStore.layer) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const app = appOn(store, {}, Layer.succeed(World, world)).pipe(Layer.provideMerge(client(file)))
    const context = yield* Layer.buildWithScope(Layer.fresh(app), scope)
    return {
      run: <A, E>(effect: Effect.Effect<A, E, Layer.Success<typeof app>>): Effect.Effect<A, E> =>
        Effect.provideContext(effect, context),
      context,
      close: Scope.close(scope, Exit.void)
    }
  })

const newWorld = (): World["Service"] => ({ cells: new Map(), log: [], faults: new Map() })

const rows = (file: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    return yield* sql<
      { id: string; status: string; content: string }
    >`SELECT id, status, content FROM opbus_history_entry ORDER BY change`
  }).pipe(Effect.provide(Layer.fresh(client(file))), Effect.scoped) as Effect.Effect<
    ReadonlyArray<{ id: string; status: string; content: string }>,
    SqlError.SqlError
  >

describe("SqlHistoryStore", () => {
  it.live("H10: entries survive a restart, live and undone, and can be undone and redone", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const world = newWorld()
      const first = yield* process(file, world)
      yield* first.run(Effect.gen(function*() {
        yield* write("a/1", "1")
        yield* HistoryTracker.group("both")(Effect.andThen(write("a/2", "2"), write("b/2", "2")))
        yield* as("bob")(write("c/1", "1"))
        yield* invoke(Create, { title: "Milk" })
        yield* HistoryTracker.undo
      }))
      yield* first.close
      const second = yield* process(file, world)
      yield* second.run(Effect.gen(function*() {
        assert.deepStrictEqual(yield* stacks, { live: ["a/1=1", "both"], undone: ["note.create"] })
        assert.deepStrictEqual((yield* as("bob")(stacks)).live, ["c/1=1"])
        const [, both] = yield* HistoryTracker.entries
        assert.deepStrictEqual([both!.scopes, both!.groupId, both!.steps.length], [["a", "b"], both!.id, 2])
        yield* HistoryTracker.undo
        yield* HistoryTracker.redo
        yield* HistoryTracker.redo
        assert.strictEqual(Object.values(yield* cells).includes("Milk"), true)
        yield* HistoryTracker.undo
        yield* HistoryTracker.undo
        yield* HistoryTracker.undo
        assert.deepStrictEqual(yield* cells, { "c/1": "1" })
      }))
      yield* second.close
    }).pipe(Effect.scoped))

  it.live("H10: the entry is in the file when invoke has returned", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const first = yield* process(file, newWorld())
      yield* first.run(write("a/1", "1"))
      assert.deepStrictEqual((yield* rows(file)).map(({ status }) => status), ["live"])
      yield* first.run(put("p", "1"))
      yield* first.run(HistoryTracker.flush)
      assert.strictEqual((yield* rows(file)).length, 2)
      // Earlier ones first.
      yield* first.run(Effect.andThen(put("p", "2"), write("a/2", "2")))
      assert.strictEqual((yield* rows(file)).length, 4)
      yield* first.close
    }).pipe(Effect.scoped))

  it.live("H10: entries of synchronous operations are written behind, also before the end of the process", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const first = yield* process(file, newWorld())
      const run = Effect.runSyncWith(first.context)
      for (let i = 1; i <= 5; i++) run(put("p", String(i)))
      run(HistoryTracker.undo)
      assert.strictEqual(run(HistoryTracker.state).undoCount, 4)
      yield* first.close
      assert.deepStrictEqual((yield* rows(file)).map(({ status }) => status).sort(), [
        "live",
        "live",
        "live",
        "live",
        "undone"
      ])
    }).pipe(Effect.scoped))

  it.live("H10: a new action, clear and invalidate are remembered", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const world = newWorld()
      const first = yield* process(file, world)
      yield* first.run(Effect.gen(function*() {
        yield* write("a/1", "1")
        yield* write("a/2", "2")
        yield* write("a/3", "3")
        yield* HistoryTracker.undo
        yield* write("a/4", "4")
        yield* HistoryTracker.invalidate({ touches: "a/2" })
        yield* as("bob")(Effect.andThen(write("b/1", "1"), HistoryTracker.clear))
      }))
      yield* first.close
      const second = yield* process(file, world)
      assert.deepStrictEqual(yield* second.run(stacks), { live: ["a/1=1", "a/4=4"], undone: [] })
      assert.strictEqual((yield* second.run(HistoryTracker.allEntries)).length, 2)
      yield* second.close
    }).pipe(Effect.scoped))

  it.live("H10: an open group of a dead process is an entry, and an open transaction is rolled back", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const world = newWorld()
      yield* diesInside(file, world, (body) => HistoryTracker.group("group")(body), "a")
      yield* diesInside(file, world, (body) => HistoryTracker.transaction("transaction")(body), "b")
      assert.deepStrictEqual((yield* rows(file)).map(({ status }) => status), ["open", "transaction"])
      assert.strictEqual(world.cells.size, 4)
      const next = yield* process(file, world, alone)
      yield* next.run(Effect.gen(function*() {
        yield* HistoryTracker.flush
        assert.deepStrictEqual(yield* cells, { "a/1": "1", "a/2": "2" })
        assert.deepStrictEqual((yield* stacks).live, ["group"])
        yield* HistoryTracker.undo
        assert.deepStrictEqual(yield* cells, {})
      }))
      yield* next.close
      const last = yield* process(file, world, alone)
      assert.deepStrictEqual(yield* last.run(stacks), { live: [], undone: ["group"] })
      yield* last.close
    }).pipe(Effect.scoped))

  it.live("H10: what of an open transaction cannot be rolled back is reported and stays as an entry", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const world = newWorld()
      yield* diesInside(file, world, (body) => HistoryTracker.transaction("transaction")(body), "b")
      world.faults.set("write", "fail")
      const next = yield* process(file, world, alone)
      yield* next.run(Effect.gen(function*() {
        yield* HistoryTracker.flush
        assert.deepStrictEqual((yield* HistoryTracker.state).problems.map(({ kind }) => kind), ["Rollback"])
        assert.deepStrictEqual((yield* HistoryTracker.entries).map(({ message, partial }) => [message, partial]), [[
          "transaction",
          true
        ]])
        yield* HistoryTracker.undo
        assert.deepStrictEqual(yield* cells, {})
      }))
      yield* next.close
    }).pipe(Effect.scoped))

  it.live("H10: an undo that was cut short makes its entry uncertain, and runs again only if that is idempotent", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const world = newWorld()
      const first = yield* process(file, world)
      yield* first.run(write("a/1", "1"))
      yield* first.run(write("b/1", "1"))
      yield* first.run(invoke(Erase, { cell: "b/1" }))
      yield* first.close
      // The inverse of `Erase` is idempotent, that of `write` is not.
      for (const [actor, fault] of [["erase", "restore"], ["write", "write"]] as const) {
        const dying = yield* process(file, world)
        world.faults.set(fault, "never")
        const undo = yield* Effect.forkDetach(dying.run(HistoryTracker.undo))
        yield* until(() => !world.faults.has(fault))
        assert.strictEqual((yield* rows(file)).filter(({ status }) => status === "undoing").length, 1, actor)
        void undo
        const next = yield* process(file, world, alone)
        yield* next.run(Effect.gen(function*() {
          const uncertain = (yield* HistoryTracker.entries).filter((entry) => entry.uncertain)
          assert.deepStrictEqual(uncertain.map(({ key }) => key), [`cell.${actor}`])
          assert.strictEqual((yield* HistoryTracker.state).problems[0]!.kind, "Uncertain")
          if (actor === "erase") {
            yield* HistoryTracker.undo
            assert.deepStrictEqual((yield* stacks).undone, ["cell.erase"])
          } else {
            // Passed over: what is older can be undone.
            assert.strictEqual((yield* HistoryTracker.undo).message, "a/1=1")
            assert.strictEqual((yield* reasonOf(HistoryTracker.undo))._tag, "NotUndoable")
          }
        }))
        yield* next.close
      }
    }).pipe(Effect.scoped))

  it.live("H10: a group whose undo was cut short is split where it had come to", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const world = newWorld()
      const dying = yield* process(file, world)
      yield* dying.run(HistoryTracker.group("g")(Effect.all([write("a/1", "1"), write("a/2", "2"), write("a/3", "3")])))
      const { observe } = yield* dying.run(OperationInvoker)
      yield* Effect.provideService(
        observe((event) => {
          if (event._tag === "Succeeded" && event.origin === "undo") world.faults.set("write", "never")
        }),
        Scope.Scope,
        yield* Scope.make()
      )
      yield* Effect.forkDetach(dying.run(HistoryTracker.undo))
      yield* until(() => !world.cells.has("a/3") && !world.faults.has("write"))
      const next = yield* process(file, world, alone)
      yield* next.run(Effect.gen(function*() {
        const entries = yield* HistoryTracker.entries
        assert.deepStrictEqual(
          entries.map(({ message, status, steps, uncertain }) => [message, status, steps.length, uncertain]).sort(),
          [["g", "live", 2, true], ["g", "undone", 1, false]]
        )
        yield* HistoryTracker.redo
        assert.deepStrictEqual(yield* cells, { "a/1": "1", "a/2": "2", "a/3": "3" })
      }))
      yield* next.close
    }).pipe(Effect.scoped))

  it.live("H10: a handler and its entry are committed in one transaction", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const Add = Operation.make({
        meta: { key: "row.add" },
        input: Schema.Struct({ name: Schema.String, how: Schema.String }),
        output: Schema.Struct({ ok: Schema.Boolean })
      })
      const Remove = Operation.make({ meta: { key: "row.remove" }, input: Schema.Struct({ name: Schema.String }) })
      const plugin = Layer.mergeAll(
        Add.toLayer(Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          return Effect.fnUntraced(function*({ how, name }) {
            yield* Effect.orDie(sql`INSERT INTO app (name) VALUES (${name})`)
            if (how === "die") return yield* Effect.die("no")
            return (how === "invalid" ? {} : { ok: true }) as { readonly ok: boolean }
          })
        })),
        Remove.toLayer(Effect.map(SqlClient.SqlClient, (sql) => ({ name }) =>
          Effect.asVoid(Effect.orDie(sql`DELETE FROM app WHERE name = ${name}`)))),
        UndoMapping.make({ operation: Add, inverse: Remove, deriveContext: ({ name }) => ({ name }) }).toLayer,
        Layer.effectDiscard(SqlClient.SqlClient.use((sql) =>
          Effect.orDie(sql`CREATE TABLE IF NOT EXISTS app (name TEXT)`)
        ))
      )
      const app = plugin.pipe(
        Layer.provideMerge(HistoryTracker.layerStore),
        Layer.provide(SqlHistoryStore.layerWith({ joinTransaction: true })),
        Layer.provideMerge(bus),
        Layer.provideMerge(client(file))
      )
      yield* Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        const seen: Array<unknown> = []
        const { observe } = yield* OperationInvoker
        yield* observe((event) =>
          void seen.push(event._tag)
        )
        const names = Effect.map(sql<{ name: string }>`SELECT name FROM app`, (rows) => rows.map(({ name }) => name))
        yield* invoke(Add, { name: "one", how: "ok" })
        for (const how of ["die", "invalid"]) {
          assert.isTrue(Exit.isFailure(yield* Effect.exit(invoke(Add, { name: how, how }))))
        }
        assert.deepStrictEqual(yield* names, ["one"])
        assert.strictEqual((yield* HistoryTracker.entries).length, 1)
        assert.deepStrictEqual(seen, ["Started", "Succeeded", "Started", "Failed", "Started", "Failed"])
        // The entry cannot be written: neither is the row, and the invocation fails.
        yield* sql`ALTER TABLE opbus_history_entry RENAME TO elsewhere`
        assert.isTrue(Exit.isFailure(yield* Effect.exit(invoke(Add, { name: "two", how: "ok" }))))
        assert.deepStrictEqual(seen.slice(-2), ["Started", "Failed"])
        yield* sql`ALTER TABLE elsewhere RENAME TO opbus_history_entry`
        assert.deepStrictEqual(yield* names, ["one"])
        assert.strictEqual((yield* HistoryTracker.entries).length, 1)
        yield* Effect.all([invoke(Add, { name: "x", how: "ok" }), invoke(Add, { name: "y", how: "ok" })], {
          concurrency: "unbounded"
        })
        yield* HistoryTracker.undo
        yield* HistoryTracker.undo
        yield* HistoryTracker.undo
        assert.deepStrictEqual(yield* names, [])
      }).pipe(Effect.scoped, Effect.provide(app))
    }).pipe(Effect.scoped))

  it.live("an invocation inside a transaction of the same client does not wait for its end", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const first = yield* process(file, newWorld())
      yield* first.run(Effect.gen(function*() {
        const sql = yield* SqlClient.SqlClient
        yield* sql.withTransaction(Effect.andThen(write("a/1", "1"), write("a/2", "2")))
        yield* HistoryTracker.flush
      }))
      assert.strictEqual((yield* rows(file)).length, 2)
      yield* first.close
    }).pipe(Effect.scoped))

  it.live("two living processes neither lose nor repeat each other's entries", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const world = newWorld()
      const one = yield* process(file, world)
      const two = yield* process(file, world)
      // What starts within one millisecond in two processes has no order.
      yield* Effect.andThen(one.run(write("a/1", "1")), Effect.sleep(2))
      yield* Effect.andThen(two.run(write("a/2", "2")), Effect.sleep(2))
      yield* one.run(write("a/3", "3"))
      assert.deepStrictEqual((yield* two.run(stacks)).live, ["a/1=1", "a/2=2", "a/3=3"])
      assert.strictEqual((yield* two.run(HistoryTracker.undo)).message, "a/3=3")
      assert.strictEqual((yield* one.run(HistoryTracker.undo)).message, "a/2=2")
      assert.deepStrictEqual(yield* one.run(stacks), { live: ["a/1=1"], undone: ["a/2=2", "a/3=3"] })
      assert.strictEqual((yield* one.run(HistoryTracker.redo)).message, "a/2=2")
      // At the same time: never the same one twice.
      yield* two.run(write("a/4", "4"))
      const undone = yield* Effect.all([
        one.run(HistoryTracker.undo),
        two.run(HistoryTracker.undo),
        one.run(HistoryTracker.undo)
      ], {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(undone.map(({ message }) => message).sort(), ["a/1=1", "a/2=2", "a/4=4"])
      assert.deepStrictEqual(world.cells.size, 0)
      yield* one.close
      yield* two.close
    }).pipe(Effect.scoped))

  it.live("a group that is open in a living process is left alone", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const world = newWorld()
      const one = yield* process(file, world)
      yield* one.run(
        HistoryTracker.transaction("t")(Effect.gen(function*() {
          yield* write("a/1", "1")
          const two = yield* process(file, world)
          yield* two.run(HistoryTracker.flush)
          assert.deepStrictEqual(yield* two.run(stacks), { live: [], undone: [] })
          assert.strictEqual(world.cells.size, 1)
          yield* two.close
          yield* write("a/2", "2")
        }))
      )
      assert.deepStrictEqual((yield* one.run(stacks)).live, ["t"])
      yield* one.close
    }).pipe(Effect.scoped))

  it.live("I8: what may hold something sensitive never gets into the store", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const secret = Schema.String.pipe(Operation.sensitive)
      const SetPassword = Operation.make({ meta: { key: "password.set" }, input: Schema.Struct({ password: secret }) })
      const plugin = Layer.merge(
        SetPassword.toLayer(() => Effect.void),
        UndoMapping.make({
          operation: SetPassword,
          inverse: SetPassword,
          deriveContext: () => ({ password: "hunter1" })
        }).toLayer
      )
      const store = SqlHistoryStore.layer.pipe(Layer.provide(client(file)))
      yield* Effect.gen(function*() {
        yield* write("a/1", "1")
        yield* invoke(SetPassword, { password: "hunter2" })
        yield* HistoryTracker.group("g")(
          Effect.andThen(write("a/2", "2"), invoke(SetPassword, { password: "hunter3" }))
        )
        yield* HistoryTracker.undo
        yield* HistoryTracker.redo
        assert.strictEqual((yield* HistoryTracker.entries).length, 3)
        yield* HistoryTracker.flush
      }).pipe(Effect.provide(plugin.pipe(Layer.provideMerge(appOn(store)))))
      const stored = yield* rows(file)
      assert.deepStrictEqual(stored.filter(({ status }) => status !== "removed").length, 1)
      assert.notInclude(JSON.stringify(stored), "hunter")
    }).pipe(Effect.scoped))

  it.live("tables of two histories share a file", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "h.db")
      const world = newWorld()
      const one = yield* process(file, world)
      const two = yield* process(file, world, SqlHistoryStore.layerWith({ prefix: "other_" }))
      yield* one.run(write("a/1", "1"))
      yield* two.run(write("a/2", "2"))
      assert.deepStrictEqual((yield* one.run(stacks)).live, ["a/1=1"])
      assert.deepStrictEqual((yield* two.run(stacks)).live, ["a/2=2"])
      yield* one.close
      yield* two.close
    }).pipe(Effect.scoped))
})

describe("a store that fails", () => {
  /** A store in memory that can be switched off. */
  const switched = Layer.effect(
    HistoryStore,
    Effect.map(HistoryStore, ({ backend }) => {
      const guard = <A>(effect: Effect.Effect<A, HistoryStoreError>) =>
        Effect.suspend(() =>
          failing ? Effect.fail(new HistoryStoreError({ message: "no space left on device" })) : effect
        )
      const wrapped: HistoryStoreBackend = {
        ...backend,
        changes: (cursor, owner) => guard(backend.changes(cursor, owner)),
        write: (batch) => guard(backend.write(batch)),
        claim: (claim) => guard(backend.claim(claim))
      }
      return HistoryStore.make(wrapped)
    })
  ).pipe(Layer.provideMerge(HistoryStore.layerMemory))
  let failing = false

  it.effect("H10: never fails an invocation; the state tells, and it recovers by itself", () =>
    Effect.gen(function*() {
      failing = false
      yield* write("a/1", "1")
      failing = true
      yield* write("a/2", "2")
      yield* put("p", "1")
      yield* write("a/3", "3")
      const state = yield* HistoryTracker.state
      assert.strictEqual(state.storeError, "no space left on device")
      assert.strictEqual(state.pendingWrites, 3)
      // A minute.
      for (let i = 0; i < 12; i++) yield* TestClock.adjust("5 seconds")
      assert.strictEqual((yield* reasonOf(HistoryTracker.flush))._tag, "StoreFailed")
      // Undo and redo work meanwhile.
      yield* HistoryTracker.undo
      yield* HistoryTracker.redo
      yield* HistoryTracker.group("g")(write("a/4", "4"))
      failing = false
      yield* TestClock.adjust("5 seconds")
      const after = yield* HistoryTracker.state
      assert.deepStrictEqual([after.storeError, after.pendingWrites], [undefined, 0])
      yield* HistoryTracker.flush
      const { backend } = yield* HistoryStore
      const { entries } = yield* backend.changes(0, "")
      assert.deepStrictEqual(entries.map(({ status }) => status), ["live", "live", "live", "live", "live"])
    }).pipe(Effect.provide(appOn(switched).pipe(Layer.provideMerge(switched)))))

  it.effect("H10: flush tries at once", () =>
    Effect.gen(function*() {
      failing = true
      yield* write("a/1", "1")
      failing = false
      yield* HistoryTracker.flush
      assert.strictEqual((yield* HistoryTracker.state).storeError, undefined)
    }).pipe(Effect.provide(appOn(switched))))

  it.effect("H10: a store that cannot be read at the start is read later", () =>
    Effect.gen(function*() {
      assert.isDefined((yield* HistoryTracker.state).storeError)
      yield* write("a/1", "1")
      failing = false
      yield* HistoryTracker.flush
      assert.strictEqual((yield* HistoryTracker.state).storeError, undefined)
      assert.deepStrictEqual((yield* stacks).live, ["a/1=1"])
    }).pipe(Effect.provide(Layer.unwrap(Effect.sync(() => {
      failing = true
      return appOn(switched)
    })))))

  it.effect("a slow store is waited for by whoever was first, together", () =>
    Effect.gen(function*() {
      let writes = 0
      const slow = Layer.effect(
        HistoryStore,
        Effect.map(HistoryStore, ({ backend }) =>
          HistoryStore.make({
            ...backend,
            write: (batch) =>
              Effect.andThen(Effect.sleep("1 second"), Effect.suspend(() => (writes++, backend.write(batch))))
          }))
      ).pipe(Layer.provide(HistoryStore.layerMemory))
      yield* Effect.gen(function*() {
        const all = yield* Effect.forkChild(
          Effect.forEach(Array.from({ length: 64 }, (_, i) => i), (i) => write(`a/${i}`, "1"), {
            concurrency: "unbounded"
          })
        )
        yield* TestClock.adjust("1 second")
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(all)
        assert.strictEqual(writes, 2)
      }).pipe(Effect.provide(appOn(slow)))
    }))
})

/** A store that takes everybody else for dead: the trackers of these tests do not really die. */
const alone = Layer.effect(
  HistoryStore,
  Effect.map(HistoryStore, ({ backend }) => HistoryStore.make({ ...backend, isAlive: () => false }))
).pipe(Layer.provide(SqlHistoryStore.layer))

const until = (condition: () => boolean) =>
  Effect.callback<void>((resume) => {
    const timer = setInterval(() => {
      if (!condition()) return
      clearInterval(timer)
      resume(Effect.void)
    }, 2)
  })

/** Writes two cells inside, and is never heard of again. */
const diesInside = (
  file: string,
  world: World["Service"],
  around: (
    body: Effect.Effect<unknown, unknown, OperationInvoker>
  ) => Effect.Effect<unknown, unknown, OperationInvoker | HistoryTracker>,
  name: string
) =>
  Effect.gen(function*() {
    const dying = yield* process(file, world)
    yield* Effect.forkDetach(
      dying.run(around(Effect.andThen(write(`${name}/1`, "1"), Effect.andThen(write(`${name}/2`, "2"), Effect.never))))
    )
    yield* until(() => world.cells.has(`${name}/2`))
    yield* Effect.sleep(20)
  })
