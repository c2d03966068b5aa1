/**
 * Answers in a database, which survive a restart.
 *
 * One table, `<prefix>result`, and one that remembers the migrations: they can share a database with the application. It
 * is written for SQLite (libsql) and works on PostgreSQL.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { Migrator, SqlClient, SqlError } from "../internal/effect/sql.ts"
import { makeOnce } from "./internal/delivery/once.ts"
import { makeSqlResults } from "./internal/delivery/sqlResults.ts"
import { ResultStore, type ResultStoreOptions } from "./ResultStore.ts"

/**
 * How answers are kept in a database.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlResultStoreOptions extends ResultStoreOptions {
  /** What the names of the tables begin with. Default `"opbus_"`. */
  readonly prefix?: string | undefined
  /**
   * Runs the handler and writes its answer in one transaction of the client: where the handler writes through the same
   * `SqlClient`, its effect happens exactly once, wherever the process is killed. A failure rolls the handler's writes
   * back, and is then stored. Default `true`; or a function that says so for a key.
   *
   * **Gotchas**
   *
   * The transaction is open while the handler runs: on SQLite no other call with an idempotency key runs meanwhile, and
   * nothing else is written. Turn it off for handlers that take long and do not write here. A handler that writes to the
   * same file through another client waits for this one's lock, and fails.
   */
  readonly joinTransaction?: boolean | ((key: string) => boolean) | undefined
  /**
   * How often a call is begun that kills the process each time, where it may be begun again at all; then it is refused with
   * `DeadLettered`. Default 3, counted from the second time on, because it takes a death to become careful.
   */
  readonly poisonAttempts?: number | undefined
  /**
   * Tells whether another process that has begun a call still lives: then its answer is waited for. Default: asks the
   * operating system for the process id, which fits as long as all processes are on one machine.
   */
  readonly isAlive?: ((owner: string) => boolean) | undefined
}

/**
 * The layer of a result store in a database.
 *
 * @category layers
 * @since 0.1.0
 */
export const SqlResultStore: {
  /**
   * Remembers answers in the database of the `SqlClient`.
   *
   * **When to use**
   *
   * Use under `OperationServer`, with the `SqlClient` through which the handlers write.
   *
   * @since 0.1.0
   */
  readonly layer: (
    options?: SqlResultStoreOptions
  ) => Layer.Layer<ResultStore, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient>
} = {
  layer: (options = {}) =>
    Layer.effect(
      ResultStore,
      Effect.flatMap(
        makeSqlResults(options),
        (backend) => Effect.map(makeOnce(backend, options), (once) => ResultStore.of({ once }))
      )
    )
}
