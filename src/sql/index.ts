/**
 * @since 0.1.0
 */

/**
 * An `effect/sql` `SqlClient` on `@libsql/client`.
 *
 * @since 0.1.0
 */
export * as LibsqlClient from "./LibsqlClient.ts"

/**
 * Migrations as a record of numbered effects.
 *
 * @since 0.1.0
 */
export * as Migrations from "./Migrations.ts"
