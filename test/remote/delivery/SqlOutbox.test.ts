import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Schema, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { statSync } from "node:fs"
import { Operation, type OperationError } from "opbus/operation"
import { Outbox } from "opbus/remote/Outbox"
import { SqlOutbox, type SqlOutboxOptions } from "opbus/remote/SqlOutbox"
import { Add, client, databaseFile, OtherSide, process, Taken, unreachable } from "./kit.ts"

const reasonOf = (effect: Effect.Effect<unknown, unknown>) =>
  Effect.map(Effect.flip(effect), (error) => (error as OperationError).reason._tag)

const until = (condition: () => boolean) =>
  Effect.gen(function*() {
    for (let i = 0; i < 1_000 && !condition(); i++) yield* Effect.yieldNow
    assert.isTrue(condition(), "it does not come to that")
  })

/** A process that dies: nothing of it runs on, and nothing is given back. */
const killable = (file: string, other: OtherSide, options: SqlOutboxOptions = {}) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    // From a kill on no lease is given back.
    const deaf = Layer.effectDiscard(Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* Effect.orDie(sql`CREATE TRIGGER IF NOT EXISTS deaf BEFORE UPDATE OF owner ON opbus_outbox_lease
        WHEN NEW.owner = '' AND (SELECT count(*) FROM sqlite_master WHERE name = 'deafened') > 0
        BEGIN SELECT raise(IGNORE); END`)
    }))
    const layer = deaf.pipe(
      Layer.provideMerge(SqlOutbox.layer(options)),
      Layer.provide(other.layer),
      Layer.provideMerge(client(file))
    )
    const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
    const sql = Context.get(context, SqlClient.SqlClient)
    return {
      outbox: Context.get(context, Outbox),
      sql,
      kill: Effect.andThen(Effect.orDie(sql`CREATE TABLE IF NOT EXISTS deafened (n)`), Scope.close(scope, Exit.void))
    }
  })

const alive = { isAlive: () => true }

