/**
 * The `effect/sql` modules opbus uses, so that an upstream rename costs one
 * file. Types and values, nothing added.
 *
 * @since 0.1.0
 */
export * as Migrator from "effect/sql/Migrator"
export * as SqlClient from "effect/sql/SqlClient"
export * as SqlConnection from "effect/sql/SqlConnection"
export * as SqlError from "effect/sql/SqlError"
export * as Statement from "effect/sql/Statement"
