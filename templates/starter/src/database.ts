/**
 * Where the to-dos are kept. Handlers ask for `SqlClient`, so the tests give them a database in memory.
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Migrations } from "opbus/sql"
import { type Todo, TodoNotFound } from "./operations.ts"

interface Row extends Omit<Todo, "done"> {
  readonly done: number
}

const fromRow = (row: Row): Todo => ({ ...row, done: row.done === 1 })

/** Creates the table. What changes later is another entry: `"2_…"`. */
export const Tables = Migrations.layer({
  table: "app_migrations",
  migrations: {
    "1_todos": Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE todos (id TEXT PRIMARY KEY, text TEXT NOT NULL, done INTEGER NOT NULL, added INTEGER NOT NULL)`
    })
  }
})

// A database that fails is no error that a caller could handle: it is a defect.

export const all = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  const rows = yield* sql<Row>`SELECT id, text, done, added FROM todos ORDER BY added, id`
  return rows.map(fromRow)
}).pipe(Effect.orDie)

export const get = (id: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* Effect.orDie(sql<Row>`SELECT id, text, done, added FROM todos WHERE id = ${id}`)
    return row === undefined ? yield* new TodoNotFound({ id }) : fromRow(row)
  })

export const put = ({ added, done, id, text }: Todo) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`INSERT OR REPLACE INTO todos ${sql.insert({ id, text, done: done ? 1 : 0, added })}`
  }).pipe(Effect.orDie, Effect.asVoid)

export const remove = (id: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    yield* sql`DELETE FROM todos WHERE id = ${id}`
  }).pipe(Effect.orDie, Effect.asVoid)
