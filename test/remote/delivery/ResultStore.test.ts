import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import * as path from "node:path"
import type { OperationError } from "opbus/operation"
import { type EncodedExit, type IdempotentCall, ResultStore, type ResultStoreOptions } from "opbus/remote/ResultStore"
import { SqlResultStore, type SqlResultStoreOptions } from "opbus/remote/SqlResultStore"
import { LibsqlClient } from "opbus/sql"
import { folder } from "./support.ts"

const call = (idempotencyKey: string, more: Partial<IdempotentCall> = {}): IdempotentCall => ({
  caller: "alice",
  key: "note.add",
  idempotencyKey,
  fingerprint: "{}",
  idempotent: false,
  ...more
})

const success = (value: unknown): EncodedExit => ({ _tag: "Success", value })
const refused = (tag: string, key = "note.add"): EncodedExit => ({
  _tag: "Failure",
  cause: [{
    _tag: "Fail",
    error: { _tag: "OperationError", key, reason: { _tag: tag, limit: 1, millis: 1, why: "no" } }
  }]
})
const interrupted: EncodedExit = { _tag: "Failure", cause: [{ _tag: "Interrupt", fiberId: undefined }] }

/** An effect that gives a new number each time it runs. */
const counting = () => {
  let runs = 0
  return { run: Effect.sync(() => success(++runs)), runs: () => runs }
}

const reasonOf = (effect: Effect.Effect<unknown, OperationError>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason._tag)

const kinds = {
  "in memory": (options: ResultStoreOptions) => Effect.succeed(ResultStore.layerMemory(options)),
  "in a database, one transaction": (options: ResultStoreOptions) => onFile({ ...options, joinTransaction: true }),
  "in a database, apart": (options: ResultStoreOptions) => onFile({ ...options, joinTransaction: false })
}

const client = (file: string) => LibsqlClient.layer({ url: file, synchronous: "NORMAL" })

const onFile = (options: SqlResultStoreOptions) =>
  Effect.map(
    folder,
    (folder) => Layer.fresh(SqlResultStore.layer(options).pipe(Layer.provide(client(path.join(folder, "r.db")))))
  )

const withStore = <A, E>(
  kind: keyof typeof kinds,
  options: ResultStoreOptions,
  body: (once: ResultStore["Service"]["once"]) => Effect.Effect<A, E, Scope.Scope>
) =>
  Effect.gen(function*() {
    const layer = yield* kinds[kind](options)
    const { once } = yield* Effect.map(Layer.build(layer as Layer.Layer<ResultStore, any>), (context) =>
      ResultStore.pipe(Effect.provideContext(context))).pipe(Effect.flatten)
    return yield* body(once)
  })

