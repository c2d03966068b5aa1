import * as Effect from "effect/Effect"
import { SqlClient, type SqlError } from "../../internal/effect/sql.ts"
import type { HistoryBatch, HistoryChanges, HistoryClaim, StoredEntry, StoredStatus } from "../HistoryStore.ts"

type Sql = SqlClient.SqlClient
type Run<A> = Effect.Effect<A, SqlError.SqlError>

/** How many rows are read, and how many entries written, by one statement. */
const page = 1_000
const chunk = 64

/** How long a removed entry is kept so that other processes learn of it. */
const tombstoneMillis = 24 * 60 * 60 * 1_000

// ---------------------------------------------------------------------------
// tables
// ---------------------------------------------------------------------------

/**
 * `change` numbers the changes of rows: whoever reads what is above a number misses nothing. Numbers ascend in the order
 * of commits, because SQLite has one writer, and on PostgreSQL a writer holds the row of `<prefix>clock` until it commits.
 * As the primary key it is the order on disk, so that a new entry is appended.
 *
 * @internal
 */
export const createTables = (prefix: string): Effect.Effect<void, SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const number = sql.onDialectOrElse({ pg: () => "BIGINT", orElse: () => "INTEGER" })
    yield* sql.unsafe(
      `CREATE TABLE ${prefix}entry (
        change ${number} NOT NULL PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        position ${number} NOT NULL,
        actor TEXT,
        status TEXT NOT NULL,
        undone_at ${number},
        progress ${number},
        flags INTEGER NOT NULL,
        owner TEXT NOT NULL,
        content TEXT NOT NULL
      )`
    )
    yield* sql.unsafe(
      `CREATE TABLE ${prefix}step (
        entry_id TEXT NOT NULL,
        at ${number} NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (entry_id, at)
      )`
    )
    yield* sql.onDialectOrElse({
      pg: () =>
        Effect.andThen(
          sql.unsafe(`CREATE TABLE ${prefix}clock (change BIGINT NOT NULL)`),
          Effect.asVoid(sql.unsafe(`INSERT INTO ${prefix}clock (change) VALUES (0)`))
        ),
      orElse: () => Effect.void
    })
  })

// ---------------------------------------------------------------------------
// statements
// ---------------------------------------------------------------------------

interface EntryRow {
  readonly id: string
  readonly change: number | string
  readonly position: number | string
  readonly actor: string | null
  readonly status: StoredStatus
  readonly undone_at: number | string | null
  readonly progress: number | string | null
  readonly flags: number
  readonly owner: string
  readonly content: string
}

const columns = ["id", "position", "actor", "status", "undone_at", "progress", "flags", "owner", "content"]

