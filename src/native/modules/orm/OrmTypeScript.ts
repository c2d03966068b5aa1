import * as Effect from "effect/Effect"
import type * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type { ServiceUnavailable } from "../../ServiceUnavailable.ts"
import * as TypeScriptService from "../../TypeScriptService.ts"
import type { OrmImplementation } from "./OrmService.ts"

/** Makes the service `orm`. Yours to write. */
export const make = (_config: Schema.Json): Effect.Effect<OrmImplementation, ServiceUnavailable, Scope.Scope> =>
  Effect.succeed({
    /** Quick: a late answer counts as unhealthy. */
    health: Effect.succeed({ _tag: "Healthy" }),
    /** warning: reduce what is not essential; high: shed what is optional; critical: keep only what must not be lost. */
    pressureResponse: (_level) => Effect.void,
    /** Drop everything that can be made again. */
    shedLoad: Effect.void,
    /** Bring back what was lost; `false` when that did not succeed. */
    heal: Effect.succeed(true),
    /** Release everything. */
    shutdown: Effect.void,
    /** An object of figures. */
    metrics: Effect.succeed({}),
    /** What can be changed while it runs. */
    parameters: TypeScriptService.noParameters("orm"),
    /** Closes a database and forgets its name; its file stays */
    close: (_params) =>
      Effect.die("orm.close is not implemented yet: write it in src/native/modules/orm/OrmTypeScript.ts"),
    /** Runs one query or one change in a database, as SQL */
    execute: (_params) =>
      Effect.die("orm.execute is not implemented yet: write it in src/native/modules/orm/OrmTypeScript.ts"),
    /** Opens a database by its name and brings its tables up to date */
    openCommand: (_params) =>
      Effect.die("orm.open is not implemented yet: write it in src/native/modules/orm/OrmTypeScript.ts"),
    /** Lists the databases that the service knows, in the order of their names */
    stats: (_params) =>
      Effect.die("orm.stats is not implemented yet: write it in src/native/modules/orm/OrmTypeScript.ts")
  })