for (const kind of Object.keys(kinds) as Array<keyof typeof kinds>) {
  describe(`ResultStore ${kind}`, () => {
    const test = (
      name: string,
      body: (once: ResultStore["Service"]["once"]) => Effect.Effect<void, unknown, Scope.Scope>,
      options: ResultStoreOptions = {}
    ) => it.effect(name, () => withStore(kind, options, body))

    test("R3: a call that is delivered again gets the first answer, and does not run", (once) =>
      Effect.gen(function*() {
        const { run, runs } = counting()
        assert.deepStrictEqual(yield* once(call("1"), run), success(1))
        assert.deepStrictEqual(yield* once(call("1"), run), success(1))
        assert.strictEqual(runs(), 1)
        assert.deepStrictEqual(yield* once(call("2"), run), success(2))
      }))

    test("R3: a failure and a defect are answers, too", (once) =>
      Effect.gen(function*() {
        const failure: EncodedExit = { _tag: "Failure", cause: [{ _tag: "Fail", error: { title: "taken" } }] }
        const defect: EncodedExit = { _tag: "Failure", cause: [{ _tag: "Die", defect: { message: "x" } }] }
        assert.deepStrictEqual(yield* once(call("1"), Effect.succeed(failure)), failure)
        assert.deepStrictEqual(yield* once(call("1"), Effect.die("it runs again")), failure)
        assert.deepStrictEqual(yield* once(call("2"), Effect.succeed(defect)), defect)
        assert.deepStrictEqual(yield* once(call("2"), Effect.die("it runs again")), defect)
      }))

    test("R3: deliveries at the same time wait for one run and get the same answer", (once) =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const { run, runs } = counting()
        const fibers = yield* Effect.forEach(
          Array.from({ length: 20 }),
          () => Effect.forkChild(once(call("1"), Effect.andThen(Deferred.await(gate), run)))
        )
        yield* Effect.yieldNow
        yield* Deferred.succeed(gate, undefined)
        for (const answer of yield* Fiber.joinAll(fibers)) assert.deepStrictEqual(answer, success(1))
        assert.strictEqual(runs(), 1)
      }))

    test("R3: the same key for another payload or operation is refused, while it runs and afterwards", (once) =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const { run, runs } = counting()
        const first = yield* Effect.forkChild(once(call("1"), Effect.andThen(Deferred.await(gate), run)), {
          startImmediately: true
        })
        for (const other of [call("1", { fingerprint: "{ }" }), call("1", { key: "note.remove" })]) {
          assert.strictEqual(yield* reasonOf(once(other, run)), "IdempotencyConflict")
        }
        yield* Deferred.succeed(gate, undefined)
        yield* Fiber.join(first)
        for (const other of [call("1", { fingerprint: "{ }" }), call("1", { key: "note.remove" })]) {
          assert.strictEqual(yield* reasonOf(once(other, run)), "IdempotencyConflict")
        }
        assert.strictEqual(runs(), 1)
      }))

    test("R3: callers do not see each other's keys", (once) =>
      Effect.gen(function*() {
        const { run } = counting()
        yield* once(call("1"), run)
        assert.deepStrictEqual(yield* once(call("1", { caller: "bob" }), run), success(2))
        // Nor can a key be chosen so that it reads like another caller's.
        assert.deepStrictEqual(yield* once(call("ice 1", { caller: "al" }), run), success(3))
        assert.deepStrictEqual(yield* once(call("__proto__", { caller: "__proto__" }), run), success(4))
      }))

    for (const tag of ["Overloaded", "Denied", "RemoteUnavailable"]) {
      test(`R3: ${tag} means that it was not run: delivered again, it runs`, (once) =>
        Effect.gen(function*() {
          const { run } = counting()
          assert.deepStrictEqual(yield* once(call("1"), Effect.succeed(refused(tag))), refused(tag))
          assert.deepStrictEqual(yield* once(call("1"), run), success(1))
        }))
    }

    test("R3: what the handler got from another operation is an answer", (once) =>
      Effect.gen(function*() {
        const answer = refused("Denied", "note.other")
        yield* once(call("1"), Effect.succeed(answer))
        assert.deepStrictEqual(yield* once(call("1"), Effect.die("it runs again")), answer)
      }))

    test("R3: a handler that was stopped in the middle is uncertain, unless its writes were rolled back", (once) =>
      Effect.gen(function*() {
        const { run } = counting()
        for (const [id, stopped] of [["1", interrupted], ["2", refused("Timeout")]] as const) {
          assert.deepStrictEqual(yield* once(call(id), Effect.succeed(stopped)), stopped)
          const again = yield* Effect.exit(once(call(id), run))
          if (kind === "in a database, one transaction") assert.isTrue(Exit.isSuccess(again))
          else assert.strictEqual(yield* reasonOf(Effect.flatten(Effect.succeed(again))), "Uncertain")
        }
        yield* once(call("3", { idempotent: true }), Effect.succeed(interrupted))
        assert.isTrue(Exit.isSuccess(yield* Effect.exit(once(call("3", { idempotent: true }), run))))
      }))

    test("R3: a delivery that is interrupted does not disturb the others", (once) =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const { run, runs } = counting()
        const deliver = Effect.forkChild(once(call("1"), Effect.andThen(Deferred.await(gate), run)), {
          startImmediately: true
        })
        const [first, second, third] = [yield* deliver, yield* deliver, yield* deliver]
        yield* Fiber.interrupt(first)
        yield* Fiber.interrupt(third)
        yield* Deferred.succeed(gate, undefined)
        assert.deepStrictEqual(yield* Fiber.join(second), success(1))
        assert.strictEqual(runs(), 1)
      }))

    test("R3, I4: when the only delivery goes, the run is taken back or goes on to its end", (once) =>
      Effect.gen(function*() {
        const gate = yield* Deferred.make<void>()
        const { run, runs } = counting()
        let finalized = 0
        const handler = Effect.ensuring(
          Effect.andThen(Deferred.await(gate), run),
          Effect.sync(() => {
            finalized++
          })
        )
        const first = yield* Effect.forkChild(once(call("1"), handler), { startImmediately: true })
        yield* Effect.yieldNow
        yield* Fiber.interrupt(first)
        const undone = kind === "in a database, one transaction"
        assert.strictEqual(finalized, undone ? 1 : 0)
        const second = yield* Effect.forkChild(once(call("1"), handler), { startImmediately: true })
        yield* Deferred.succeed(gate, undefined)
        assert.deepStrictEqual(yield* Fiber.join(second), success(1))
        assert.strictEqual(runs(), 1)
        assert.strictEqual(finalized, undone ? 2 : 1)
      }))

    test("R3: an answer is kept for its retention, and no longer", (once) =>
      Effect.gen(function*() {
        const { run } = counting()
        yield* once(call("1"), run)
        yield* TestClock.adjust("59 minutes")
        assert.deepStrictEqual(yield* once(call("1"), run), success(1))
        yield* TestClock.adjust("2 minutes")
        assert.deepStrictEqual(yield* once(call("1"), run), success(2))
        assert.deepStrictEqual(yield* once(call("1"), run), success(2))
      }), { retention: "1 hour" })

    test("the oldest answers go first when there are too many", (once) =>
      Effect.gen(function*() {
        const { run, runs } = counting()
        for (let i = 0; i < 200; i++) yield* once(call(String(i)), run)
        yield* Effect.yieldNow
        assert.strictEqual(runs(), 200)
        assert.deepStrictEqual(yield* once(call("199"), run), success(200))
        assert.deepStrictEqual(yield* once(call("0"), run), success(201))
      }), { maxCount: 10 })

    test("the oldest answers go first when they are too large together", (once) =>
      Effect.gen(function*() {
        const { run, runs } = counting()
        for (let i = 0; i < 200; i++) {
          yield* once(call(String(i)), Effect.as(run, success(`${i}`.padEnd(1000))))
        }
        yield* Effect.yieldNow
        assert.strictEqual(runs(), 200)
        assert.deepStrictEqual(yield* once(call("199"), run), success("199".padEnd(1000)))
        assert.deepStrictEqual(yield* once(call("0"), run), success(201))
      }), { maxBytes: 30_000 })

    test(
      "an answer that is too large is not kept, and its call is uncertain rather than run twice",
      (once) =>
        Effect.gen(function*() {
          const large = success("x".repeat(10_000))
          assert.deepStrictEqual(yield* once(call("1"), Effect.succeed(large)), large)
          const again = yield* Effect.exit(once(call("1"), Effect.die("it runs again")))
          // A database forgets it with the process.
          if (kind === "in memory") assert.isTrue(Exit.isFailure(again) && !Cause.hasDies(again.cause))
          else assert.deepStrictEqual(again, Exit.succeed(large))
        }),
      { maxAnswerBytes: 1_000 }
    )

    test("nothing hangs when the handler dies or is interrupted from inside", (once) =>
      Effect.gen(function*() {
        const { run } = counting()
        for (const bad of [Effect.die("broken"), Effect.interrupt]) {
          const exit = yield* Effect.exit(once(call("1", { idempotent: true }), bad))
          assert.isTrue(Exit.isFailure(exit))
        }
        assert.deepStrictEqual(yield* once(call("1", { idempotent: true }), run), success(1))
      }))
  })
}