/** @internal */
export const statementsFor = (sql: Sql, prefix: string) => {
  const isPg = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
  const entry = `${prefix}entry`
  const step = `${prefix}step`
  const parameter = isPg ? (n: number) => `$${n}` : () => "?"
  const list = (count: number, from = 1) => Array.from({ length: count }, (_, i) => parameter(from + i)).join(", ")
  /** The number of the `i`th of `count` changes in one statement. */
  const tick = (i: number, count: number) =>
    isPg
      ? `(SELECT change - ${count - 1 - i} FROM tick)`
      : `(SELECT coalesce(max(change), 0) + ${i + 1} FROM ${entry})`
  const withTick = (count: number) =>
    isPg ? `WITH tick AS (UPDATE ${prefix}clock SET change = change + ${count} RETURNING change) ` : ""

  const put = (count: number): string => {
    const row = (i: number) => `(${tick(i, count)}, ${list(columns.length, 1 + i * columns.length)})`
    return `${withTick(count)}INSERT INTO ${entry} (change, ${columns.join(", ")}) VALUES ${
      Array.from({ length: count }, (_, i) => row(i)).join(", ")
    } ON CONFLICT (id) DO UPDATE SET change = excluded.change, ${
      columns.slice(1).map((column) => `${column} = excluded.${column}`).join(", ")
    }`
  }
  const puts = new Map<number, string>()
  const putText = (count: number): string => {
    let text = puts.get(count)
    if (text === undefined) puts.set(count, text = put(count))
    return text
  }
  const putStep = `INSERT INTO ${step} (entry_id, at, content) VALUES (${
    list(3)
  }) ON CONFLICT (entry_id, at) DO UPDATE SET content = excluded.content`
  const putProgress = `${withTick(1)}UPDATE ${entry} SET status = ${parameter(1)}, progress = ${
    parameter(2)
  }, owner = ${parameter(3)}, change = ${tick(0, 1)} WHERE id = ${parameter(4)}`
  const remove = `${withTick(1)}UPDATE ${entry} SET status = 'removed', content = '', undone_at = ${
    parameter(1)
  }, owner = ${parameter(2)}, change = ${tick(0, 1)} WHERE id = ${parameter(3)}`
  const removeSteps = (count: number) => `DELETE FROM ${step} WHERE entry_id IN (${list(count)})`
  const claimText = `${withTick(1)}UPDATE ${entry} SET status = ${parameter(1)}, owner = ${parameter(2)}, change = ${
    tick(0, 1)
  } WHERE id = ${parameter(3)} AND status = ${parameter(4)} AND (owner = ${parameter(5)} OR change <= ${
    parameter(6)
  }) RETURNING id`
  const top = `SELECT max(change) AS top FROM ${entry}`
  const select = `SELECT change, ${columns.join(", ")} FROM ${entry} WHERE change > ${parameter(1)} AND change <= ${
    parameter(2)
  } AND owner <> ${parameter(3)} ORDER BY change LIMIT ${page}`
  const selectSteps = (count: number) =>
    `SELECT entry_id, at, content FROM ${step} WHERE entry_id IN (${list(count)}) ORDER BY entry_id, at`
  const purge = `DELETE FROM ${entry} WHERE status = 'removed' AND undone_at < ${parameter(1)}`

  const run = (text: string, parameters: ReadonlyArray<unknown>): Run<unknown> => sql.unsafe(text, parameters)

  /** Of the entries that may have steps of their own: those that are not settled. */
  const stepsOf = (entries: ReadonlyArray<StoredEntry>): Run<HistoryChanges["steps"]> => {
    const ids = entries.filter(({ status }) => gathering.has(status)).map(({ id }) => id)
    if (ids.length === 0) return Effect.succeed([])
    return Effect.map(
      sql.unsafe<{ entry_id: string; at: number | string; content: string }>(selectSteps(ids.length), ids),
      (found) => found.map((row) => ({ entryId: row.entry_id, at: Number(row.at), content: row.content }))
    )
  }

  const changes = (cursor: number, owner: string): Run<HistoryChanges> =>
    Effect.flatMap(sql.unsafe<{ readonly top: number | string | null }>(top), ([newest]) => {
      // What the owner wrote itself is passed over with the rest: the cursor goes to the top.
      const end = Number(newest?.top ?? 0)
      const found: Array<StoredEntry> = []
      let last = cursor
      const next: Run<HistoryChanges> = Effect.suspend(() =>
        Effect.flatMap(sql.unsafe<EntryRow>(select, [last, end, owner]), (rows) => {
          for (const row of rows) {
            // Who has just begun never knew it.
            if (cursor > 0 || row.status !== "removed") found.push(fromRow(row))
          }
          if (rows.length < page) {
            return Effect.map(stepsOf(found), (steps) => ({ entries: found, steps, cursor: end, more: false }))
          }
          last = Number(rows[rows.length - 1]!.change)
          return next
        })
      )
      return end > cursor ? next : Effect.succeed({ entries: [], steps: [], cursor, more: false })
    })

  const write = (batch: HistoryBatch): Run<void> => {
    const { entries, progress, removed, settled, steps } = batch
    const statements: Array<Run<unknown>> = []
    for (let i = 0; i < entries.length; i += chunk) {
      const part = entries.slice(i, i + chunk)
      statements.push(run(putText(part.length), part.flatMap(toRow)))
    }
    for (const { at, content, entryId } of steps) statements.push(run(putStep, [entryId, at, content]))
    for (const { at, id, status } of progress) statements.push(run(putProgress, [status, at, batch.owner, id]))
    for (const id of removed) statements.push(run(remove, [batch.now, batch.owner, id]))
    for (let i = 0; i < settled.length; i += chunk) {
      const part = settled.slice(i, i + chunk)
      statements.push(run(removeSteps(part.length), part))
    }
    if (removed.length > 0) statements.push(run(purge, [batch.now - tombstoneMillis]))
    if (statements.length === 0) return Effect.void
    // One statement is a transaction already.
    return Effect.asVoid(
      statements.length === 1
        ? statements[0]!
        : sql.withTransaction(Effect.forEach(statements, (statement) => statement, { discard: true }))
    )
  }

  const claim = ({ cursor, from, id, owner, to }: HistoryClaim): Run<boolean> =>
    Effect.map(sql.unsafe(claimText, [to, owner, id, from, owner, cursor]), (rows) => rows.length > 0)

  return { changes, write, claim }
}

const gathering: ReadonlySet<StoredStatus> = new Set<StoredStatus>(["open", "transaction", "undoing", "redoing"])

const partial = 1
const uncertain = 2

const toRow = (entry: StoredEntry): ReadonlyArray<unknown> => [
  entry.id,
  entry.position,
  entry.actor ?? null,
  entry.status,
  entry.undoneAt ?? null,
  entry.progress ?? null,
  (entry.partial ? partial : 0) | (entry.uncertain ? uncertain : 0),
  entry.owner,
  entry.content
]

const fromRow = (row: EntryRow): StoredEntry => ({
  id: row.id,
  position: Number(row.position),
  actor: row.actor ?? undefined,
  status: row.status,
  undoneAt: row.undone_at === null ? undefined : Number(row.undone_at),
  progress: row.progress === null ? undefined : Number(row.progress),
  partial: (row.flags & partial) !== 0,
  uncertain: (row.flags & uncertain) !== 0,
  owner: row.owner,
  content: row.content
})

// ---------------------------------------------------------------------------
// processes
// ---------------------------------------------------------------------------

interface Processes {
  readonly pid?: number
  readonly kill?: (pid: number, signal: number) => unknown
}

const processes = (): Processes | undefined => (globalThis as { readonly process?: Processes }).process

/** @internal */
export const ownerOf = (epoch: string): string => `${processes()?.pid ?? 0}@${epoch}`

/** Where there are no process ids (a worker), a process is taken to live as long as its scope: nobody else's is open. */
export const isProcessAlive = (owner: string): boolean => {
  const pid = Number(owner.slice(0, owner.indexOf("@")))
  const self = processes()
  // This process's own number, under another name: an earlier process that had it.
  if (!(pid > 0) || self?.kill === undefined || pid === self.pid) return false
  try {
    self.kill(pid, 0)
    return true
  } catch (error) {
    return (error as { readonly code?: string }).code === "EPERM"
  }
}
