/**
 * A queue in a database, which survives the process.
 *
 * Two tables, `<prefix>call` and `<prefix>lease`, and one that remembers the migrations: they can share a database with the
 * application. It is written for SQLite (libsql) and for PostgreSQL.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Migrator, SqlClient, SqlError } from "../internal/effect/sql.ts"
import type { OfflineQueue, RemoteInvoker } from "../operation/RemoteInvoker.ts"
import { makeOutbox } from "./internal/delivery/outboxService.ts"
import { makeSqlOutbox } from "./internal/delivery/sqlOutbox.ts"
import { type Outbox, outboxLayer, type OutboxOptions } from "./Outbox.ts"

/**
 * How a queue is kept in a database.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlOutboxOptions extends OutboxOptions {
  /** What the names of the tables begin with. Default `"opbus_outbox_"`. */
  readonly prefix?: string | undefined
  /**
   * For how long the process that delivers has the lease. One that has died is succeeded after this time, and a second.
   * Default 4 seconds.
   */
  readonly lease?: Duration.Input | undefined
  /** How often a process looks for what others have accepted or ended. Default 1 second. */
  readonly poll?: Duration.Input | undefined
  /**
   * Tells whether another process that has the lease still lives: a dead one is succeeded at once. Default: asks the
   * operating system for the process id, which fits as long as all processes are on one machine.
   */
  readonly isAlive?: ((owner: string) => boolean) | undefined
}

/**
 * The layer of a queue in a database.
 *
 * @category layers
 * @since 0.1.0
 */
export const SqlOutbox: {
  /**
   * Keeps the queue in the database of the `SqlClient`.
   *
   * **When to use**
   *
   * Use wherever an accepted call must not be lost.
   *
   * **Details**
   *
   * `enqueue` returns when the call is committed: with `synchronous = FULL`, the default of `LibsqlClient`, it survives a
   * power cut. Calls that are accepted at the same time share a commit. Inside a transaction of the same client the call
   * belongs to that transaction, and is delivered after its end; or never, when it is rolled back.
   *
   * Several processes may share a database. One of them delivers; when it dies, another one goes on within five seconds.
   *
   * Inputs with fields that are marked as sensitive are refused: they would be stored in clear. Outcomes that hold some are
   * not stored.
   *
   * **Gotchas**
   *
   * Do not wait for a receipt inside the transaction that its call was accepted in: nothing is delivered before that ends.
   *
   * @since 0.1.0
   */
  readonly layer: (options?: SqlOutboxOptions) => Layer.Layer<
    Outbox | OfflineQueue,
    Migrator.MigrationError | SqlError.SqlError,
    SqlClient.SqlClient | RemoteInvoker
  >
} = {
  layer: (options = {}) =>
    outboxLayer(Effect.flatMap(makeSqlOutbox(options), (store) => makeOutbox(store, options, options.poll)))
}
