import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { Operation, OperationInvoker, OperationRegistry } from "opbus"
import { LibsqlClient } from "opbus/sql"

// A follow-up that was scheduled inside a transaction ran in it, after it had ended.

const Note = Operation.make({ meta: { key: "log.note" }, input: Schema.String })
const Work = Operation.make({ meta: { key: "work" } })

const plugin = Layer.mergeAll(
  Note.toLayer(Effect.gen(function*() {
    const sql = yield* LibsqlClient.LibsqlClient
    return (text: string) => Effect.asVoid(Effect.orDie(sql`INSERT INTO log VALUES (${text})`))
  })),
  Work.toLayer(Effect.gen(function*() {
    const { schedule } = yield* OperationInvoker
    return () => Effect.asVoid(schedule(Note, "later", { delay: "1 millis" }))
  }))
).pipe(
  Layer.provideMerge(OperationInvoker.layer),
  Layer.provideMerge(OperationRegistry.layer),
  Layer.provideMerge(LibsqlClient.layer({ url: ":memory:" }))
)

it.live("a follow-up scheduled inside a transaction runs outside of it", () =>
  Effect.gen(function*() {
    const sql = yield* LibsqlClient.LibsqlClient
    const { awaitIdle, followups, invoke } = yield* OperationInvoker
    yield* sql`CREATE TABLE log (text TEXT)`
    yield* sql.withTransaction(invoke(Work, undefined))
    yield* awaitIdle
    assert.deepStrictEqual(yield* followups.failed, [])
    assert.deepStrictEqual(yield* sql`SELECT text FROM log`, [{ text: "later" }])
  }).pipe(Effect.provide(plugin)))
