/**
 * One connection of libsql's embedded engine: prepared statements, and
 * synchronous execution.
 *
 * **Invariants**
 *
 * 1. Nothing here waits: a call ends with its result or throws, and between
 *    two calls no statement is in progress, except under `iterate`.
 * 2. `BEGIN` is never a prepared statement, so a lock that is not to be had
 *    leaves nothing unfinished. A prepared statement that met `SQLITE_BUSY`
 *    all the same makes the connection `stuck`, and its owner replaces it:
 *    libsql can neither reset nor finalize one, and until the garbage
 *    collector comes by no transaction on that connection can commit
 *    (https://github.com/tursodatabase/libsql-client-ts/issues/352).
 * 3. A write outside of a transaction is one of its own: it is undone unless
 *    its result could be handed over.
 *
 * @since 0.1.0
 */
import type { LibsqlResult, Rows } from "./driver.ts"
import { isBusy } from "./errors.ts"
import { maxRememberedText, type StatementKind } from "./statementKind.ts"
import { type Binding, fromColumn, type IntMode, toBindings } from "./values.ts"

/**
 * What is used of the `Database` of the `libsql` package.
 */
export interface NativeDatabase {
  readonly inTransaction: boolean
  exec(sql: string): unknown
  prepare(sql: string): NativeStatement
  interrupt(): void
  close(): void
}

interface NativeStatement {
  /** Whether it returns rows. */
  readonly reader: boolean
  /** Whether a row is an array rather than an object. */
  raw(on: boolean): unknown
  /** Whether integers come as bigints. */
  safeIntegers(on: boolean): unknown
  run(params: ReadonlyArray<Binding>): Changes
  all(params: ReadonlyArray<Binding>): Array<any>
  iterate(params: ReadonlyArray<Binding>): Iterator<any>
  columns(): ReadonlyArray<{ readonly name: string }>
}

interface Changes {
  readonly changes: number
  readonly lastInsertRowid: number | bigint
}

/**
 * One statement, ready to run.
 */
export interface Call {
  readonly sql: string
  readonly params: ReadonlyArray<unknown>
  readonly kind: StatementKind
  readonly intMode: IntMode
  /** Whether the prepared statement is kept for the next call with the same text. */
  readonly keep: boolean
}

/**
 * The rows of one statement, read a few at a time.
 */
export interface Cursor {
  /** Returns fewer rows than asked for at the end, and only there. */
  readonly next: (count: number) => Rows
  /** Frees the connection, wherever the reading has stopped. */
  readonly end: () => void
}

const maxStatements = 256

export class NativeConnection {
  /** Whether a statement was left unfinished, so that the connection has to be replaced. */
  stuck = false
  private closed = false
  private readonly database: NativeDatabase
  private readonly statements = new Map<string, NativeStatement>()

  constructor(database: NativeDatabase) {
    this.database = database
  }

  get inTransaction(): boolean {
    return this.database.inTransaction
  }

  /** Runs statements that take no parameters, and drops their rows. */
  exec(sql: string): void {
    this.database.exec(sql)
  }

  /** Rolls back what is open; if that fails, the connection is stuck. */
  settle(): void {
    try {
      if (this.database.inTransaction) this.database.exec("ROLLBACK")
    } catch {
      this.stuck = true
    }
  }

  close(): void {
    this.closed = true
    this.statements.clear()
    this.database.close()
  }

  /** Moves what other files hold of the database into its own, if nobody else is in the way. */
  checkpoint(): void {
    try {
      this.database.exec("PRAGMA wal_checkpoint(TRUNCATE)")
    } catch {
      // the next one to open the database does it
    }
  }

  rows(call: Call): Rows {
    return this.perform(call, none, (statement, params) => {
      statement.raw(false)
      const rows: Array<Record<string, unknown>> = statement.all(params)
      for (let i = 0; i < rows.length; i++) convertRow(rows[i]!, call.intMode)
      return rows
    })
  }

  values(call: Call): ReadonlyArray<ReadonlyArray<unknown>> {
    return this.perform(call, none, (statement, params) => readValues(statement, params, call.intMode))
  }