/** One process: its own client on the file, closed with `close`. */
const process = (file: string, options: SqlResultStoreOptions = {}) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const layer = SqlResultStore.layer(options).pipe(Layer.provideMerge(client(file)))
    const context = yield* Layer.buildWithScope(Layer.fresh(layer), scope)
    const { once } = yield* Effect.provideContext(ResultStore, context)
    const sql = yield* Effect.provideContext(SqlClient.SqlClient, context)
    return { once, sql, close: Scope.close(scope, Exit.void) }
  })

const counter = (sql: SqlClient.SqlClient) => ({
  create: Effect.orDie(sql`CREATE TABLE effects (n INTEGER)`),
  add: Effect.orDie(sql`INSERT INTO effects (n) VALUES (1)`),
  count: Effect.map(Effect.orDie(sql<{ n: number }>`SELECT count(*) AS n FROM effects`), ([row]) => row!.n)
})

describe("SqlResultStore", () => {
  it.live("R3: answers survive a restart", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "r.db")
      const { run, runs } = counting()
      const first = yield* process(file)
      yield* first.once(call("1"), run)
      yield* first.close
      const second = yield* process(file)
      assert.deepStrictEqual(yield* second.once(call("1"), run), success(1))
      assert.strictEqual(runs(), 1)
      yield* second.close
    }))

  it.live("R3: a failure rolls the handler's writes back, and is remembered", () =>
    Effect.gen(function*() {
      const { close, once, sql } = yield* process(path.join(yield* folder, "r.db"))
      const { add, count, create } = counter(sql)
      yield* create
      const failure: EncodedExit = { _tag: "Failure", cause: [{ _tag: "Fail", error: "taken" }] }
      yield* once(call("1"), Effect.as(add, failure))
      assert.strictEqual(yield* count, 0)
      assert.deepStrictEqual(yield* once(call("1"), Effect.as(add, success(1))), failure)
      yield* once(call("2"), Effect.as(add, success(1)))
      assert.strictEqual(yield* count, 1)
      yield* close
    }))

  it.live("R3: an interrupted handler's writes are rolled back, and delivered again it runs", () =>
    Effect.gen(function*() {
      const { close, once, sql } = yield* process(path.join(yield* folder, "r.db"))
      const { add, count, create } = counter(sql)
      yield* create
      const fiber = yield* Effect.forkChild(once(call("1"), Effect.andThen(add, Effect.never)), {
        startImmediately: true
      })
      yield* Effect.sleep("10 millis")
      yield* Fiber.interrupt(fiber)
      assert.strictEqual(yield* count, 0)
      yield* once(call("1"), Effect.as(add, success(1)))
      assert.strictEqual(yield* count, 1)
      yield* close
    }))

  it.live("R3: a call that another process had begun and died over is uncertain, unless it is idempotent", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "r.db")
      const first = yield* process(file, { joinTransaction: false })
      for (const id of ["1", "2"]) {
        yield* Effect.forkChild(first.once(call(id, { idempotent: id === "2" }), Effect.never), {
          startImmediately: true
        })
      }
      yield* Effect.sleep("10 millis")
      const { run } = counting()
      const second = yield* process(file, { joinTransaction: false, isAlive: () => false })
      assert.strictEqual(yield* reasonOf(second.once(call("1"), run)), "Uncertain")
      assert.strictEqual(yield* reasonOf(second.once(call("1", { fingerprint: "?" }), run)), "IdempotencyConflict")
      assert.deepStrictEqual(yield* second.once(call("2", { idempotent: true }), run), success(1))
      yield* first.close
      yield* second.close
    }))

  it.live("R3: a call that runs in a living process is waited for", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "r.db")
      const options = { joinTransaction: false, isAlive: () => true }
      const [first, second] = [yield* process(file, options), yield* process(file, options)]
      const gate = yield* Deferred.make<void>()
      const { run, runs } = counting()
      const running = yield* Effect.forkChild(first.once(call("1"), Effect.andThen(Deferred.await(gate), run)), {
        startImmediately: true
      })
      yield* Effect.sleep("10 millis")
      const waiting = yield* Effect.forkChild(second.once(call("1"), run))
      yield* Effect.sleep("50 millis")
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual([yield* Fiber.join(running), yield* Fiber.join(waiting)], [success(1), success(1)])
      assert.strictEqual(runs(), 1)
      yield* first.close
      yield* second.close
    }))

  it.live("R3: a store that fails refuses the call before the handler runs", () =>
    Effect.gen(function*() {
      const { close, once, sql } = yield* process(path.join(yield* folder, "r.db"))
      yield* sql`DROP TABLE opbus_result`
      const { run, runs } = counting()
      assert.strictEqual(yield* reasonOf(once(call("1"), run)), "RemoteUnavailable")
      assert.strictEqual(runs(), 0)
      yield* close
    }))

  it.live("R3: a store that is busy refuses the call after a while, and does not hang", () =>
    Effect.gen(function*() {
      const { close, once, sql } = yield* process(path.join(yield* folder, "r.db"), { patience: "50 millis" })
      const holding = yield* Effect.forkChild(sql.withTransaction(Effect.never), { startImmediately: true })
      const { run, runs } = counting()
      assert.strictEqual(yield* reasonOf(once(call("1"), run)), "RemoteUnavailable")
      assert.strictEqual(runs(), 0)
      yield* Fiber.interrupt(holding)
      assert.deepStrictEqual(yield* once(call("1"), run), success(1))
      yield* close
    }))

  it.live("I8: the answer of a sensitive call is not in the file, and this process still gives it again", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "r.db")
      const first = yield* process(file)
      const secret = call("1", { sensitive: true, fingerprint: "4711" })
      yield* first.once(secret, Effect.succeed(success("geheim")))
      assert.deepStrictEqual(yield* first.once(secret, Effect.die("it runs again")), success("geheim"))
      const rows = yield* first.sql`SELECT * FROM opbus_result`
      assert.notInclude(JSON.stringify(rows), "geheim")
      assert.notInclude(JSON.stringify(rows), "4711")
      yield* first.close
      const second = yield* process(file)
      assert.strictEqual(yield* reasonOf(second.once(secret, Effect.die("it runs again"))), "Uncertain")
      yield* second.close
    }))

  it.live("two processes that get the same call at once run it once", () =>
    Effect.gen(function*() {
      const file = path.join(yield* folder, "r.db")
      const [first, second] = [yield* process(file), yield* process(file)]
      yield* counter(first.sql).create
      for (let i = 0; i < 20; i++) {
        const answers = yield* Effect.all(
          [first, second].map(({ once, sql }, who) =>
            once(call(`both ${i}`), Effect.as(Effect.andThen(counter(sql).add, Effect.yieldNow), success(who)))
          ),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual(answers[0], answers[1])
      }
      assert.strictEqual(yield* counter(first.sql).count, 20)
      yield* first.close
      yield* second.close
    }))
})
