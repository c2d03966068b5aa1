/**
 * Both ends of a delivery, made to be killed: they stop at named moments.
 *
 *     client   before-insert ── after-insert ── (on its way) ── before-acknowledge ── after-acknowledge
 *     server                                        before-claim ── before-handler ── after-handler ── before-answer
 */
import { Effect, Layer, Schedule, Schema } from "effect"
import { SqlClient } from "effect/sql"
import * as fs from "node:fs"
import * as readline from "node:readline"
import { Operation } from "opbus/operation"
import { outboxLayer } from "opbus/remote/Outbox"
import { ResultStore } from "opbus/remote/ResultStore"
import { SqlResultStore } from "opbus/remote/SqlResultStore"
import { LibsqlClient } from "opbus/sql"
import { makeOutbox } from "../../../../src/remote/internal/delivery/outboxService.ts"
import { makeSqlOutbox } from "../../../../src/remote/internal/delivery/sqlOutbox.ts"

export const Count = Operation.make({
  meta: { key: "log.count" },
  input: Schema.Struct({ lane: Schema.String, n: Schema.Int }),
  output: Schema.Struct({ lane: Schema.String, n: Schema.Int })
})

export const clientMoments = ["before-insert", "after-insert", "before-acknowledge", "after-acknowledge"]
export const serverMoments = ["before-claim", "before-handler", "after-handler", "before-answer"]

/** Written when this returns: the kill may come right after. */
export const say = (line: string): void => {
  const bytes = Buffer.from(`${line}\n`)
  for (let at = 0; at < bytes.length;) at += fs.writeSync(1, bytes, at)
}

/** Stands still for good at a moment that was told on stdin, as `<moment> <how often to let it pass>`. */
export const listenForMoments = (): (moment: string) => Effect.Effect<void> => {
  let armed: string | undefined
  let passes = 0
  readline.createInterface({ input: process.stdin }).on("line", (line) => {
    const [moment, count] = line.split(" ")
    armed = moment
    passes = Number(count)
  })
  return (moment) =>
    Effect.sync(() => {
      if (moment !== armed || passes-- > 0) return
      say(`at ${moment}`)
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 60_000)
    })
}

type At = (moment: string) => Effect.Effect<void>

export const database = (file: string) => Layer.orDie(LibsqlClient.layer({ url: file, synchronous: "NORMAL" }))

/** The queue, with moments before and after what it writes. */
export const outbox = (file: string, at: At) =>
  outboxLayer(
    Effect.gen(function*() {
      const store = yield* makeSqlOutbox({})
      return yield* makeOutbox({
        ...store,
        write: (changes) => {
          const around = changes.some(({ _tag }) => _tag === "Accept")
            ? "insert"
            : changes.some(({ _tag }) => _tag === "End")
            ? "acknowledge"
            : undefined
          const write = store.write(changes)
          return around === undefined
            ? write
            : Effect.andThen(at(`before-${around}`), Effect.tap(write, () => at(`after-${around}`)))
        }
      }, {
        concurrency: 8,
        retry: Schedule.jittered(Schedule.spaced("40 millis")),
        timeout: "3 seconds",
        poisonAttempts: 20
      })
    })
  ).pipe(Layer.provideMerge(database(file)), Layer.orDie)

/** The consumer: a log without a unique key, so that what is applied twice is there twice. */
export const consumer = (file: string, at: At, joined: boolean) => {
  const handler = Count.toLayer(Effect.map(SqlClient.SqlClient, (sql) => ({ lane, n }) =>
    Effect.gen(function*() {
      // A poison message: whoever runs it dies.
      if (n < 0) process.kill(process.pid, "SIGKILL")
      yield* at("before-handler")
      yield* Effect.orDie(sql`INSERT INTO log (lane, n) VALUES (${lane}, ${n})`)
      yield* Effect.yieldNow
      yield* at("after-handler")
      return { lane, n }
    })))
  const results = Layer.effect(
    ResultStore,
    Effect.map(ResultStore, ({ once }) =>
      ResultStore.of({
        once: (call, run) => Effect.andThen(at("before-claim"), Effect.tap(once(call, run), () => at("before-answer")))
      }))
  ).pipe(Layer.provide(SqlResultStore.layer({ joinTransaction: joined })))
  const table = Layer.effectDiscard(
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql`CREATE TABLE IF NOT EXISTS log (at INTEGER PRIMARY KEY AUTOINCREMENT, lane TEXT, n INTEGER)`
    )
  )
  return Layer.merge(handler, results).pipe(Layer.provide(table), Layer.provideMerge(database(file)), Layer.orDie)
}
