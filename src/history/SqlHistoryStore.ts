/**
 * A history in a database, which survives a restart.
 *
 * Two tables, `<prefix>entry` and `<prefix>step`, and one that remembers the migrations: they can share a database with
 * the application. It is written for SQLite (libsql, D1) and works on PostgreSQL.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Migrator, SqlClient, type SqlError } from "../internal/effect/sql.ts"
import type * as Operation from "../operation/Operation.ts"
import { HistoryStore, type HistoryStoreBackend, HistoryStoreError } from "./HistoryStore.ts"
import * as rows from "./internal/sqlRows.ts"

/**
 * How a history is kept in a database.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlHistoryStoreOptions {
  /** What the names of the tables begin with. Default `"opbus_history_"`. */
  readonly prefix?: string | undefined
  /**
   * Runs the handler of an undoable operation and the writing of its entry in one transaction of the client, so that
   * either both are there or neither. Output is validated before `COMMIT`, events come after it. Default: none.
   *
   * **Gotchas**
   *
   * The transaction is open while the handler runs: on SQLite nothing else is written meanwhile. It is for asynchronous
   * operations; entries of synchronous ones are written behind.
   */
  readonly joinTransaction?: boolean | ((operation: Operation.Any) => boolean) | undefined
  /**
   * Tells whether another process that wrote to the database still lives. What a dead one has left open is put in order;
   * what a living one has open is left alone. Default: asks the operating system for the process id, which fits as long as
   * all processes are on one machine.
   */
  readonly isAlive?: ((owner: string) => boolean) | undefined
}

const make = (
  options: SqlHistoryStoreOptions = {}
): Effect.Effect<HistoryStoreBackend, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =>
  Effect.gen(function*() {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const prefix = options.prefix ?? "opbus_history_"
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(prefix)) {
      return yield* Effect.die(
        new TypeError(`SqlHistoryStore: "${prefix}" cannot begin the name of a table. Use letters, digits and "_".`)
      )
    }
    yield* Migrator.make({})({
      table: `${prefix}migrations`,
      loader: Migrator.fromRecord({ "1_create": rows.createTables(prefix) })
    })
    const statements = rows.statementsFor(sql, prefix)
    const isAlive = options.isAlive ?? rows.isProcessAlive
    const join = options.joinTransaction ?? false
    return {
      owner: rows.ownerOf,
      isAlive: (owner, open) => open || isAlive(owner),
      isInTransaction: (context) => Option.isSome(Context.getOption(context, sql.transactionService)),
      changes: (cursor, owner) => quietly(statements.changes(cursor, owner)),
      write: (batch) => quietly(statements.write(batch)),
      claim: (claim) => quietly(statements.claim(claim)),
      ...(join !== false && {
        join: {
          applies: typeof join === "function" ? join : () => true,
          within: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
            sql.withTransaction(effect) as Effect.Effect<A, E | SqlError.SqlError, R>
        }
      })
    }
  })

/** Spans of the history's own statements would be most of a trace. */
const quietly = <A>(effect: Effect.Effect<A, SqlError.SqlError>): Effect.Effect<A, HistoryStoreError> =>
  Effect.mapError(
    Effect.withTracerEnabled(effect, false),
    (error) => new HistoryStoreError({ message: oneLine(error), cause: error })
  )

const oneLine = (error: SqlError.SqlError): string => {
  const cause: unknown = error.reason.cause
  const why = cause instanceof Error ? cause.message : ""
  const message = String(error.message).split("\n")[0]!
  return why === "" || message.includes(why) ? message : `${message}: ${why.split("\n")[0]!}`
}

/**
 * The layers of a history in a database.
 *
 * @category layers
 * @since 0.1.0
 */
export const SqlHistoryStore: {
  /**
   * Keeps the history in the database of the `SqlClient`.
   *
   * **When to use**
   *
   * Use under `HistoryTracker.layerStore`, with `LibsqlClient.layer` or any other `SqlClient`.
   *
   * **Details**
   *
   * When `invoke` has returned, the entry of an asynchronous operation is in the database: with `synchronous = FULL` it
   * survives a power cut, with `NORMAL` the end of the process. Entries of synchronous operations follow behind; `flush`
   * waits for them.
   *
   * Several processes may share a database. Every row carries the number of the write that changed it last, ascending in
   * the order of commits; before it undoes, redoes or lists anything, a tracker reads what is newer than what it has seen,
   * and takes an entry by a conditional update. (SQLite's `PRAGMA data_version` would only tell that something changed, and
   * only per connection; a time stamp would not ascend.)
   *
   * **Gotchas**
   *
   * Inside a transaction of the same client the entry cannot be written before that ends: it is written behind, and stays
   * when the transaction is rolled back. Invoke outside of it, or use `joinTransaction`.
   *
   * @since 0.1.0
   */
  readonly layer: Layer.Layer<HistoryStore, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient>
  /** The same with options. */
  readonly layerWith: (
    options: SqlHistoryStoreOptions
  ) => Layer.Layer<HistoryStore, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient>
  /** The backend alone, whose tables are there. */
  readonly make: (
    options?: SqlHistoryStoreOptions
  ) => Effect.Effect<HistoryStoreBackend, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient>
} = {
  layer: Layer.effect(HistoryStore, Effect.map(make(), HistoryStore.make)),
  layerWith: (options) => Layer.effect(HistoryStore, Effect.map(make(options), HistoryStore.make)),
  make
}
