/**
 * What `LibsqlClient` needs from a database, near or far.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { SqlConnection, SqlError } from "../../internal/effect/sql.ts"

/**
 * One compiled statement.
 */
export interface Compiled {
  readonly sql: string
  readonly params: ReadonlyArray<unknown>
}

export type Rows = ReadonlyArray<Record<string, unknown>>

/**
 * What a statement did, as `.raw` gives it.
 */
export interface LibsqlResult {
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<unknown>>
  /** How many rows an `INSERT`, `UPDATE` or `DELETE` without `RETURNING` has changed. */
  readonly rowsAffected: number
  readonly lastInsertRowid: bigint | undefined
}

/**
 * A connection that also runs several statements as one.
 */
export interface DriverConnection extends SqlConnection.Connection {
  readonly executeBatch: (statements: ReadonlyArray<Compiled>) => Effect.Effect<ReadonlyArray<Rows>, SqlError.SqlError>
}

/**
 * A connection with an open transaction. When its scope closes, what was not
 * committed is rolled back.
 */
export interface TransactionConnection extends DriverConnection {
  readonly commit: Effect.Effect<void, SqlError.SqlError>
  /** Does nothing if the database has ended the transaction itself. */
  readonly rollback: Effect.Effect<void, SqlError.SqlError>
  readonly isOpen: () => boolean
}

export interface Driver {
  /** Serves statements that stand alone, from any number of fibers at once. */
  readonly shared: DriverConnection
  /** Takes the writing connection until the scope closes. */
  readonly reserve: Effect.Effect<DriverConnection, SqlError.SqlError, Scope.Scope>
  /** Takes the writing connection and begins a transaction on it. */
  readonly begin: (
    statement: string | undefined
  ) => Effect.Effect<TransactionConnection, SqlError.SqlError, Scope.Scope>
}