  result(call: Call): LibsqlResult {
    return this.perform<LibsqlResult>(
      call,
      ({ changes, lastInsertRowid }) => ({
        columns: [],
        rows: [],
        rowsAffected: changes,
        lastInsertRowid: BigInt(lastInsertRowid)
      }),
      (statement, params) => ({
        rows: readValues(statement, params, call.intMode),
        // asked for after the rows: a changed schema is noticed only then
        columns: statement.columns().map((column) => column.name),
        rowsAffected: 0,
        lastInsertRowid: undefined
      })
    )
  }

  iterate(call: Call): Cursor {
    const statement = this.prepare(call.sql)
    statement.raw(false)
    const iterator = statement.iterate(toBindings(call.params))
    let open = true
    const next = (count: number) => {
      const rows: Array<Record<string, unknown>> = []
      try {
        while (open && rows.length < count) {
          const step = iterator.next()
          if (step.done === true) open = false
          else rows.push(convertRow(step.value, call.intMode))
        }
      } catch (cause) {
        this.noticeBusy(cause)
        throw cause
      }
      return rows
    }
    // A statement cannot be finalized: it is interrupted, and stepped until it notices.
    const end = () => {
      if (!open || this.closed) return
      open = false
      this.database.interrupt()
      try {
        while (iterator.next().done !== true);
      } catch {
        // interrupted, as asked
      }
    }
    return { next, end }
  }

  /**
   * Runs several calls as one: all of them, or none.
   */
  together<A>(run: () => A): A {
    return this.database.inTransaction
      ? this.within("SAVEPOINT opbus_batch", "RELEASE opbus_batch", "ROLLBACK TO opbus_batch; RELEASE opbus_batch", run)
      : this.within("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK", run)
  }

  private within<A>(begin: string, commit: string, rollback: string, run: () => A): A {
    this.database.exec(begin)
    try {
      const result = run()
      this.database.exec(commit)
      return result
    } catch (cause) {
      try {
        // a full disk, for one, has ended the transaction already
        if (this.database.inTransaction) this.database.exec(rollback)
      } catch {
        this.stuck = true
      }
      throw cause
    }
  }

  private perform<A>(
    call: Call,
    onChanges: (changes: Changes) => A,
    onRows: (statement: NativeStatement, params: Array<Binding>) => A
  ): A {
    const params = toBindings(call.params)
    const run = () => {
      try {
        const statement = call.keep ? this.cached(call.sql) : this.prepare(call.sql)
        return statement.reader ? onRows(statement, params) : onChanges(statement.run(params))
      } catch (cause) {
        this.noticeBusy(cause)
        throw cause
      }
    }
    switch (call.kind) {
      case "write":
        return this.database.inTransaction ? run() : this.together(run)
      case "transaction":
        this.database.exec(call.sql)
        return onChanges(noChanges)
      default:
        return run()
    }
  }

  private noticeBusy(cause: unknown): void {
    if (isBusy(cause)) this.stuck = true
  }

  private cached(sql: string): NativeStatement {
    const known = this.statements.get(sql)
    if (known !== undefined) return known
    const statement = this.prepare(sql)
    if (sql.length > maxRememberedText) return statement
    // the oldest goes first: a text that is in use soon comes back
    if (this.statements.size >= maxStatements) this.statements.delete(this.statements.keys().next().value!)
    this.statements.set(sql, statement)
    return statement
  }

  private prepare(sql: string): NativeStatement {
    const statement = this.database.prepare(sql)
    // whether a JavaScript number holds an integer can only be told from a bigint
    statement.safeIntegers(true)
    return statement
  }
}

const noChanges: Changes = { changes: 0, lastInsertRowid: 0 }

const none = () => []

const readValues = (statement: NativeStatement, params: Array<Binding>, intMode: IntMode) => {
  statement.raw(true)
  const rows: Array<Array<unknown>> = statement.all(params)
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) row[i] = fromColumn(row[i], intMode)
  }
  return rows
}

const convertRow = (row: Record<string, unknown>, intMode: IntMode) => {
  for (const column in row) {
    const value = row[column]
    if (typeof value === "bigint" || (typeof value === "object" && value !== null)) {
      row[column] = fromColumn(value, intMode)
    }
  }
  return row
}
