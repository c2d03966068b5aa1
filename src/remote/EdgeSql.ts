/**
 * A D1 database of a worker as an `SqlClient`, through `@effect/sql-d1`.
 *
 * @since 0.1.0
 */
import * as D1Client from "@effect/sql-d1/D1Client"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { SqlClient } from "../internal/effect/sql.ts"
import { binding, type BindingError, type Bindings } from "./EdgeWorker.ts"

type Database = D1Client.D1ClientConfig["db"]

const isDatabase = (u: unknown): u is Database => typeof u === "object" && u !== null && "prepare" in u && "batch" in u

/**
 * The database that is bound under a name.
 *
 * **When to use**
 *
 * Use in the Layer that a handler's database service gets on the edge, where a libsql file serves elsewhere.
 *
 * **Gotchas**
 *
 * D1 has no transactions: several statements become one change through `batch` of the `D1Client`, which this provides
 * as well. Migrations are applied with `wrangler d1 migrations apply`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerD1 = (
  name: string
): Layer.Layer<D1Client.D1Client | SqlClient.SqlClient, BindingError, Bindings> =>
  Layer.unwrap(Effect.map(
    binding(name, isDatabase, "a D1 database"),
    (db) => Layer.orDie(D1Client.layer({ db }))
  ))