describe("SqlOutbox", () => {
  it.effect("R4: what was accepted is delivered after a restart, in order, and its receipt can be read again", () =>
    Effect.gen(function*() {
      const file = yield* databaseFile
      const other = new OtherSide()
      other.fault = ({ key }) => Effect.fail(unreachable(key))
      const first = yield* process(file, other)
      const receipts = yield* Effect.forEach(["a", "b", "c"], (title) => first.outbox.enqueue(Add, { title }))
      yield* first.close
      other.fault = () => Effect.void
      const second = yield* process(file, other)
      for (const [i, { id, idempotencyKey }] of receipts.entries()) {
        const receipt = yield* second.outbox.receipt(Add, id)
        assert.strictEqual(receipt.idempotencyKey, idempotencyKey)
        assert.strictEqual((yield* receipt.await).n, i + 1)
      }
      assert.deepStrictEqual(other.applied, ["a", "b", "c"])
      yield* second.close
      const third = yield* process(file, other)
      const [first1] = receipts
      assert.strictEqual((yield* (yield* third.outbox.receipt(Add, first1!.id)).await).n, 1)
      assert.strictEqual(other.deliveries.filter(({ title }) => title === "a").length, 2)
      yield* third.close
    }))

  it.effect("R4: dead letters and typed failures survive a restart, and can be tried again", () =>
    Effect.gen(function*() {
      const file = yield* databaseFile
      const other = new OtherSide()
      other.handle = ({ title }) => Effect.fail(new Taken({ title }))
      const first = yield* process(file, other)
      const { await: outcome, id } = yield* first.outbox.enqueue(Add, { title: "a" })
      yield* Effect.flip(outcome)
      yield* first.close
      other.handle = () => Effect.void
      const second = yield* process(file, other)
      const receipt = yield* second.outbox.receipt(Add, id)
      assert.instanceOf(yield* Effect.flip(receipt.await), Taken)
      assert.strictEqual((yield* second.outbox.deadLetters).length, 1)
      assert.isTrue(yield* second.outbox.retryDeadLetter(id))
      assert.strictEqual((yield* receipt.await).n, 1)
      yield* second.close
      const third = yield* process(file, other)
      assert.strictEqual((yield* (yield* third.outbox.receipt(Add, id)).await).n, 1)
      yield* third.close
    }))

  it.effect("R4: a call that was on its way when the process ended may have arrived, and is not taken back", () =>
    Effect.gen(function*() {
      const file = yield* databaseFile
      const other = new OtherSide()
      other.fault = () => Effect.never
      const first = yield* process(file, other)
      const [onItsWay, behind] = yield* Effect.forEach(["a", "b"], (title) => first.outbox.enqueue(Add, { title }))
      yield* until(() => other.deliveries.length === 1)
      yield* first.close
      const second = yield* process(file, other)
      assert.isFalse(yield* second.outbox.remove(onItsWay!.id))
      assert.isTrue(yield* second.outbox.remove(behind!.id))
      yield* second.close
    }))

  it.effect("R4: another process goes on within five seconds when the one that delivers has died", () =>
    Effect.gen(function*() {
      const file = yield* databaseFile
      const [mine, theirs] = [new OtherSide(), new OtherSide()]
      mine.fault = () => Effect.never
      const first = yield* killable(file, mine, alive)
      const second = yield* process(file, theirs, alive)
      const receipts = yield* Effect.forEach(["a", "b"], (title) => first.outbox.enqueue(Add, { title }))
      yield* until(() => mine.deliveries.length === 1)
      // It keeps the lease while the call is on its way.
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(theirs.deliveries, [])
      yield* first.kill
      const behind = yield* second.outbox.enqueue(Add, { title: "c" })
      yield* TestClock.adjust("5 seconds")
      yield* until(() => theirs.applied.length === 3)
      assert.deepStrictEqual(theirs.applied, ["a", "b", "c"])
      yield* behind.await
      for (const { id } of receipts) yield* (yield* second.outbox.receipt(Add, id)).await
      yield* second.close
    }))

  it.effect("R4: a process of which the system knows that it died is succeeded at once", () =>
    Effect.gen(function*() {
      const file = yield* databaseFile
      const other = new OtherSide()
      other.fault = () => Effect.never
      const first = yield* killable(file, other, alive)
      yield* first.outbox.enqueue(Add, { title: "a" })
      yield* until(() => other.deliveries.length === 1)
      yield* first.kill
      other.fault = () => Effect.void
      const second = yield* process(file, other, { isAlive: () => false })
      yield* until(() => other.applied.length === 1)
      yield* second.close
    }))

  it.effect("R4: several processes share a file: what any of them accepts is delivered by one, in order", () =>
    Effect.gen(function*() {
      const file = yield* databaseFile
      const other = new OtherSide()
      const processes = yield* Effect.forEach([1, 2, 3], () => process(file, other, alive))
      const receipts: Array<Effect.Effect<unknown, unknown>> = []
      const order: Array<string> = []
      for (let i = 0; i < 30; i++) {
        const { outbox } = processes[i % 3]!
        const receipt = yield* outbox.enqueue(Add, { title: `${i}` })
        order.push(`${i}`)
        receipts.push(receipt.await)
        if (i % 10 === 5) yield* TestClock.adjust("1 second")
      }
      const all = yield* Effect.forkChild(Effect.all(receipts, { concurrency: "unbounded" }))
      yield* TestClock.adjust("10 seconds")
      yield* Fiber.join(all)
      assert.deepStrictEqual(other.applied, order)
      assert.strictEqual(other.mostRunning, 1)
      for (const { close } of processes) yield* close
    }))

  it.effect("a process that has lost the lease stops delivering, and the other one has what it left", () =>
    Effect.gen(function*() {
      const file = yield* databaseFile
      const [mine, theirs] = [new OtherSide(), new OtherSide()]
      mine.fault = ({ key }) => Effect.fail(unreachable(key))
      const first = yield* process(file, mine, alive)
      const receipt = yield* first.outbox.enqueue(Add, { title: "a" })
      // Between its tries nothing is on its way: the lease lapses, and a process that can deliver takes it.
      yield* TestClock.adjust("1 minute")
      const second = yield* process(file, theirs, alive)
      const outcome = yield* Effect.forkChild(receipt.await)
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(theirs.applied, ["a"])
      const { n } = yield* Fiber.join(outcome)
      assert.strictEqual(n, 1)
      yield* first.close
      yield* second.close
    }))

  it.effect("R4: a call that kills each process that delivers it is a dead letter, and the others get through", () =>
    Effect.gen(function*() {
      const file = yield* databaseFile
      const other = new OtherSide()
      let died = yield* Deferred.make<void>()
      other.fault = ({ title }) =>
        title === "poison" ? Effect.andThen(Deferred.succeed(died, undefined), Effect.never) : Effect.void
      let lives = 0
      const options = { poisonAttempts: 2, isAlive: () => false }
      for (;; lives++) {
        died = yield* Deferred.make<void>()
        const { kill, outbox } = yield* killable(file, other, options)
        if (lives === 0) {
          yield* outbox.enqueue(Add, { title: "poison" }, { lane: "1" })
          yield* outbox.enqueue(Add, { title: "behind" }, { lane: "1" })
        }
        yield* outbox.enqueue(Add, { title: `elsewhere ${lives}` }, { lane: "2" })
        yield* until(() => other.applied.includes(`elsewhere ${lives}`))
        const dead = yield* outbox.deadLetters
        if (dead.length > 0) {
          yield* until(() => other.applied.includes("behind"))
          assert.deepStrictEqual(dead[0]!.reason, { _tag: "Poison" })
          yield* kill
          break
        }
        yield* until(() => Deferred.isDoneUnsafe(died))
        yield* kill
        assert.isBelow(lives, 8)
      }
      assert.strictEqual(lives, 4)
      assert.deepStrictEqual(other.deliveries.filter(({ title }) => title === "poison").length, 4)
    }))

  it.effect("calls that are accepted at the same time share a commit, and one alone does not wait", () =>
    Effect.gen(function*() {
      const file = yield* databaseFile
      const other = new OtherSide()
      other.fault = () => Effect.never
      const { close, outbox } = yield* process(file, other)
      yield* outbox.enqueue(Add, { title: "alone" })
      // A commit of its own would append at least two pages for each call.
      const pages = Effect.sync(() => statSync(`${file}-wal`).size / 4_096)
      const before = yield* pages
      yield* Effect.forEach(
        Array.from({ length: 64 }, (_, i) => `${i}`),
        (title) => outbox.enqueue(Add, { title }),
        { concurrency: "unbounded", discard: true }
      )
      assert.isBelow((yield* pages) - before, 30)
      assert.strictEqual((yield* outbox.pending).length, 65)
      yield* close
    }))

  it.effect("inside a transaction a call is accepted with it, and delivered when that is committed", () =>
    Effect.gen(function*() {
      const other = new OtherSide()
      const { close, context, outbox } = yield* process(yield* databaseFile, other)
      const sql = Context.get(context, SqlClient.SqlClient)
      const receipt = yield* sql.withTransaction(
        Effect.tap(outbox.enqueue(Add, { title: "kept" }), () =>
          Effect.andThen(
            Effect.yieldNow,
            Effect.sync(() => {
              assert.deepStrictEqual(other.deliveries, [])
            })
          ))
      )
      yield* until(() => other.applied.length === 1)
      yield* receipt.await
      let lost = ""
      yield* Effect.ignore(sql.withTransaction(Effect.flatMap(outbox.enqueue(Add, { title: "lost" }), ({ id }) => {
        lost = id
        return Effect.fail("on purpose")
      })))
      yield* (yield* outbox.enqueue(Add, { title: "later" })).await
      assert.deepStrictEqual(other.applied, ["kept", "later"])
      assert.notStrictEqual(lost, "")
      yield* close
    }))

  it.effect("I8: an input with sensitive fields is refused; an outcome with some is not stored", () =>
    Effect.gen(function*() {
      const Secret = Operation.sensitive(Schema.String)
      const Login = Operation.make({ meta: { key: "login" }, input: Schema.Struct({ password: Secret }) })
      const Token = Operation.make({
        meta: { key: "note.add" },
        input: Schema.Struct({ title: Schema.String }),
        output: Schema.Struct({ n: Schema.Int, at: Secret })
      })
      const file = yield* databaseFile
      const other = new OtherSide()
      const first = yield* process(file, other)
      const error = yield* Effect.flip(first.outbox.enqueue(Login, { password: "geheim" }))
      assert.strictEqual(error.reason._tag, "Denied")
      const receipt = yield* first.outbox.enqueue(Token, { title: "a" })
      assert.strictEqual((yield* receipt.await).at, "2026-11-21T00:00:00.000Z")
      const sql = Context.get(first.context, SqlClient.SqlClient)
      const rows = JSON.stringify(yield* sql`SELECT * FROM opbus_outbox_call`)
      assert.notInclude(rows, "2026-11-21T00")
      assert.notInclude(rows, "geheim")
      yield* first.close
      const second = yield* process(file, other)
      assert.strictEqual(yield* reasonOf((yield* second.outbox.receipt(Token, receipt.id)).await), "RemoteUnavailable")
      yield* second.close
    }))

  it.effect("a store that fails refuses calls and loses none: delivery goes on when it is well again", () =>
    Effect.gen(function*() {
      const other = new OtherSide()
      const { close, context, outbox } = yield* process(yield* databaseFile, other)
      const sql = Context.get(context, SqlClient.SqlClient)
      const gate = yield* Deferred.make<void>()
      other.fault = () => Deferred.await(gate)
      const receipt = yield* outbox.enqueue(Add, { title: "a" })
      yield* until(() => other.deliveries.length === 1)
      yield* sql`ALTER TABLE opbus_outbox_call RENAME TO elsewhere`
      assert.strictEqual(yield* reasonOf(outbox.enqueue(Add, { title: "b" })), "RemoteUnavailable")
      yield* Deferred.succeed(gate, undefined)
      yield* TestClock.adjust("3 seconds")
      yield* sql`ALTER TABLE elsewhere RENAME TO opbus_outbox_call`
      yield* TestClock.adjust("10 seconds")
      assert.strictEqual((yield* receipt.await).n, 1)
      assert.deepStrictEqual(other.applied, ["a"])
      yield* close
    }))

  it.effect(
    "outcomes are forgotten after their retention, and positions are never used twice",
    () =>
      Effect.gen(function*() {
        const other = new OtherSide()
        const { close, outbox } = yield* process(yield* databaseFile, other, {
          retention: "1 hour",
          maxOutcomes: 5_000
        })
        const first = yield* outbox.enqueue(Add, { title: "a" })
        yield* first.await
        yield* TestClock.adjust("2 hours")
        const ids = new Set([first.id])
        for (let i = 0; i < 1_100; i++) {
          const receipt = yield* outbox.enqueue(Add, { title: "b" })
          yield* receipt.await
          ids.add(receipt.id)
        }
        yield* until(() => other.applied.length === 1_101)
        assert.strictEqual(yield* reasonOf(outbox.receipt(Add, first.id)), "RemoteUnavailable")
        assert.strictEqual(ids.size, 1_101)
        yield* close
      }),
    60_000
  )

  it.live("a prefix that cannot begin a table's name is a mistake in the program", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(process(yield* databaseFile, new OtherSide(), { prefix: "x; DROP TABLE y" }))
      assert.isTrue(Exit.isFailure(exit))
    }))
})
