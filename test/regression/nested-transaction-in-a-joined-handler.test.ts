import { assert, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { HistoryTracker, Opbus, Operation, OperationInvoker, UndoMapping } from "opbus"
import { SqlHistoryStore } from "opbus/history/SqlHistoryStore"
import { LibsqlClient } from "opbus/sql"

// With `joinTransaction`, a handler that opens a transaction of its own died: of what the outer transaction puts into the
// context, only the connection reached the handler.

const Add = Operation.make({ meta: { key: "note.add" }, input: Schema.String })
const Remove = Operation.make({ meta: { key: "note.remove" }, input: Schema.String })

const plugin = Layer.mergeAll(
  Add.toLayer(Effect.gen(function*() {
    const sql = yield* LibsqlClient.LibsqlClient
    return (text: string) => Effect.asVoid(Effect.orDie(sql.withTransaction(sql`INSERT INTO note VALUES (${text})`)))
  })),
  Remove.toLayer(Effect.gen(function*() {
    const sql = yield* LibsqlClient.LibsqlClient
    return (text: string) => Effect.asVoid(Effect.orDie(sql`DELETE FROM note WHERE text = ${text}`))
  })),
  UndoMapping.make({ operation: Add, inverse: Remove, deriveContext: (text) => text }).toLayer
).pipe(
  Layer.provideMerge(Opbus.layerStore),
  Layer.provide(SqlHistoryStore.layerWith({ joinTransaction: true })),
  Layer.provideMerge(LibsqlClient.layer({ url: ":memory:" }))
)

it.live("a handler that shares a transaction with its entry may open one of its own", () =>
  Effect.gen(function*() {
    const sql = yield* LibsqlClient.LibsqlClient
    yield* sql`CREATE TABLE note (text TEXT)`
    yield* OperationInvoker.invoke(Add, "Tea")
    assert.deepStrictEqual(yield* sql`SELECT text FROM note`, [{ text: "Tea" }])
    yield* HistoryTracker.undo
    assert.deepStrictEqual(yield* sql`SELECT text FROM note`, [])
  }).pipe(Effect.provide(plugin)))
