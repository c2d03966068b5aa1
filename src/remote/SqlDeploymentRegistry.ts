/**
 * Deployments in a database, which a command line writes and applications read.
 *
 * One table, `<prefix>deployment`, and one that remembers the migrations. It is written for SQLite (libsql) and works on
 * PostgreSQL.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Migrator, SqlClient, type SqlError } from "../internal/effect/sql.ts"
import { Broadcast } from "../operation/internal/broadcast.ts"
import * as DeploymentRecord from "../protocol/DeploymentRecord.ts"
import * as Protocol from "../protocol/Protocol.ts"
import {
  checked,
  type Deployment,
  type DeploymentChange,
  DeploymentRegistry,
  DeploymentRegistryError,
  fromMessage,
  toMessage
} from "./DeploymentRegistry.ts"

/**
 * How deployments are kept in a database.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlDeploymentRegistryOptions {
  /** What the names of the tables begin with. Default `"opbus_"`. */
  readonly prefix?: string | undefined
}

interface Row {
  readonly record: string
}

const parse = Protocol.parse("deployment record", DeploymentRecord.read)

const make = Effect.fnUntraced(function*(options: SqlDeploymentRegistryOptions = {}) {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const prefix = options.prefix ?? "opbus_"
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(prefix)) {
    return yield* Effect.die(
      new TypeError(`SqlDeploymentRegistry: "${prefix}" cannot begin the name of a table. Use letters, digits and "_".`)
    )
  }
  const name = `${prefix}deployment`
  const table = sql(name)
  yield* Migrator.make({})({
    table: `${name}_migrations`,
    loader: Migrator.fromRecord({
      "1_create": Effect.asVoid(sql`CREATE TABLE ${table} (
        operation TEXT NOT NULL,
        version INTEGER NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (operation, version)
      )`)
    })
  })
  const changes = new Broadcast<DeploymentChange>()
  const read = (rows: ReadonlyArray<Row>) =>
    Effect.forEach(
      rows,
      ({ record }) => Effect.mapBoth(parse(record), { onFailure: storeError, onSuccess: fromMessage })
    )
  const versionIs = (version: number | undefined) => version === undefined ? sql`1 = 1` : sql`version = ${version}`

  return DeploymentRegistry.of({
    put: Effect.fnUntraced(function*(deployment) {
      const { key, version } = yield* checked(deployment)
      const record = JSON.stringify(toMessage(deployment))
      yield* quietly(sql`INSERT INTO ${table} (operation, version, record) VALUES (${key}, ${version}, ${record})
        ON CONFLICT (operation, version) DO UPDATE SET record = excluded.record`)
      changes.publish({ _tag: "Deployed", key, version, deployment })
    }),
    find: (key, version) =>
      Effect.map(
        Effect.flatMap(
          quietly(sql<Row>`SELECT record FROM ${table} WHERE operation = ${key} AND ${versionIs(version)}
            ORDER BY version DESC LIMIT 1`),
          read
        ),
        ([deployment]): Deployment | undefined => deployment
      ),
    list: Effect.suspend(() =>
      Effect.flatMap(quietly(sql<Row>`SELECT record FROM ${table} ORDER BY operation, version`), read)
    ),
    remove: Effect.fnUntraced(function*(key, version) {
      const rows = yield* quietly(
        sql<Row & { readonly version: number }>`DELETE FROM ${table} WHERE operation = ${key} AND ${versionIs(version)}
          RETURNING version, record`
      )
      const ordered = rows.toSorted((a, b) => Number(a.version) - Number(b.version))
      for (const row of ordered) {
        changes.publish({ _tag: "Removed", key, version: Number(row.version), deployment: undefined })
      }
      return yield* read(ordered)
    }),
    changes: changes.stream
  })
})

const storeError = (error: { readonly message: string }): DeploymentRegistryError =>
  new DeploymentRegistryError({
    reason: "Store",
    message: `The deployments cannot be read or written: ${String(error.message).split("\n")[0]!.replace(/\.$/, "")}.`,
    cause: error
  })

/** Looking up a deployment is no part of the trace of a call. */
const quietly = <A>(effect: Effect.Effect<A, SqlError.SqlError>): Effect.Effect<A, DeploymentRegistryError> =>
  Effect.mapError(Effect.withTracerEnabled(effect, false), storeError)

/**
 * The layers of a registry in a database.
 *
 * @category layers
 * @since 0.1.0
 */
export const SqlDeploymentRegistry: {
  /**
   * Keeps deployments in the database of the `SqlClient`.
   *
   * **When to use**
   *
   * Use where the deployments of one process, usually `opbus deploy`, are called by another.
   *
   * @since 0.1.0
   */
  readonly layer: Layer.Layer<
    DeploymentRegistry,
    Migrator.MigrationError | SqlError.SqlError,
    SqlClient.SqlClient
  >
  /** The same with options. */
  readonly layerWith: (
    options: SqlDeploymentRegistryOptions
  ) => Layer.Layer<DeploymentRegistry, Migrator.MigrationError | SqlError.SqlError, SqlClient.SqlClient>
} = {
  layer: Layer.effect(DeploymentRegistry, make()),
  layerWith: (options) => Layer.effect(DeploymentRegistry, make(options))
}
