/**
 * Migrations as a record of numbered effects, on `effect/sql`'s `Migrator`.
 *
 * Each library that keeps its tables in a database gives its migrations a
 * table of their own, so that several share one file.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import { Migrator, type SqlClient, type SqlError } from "../internal/effect/sql.ts"

/**
 * The migrations of one library.
 *
 * @category models
 * @since 0.1.0
 */
export interface MigrationsOptions {
  /** The table that remembers which migrations have run, such as `myapp_migrations`. */
  readonly table: string
  /**
   * The migrations by their name, `<number>_<words>`. They run in the order of
   * their numbers, which start at 1 and never change.
   */
  readonly migrations: Readonly<Record<string, Effect.Effect<unknown, unknown, SqlClient.SqlClient>>>
}

/**
 * Runs the migrations that have not run yet, all in one transaction, and
 * returns their numbers and names.
 *
 * **Details**
 *
 * A migration that fails undoes those before it. Two processes that start at
 * once run each migration once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function*(
  options: MigrationsOptions
): Effect.fn.Return<
  ReadonlyArray<readonly [id: number, name: string]>,
  Migrator.MigrationError | SqlError.SqlError,
  SqlClient.SqlClient
> {
  for (const name of Object.keys(options.migrations)) {
    // the loader would leave it out without a word
    if (!/^[1-9]\d*_./.test(name)) {
      return yield* new Migrator.MigrationError({
        kind: "BadState",
        message: `the migration "${name}" has no number: call it <number>_<words>, such as "1_create_notes"`
      })
    }
  }
  return yield* Effect.mapError(
    Migrator.make({})({
      table: options.table,
      loader: Migrator.fromRecord(
        options.migrations as Record<string, Effect.Effect<void, unknown, SqlClient.SqlClient>>
      )
    }),
    withCause
  )
})

/**
 * Runs the migrations when the layer is built.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  options: MigrationsOptions
): Layer.Layer<never, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient> =>
  Layer.effectDiscard(run(options))

/** Says in the message why a migration failed, and not only which. */
const withCause = <E extends { readonly _tag: string; readonly message: string; readonly cause?: unknown }>(
  error: E
) => {
  if (!(error instanceof Migrator.MigrationError) || !Predicate.hasProperty(error.cause, "message")) return error
  const { cause, kind, message } = error
  return new Migrator.MigrationError({ cause, kind, message: `${message}: ${String(error.cause.message)}` })
}
