import { createClient } from "@libsql/client"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { SqlClient } from "effect/sql"
import { mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { HistoryTracker } from "../../../src/history/index.ts"
import { SqlHistoryStore } from "../../../src/history/SqlHistoryStore.ts"
import { LibsqlClient } from "../../../src/sql/index.ts"
import { build } from "./app.ts"
import { historyApp, roomFor } from "./history.ts"
import { inFiber } from "./loop.ts"
import { added, atMost, type Plan, time } from "./suite.ts"

type Synchronous = "NORMAL" | "FULL"
type Row = Readonly<Record<string, string | number | null>>

/** On the disk of the repository: what is temporary may be in memory, where a sync costs nothing. */
const cache = fileURLToPath(new URL("../.cache/", import.meta.url))
mkdirSync(cache, { recursive: true })
const folder = mkdtempSync(join(cache, "sql-"))
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

/** The application with its history in a file. */
const recorded = async (name: string, synchronous: Synchronous, room = 1_000_000) => {
  const limits = roomFor(room)
  const database = await build(LibsqlClient.layer({ url: join(folder, name), synchronous }))
  const tracker = HistoryTracker.layerStoreWith({ limits }).pipe(
    Layer.provide(SqlHistoryStore.layer),
    Layer.provide(Layer.succeedContext(database))
  )
  return { app: await historyApp({ limits }, tracker), sql: Context.get(database, SqlClient.SqlClient) }
}

/** The table and a row, as the history makes them. */
const exampleOf = async (synchronous: Synchronous) => {
  const { app, sql } = await recorded("example.db", synchronous)
  await app.fill(1)
  const tables = await Effect.runPromise(
    sql.unsafe<{ readonly sql: string }>(
      "SELECT sql FROM sqlite_master WHERE tbl_name = 'opbus_history_entry' AND sql IS NOT NULL"
    )
  )
  const rows = await Effect.runPromise(sql.unsafe<Row>("SELECT * FROM opbus_history_entry"))
  return { tables: tables.map((table) => table.sql), row: rows[0]! }
}

type Example = Awaited<ReturnType<typeof exampleOf>>

const insertOf = ({ row }: Example) => {
  const names = Object.keys(row)
  let rows = 0
  return {
    text: `INSERT INTO opbus_history_entry (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    /** The example with another id and another number. */
    next: () => {
      rows++
      return Object.values({ ...row, id: `${String(row["id"]).split("-")[0]}-${rows}`, change: rows })
    }
  }
}

const libsqlClient = async (example: Example, synchronous: Synchronous) => {
  const client = createClient({ url: `file:${join(folder, "client.db")}` })
  await client.execute("PRAGMA journal_mode = WAL")
  await client.execute(`PRAGMA synchronous = ${synchronous}`)
  for (const table of example.tables) await client.execute(table)
  const insert = insertOf(example)
  return async (count: number) => {
    for (let i = 0; i < count; i++) await client.execute({ sql: insert.text, args: insert.next() })
  }
}

interface NativeDatabase {
  readonly exec: (sql: string) => void
  readonly prepare: (sql: string) => { readonly run: (...parameters: ReadonlyArray<unknown>) => unknown }
}

/** What `@libsql/client` is made of: a synchronous call with a statement that was prepared before. */
const preparedStatement = (example: Example, synchronous: Synchronous) => {
  const require = createRequire(createRequire(import.meta.url).resolve("@libsql/client"))
  const Database = require("libsql") as new(path: string) => NativeDatabase
  const database = new Database(join(folder, "prepared.db"))
  for (const sql of ["PRAGMA journal_mode = WAL", `PRAGMA synchronous = ${synchronous}`, ...example.tables]) {
    database.exec(sql)
  }
  const insert = insertOf(example)
  const statement = database.prepare(insert.text)
  return (count: number) => {
    for (let i = 0; i < count; i++) statement.run(...insert.next())
  }
}

export const recordingPlan = async (synchronous: Synchronous): Promise<Plan> => {
  const example = await exampleOf(synchronous)
  const { app } = await recorded("history.db", synchronous)
  return {
    cases: [
      { name: "libsql prepared statement", run: preparedStatement(example, synchronous), bytes: false },
      { name: "@libsql/client insert", run: await libsqlClient(example, synchronous), bytes: false },
      { name: "invoke, recorded", run: app.fill, bytes: false }
    ],
    comparisons: [
      time("invoke, recorded", "@libsql/client insert", atMost(1.25)),
      time("invoke, recorded", "libsql prepared statement"),
      added("invoke, recorded", "@libsql/client insert")
    ]
  }
}

/** What an undo writes: its intent, the entry that it undoes, its outcome. */
export const undoPlan = async (synchronous: Synchronous): Promise<Plan> => {
  const { app } = await recorded("history.db", synchronous)
  const { app: full } = await recorded("full.db", synchronous, 1_000)
  const { app: undone } = await recorded("undo.db", synchronous)
  const { app: long } = await recorded("long.db", synchronous)
  await full.fill(1_001)
  await long.fill(20_000)
  const undo = ({ context, fill, history }: typeof app) => ({
    maxBatch: 250,
    before: fill,
    run: inFiber(context, () => history.undo),
    bytes: false
  })
  return {
    cases: [
      { name: "invoke, recorded", run: app.fill, bytes: false },
      { name: "invoke, recorded, the limit is 1,000 entries", run: full.fill, bytes: false },
      { name: "undo", ...undo(undone) },
      { name: "undo, 20,000 entries are older", ...undo(long) }
    ],
    comparisons: [
      time("invoke, recorded, the limit is 1,000 entries", "invoke, recorded"),
      time("undo", "invoke, recorded"),
      time("undo, 20,000 entries are older", "undo")
    ]
  }
}
