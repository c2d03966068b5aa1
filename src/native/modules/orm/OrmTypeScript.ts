/**
 * The service `orm`: databases by their names, over the libsql client of `opbus/sql`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as Schema from "effect/Schema"
import { ParameterRefused } from "../../ManagedService.ts"
import { rank } from "../../PressureLevel.ts"
import { ServiceUnavailable } from "../../ServiceUnavailable.ts"
import * as Config from "./internal/config.ts"
import type { Database } from "./internal/database.ts"
import { Databases, type ExecuteRefusal, type OpenRefusal } from "./internal/databases.ts"
import { DefaultDatabase } from "./OrmClose.ts"
import * as Execute from "./OrmExecute.ts"
import * as Open from "./OrmOpen.ts"
import type { OrmImplementation } from "./OrmService.ts"

/**
 * Makes the service `orm`.
 *
 * **When to use**
 *
 * `OrmService.layer` calls it.
 *
 * **Details**
 *
 * The config is `{ folder?, default?, migrations?, databases?, rows? }`. Without a folder, databases are in memory. With a
 * `FileSystem` around, a file that somebody removes makes the service unhealthy.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  config: Schema.Json
): Effect.fn.Return<OrmImplementation, ServiceUnavailable> {
  const settings = yield* Config.settings(config)
  const databases = new Databases(settings, yield* Effect.serviceOption(FileSystem.FileSystem))
  yield* Effect.mapError(databases.open(settings.default), (refusal) =>
    new ServiceUnavailable({
      service: "orm",
      reason: "Refused",
      message: `The service "orm" cannot open its default database: ${
        refusal._tag === "Failed" ? refusal.refusal.reason : refusal._tag
      }`
    }))
  return {
    health: databases.health,
    pressureResponse: (level) => databases.respond(level),
    shedLoad: databases.shed,
    heal: databases.heal,
    shutdown: databases.shutdown,
    metrics: Effect.sync(() => metrics(databases)),
    metricPrefix: "orm",
    parameters: parameters(settings),
    // Reads go on when memory is critical; what writes refuses by itself.
    admitsAtCritical: ["execute", "stats", "close"],
    openCommand: ({ name }) =>
      databases.open(name).pipe(
        Effect.map((database) => ({ database: info(database) })),
        Effect.mapError((refusal) => openFailure(name, refusal))
      ),
    close: ({ name }) =>
      name === settings.default
        ? Effect.fail(new DefaultDatabase({ name }))
        : Effect.map(databases.close(name), (closed) => ({ closed })),
    execute: ({ database, params, sql }) =>
      Effect.mapError(databases.execute(database, sql, params), (refusal) => executeFailure(database, refusal)),
    stats: () =>
      Effect.sync(() => ({
        databases: databases.all.map(info),
        level: databases.level,
        checkpoints: rank(databases.level) < rank("warning"),
        readOnly: databases.level === "critical"
      }))
  }
})

const info = ({ failures, file, isDefault, isOpen, migrations, name, statements }: Database): Open.DatabaseInfo => ({
  name,
  file,
  isDefault,
  open: isOpen,
  migrations,
  statements,
  failures
})

const openFailure = (name: string, refusal: OpenRefusal) => {
  switch (refusal._tag) {
    case "Failed":
      return new Open.DatabaseFailed({ name, ...refusal.refusal })
    case "ReadOnly":
      return new Open.ReadOnlyNow({ name, level: refusal.level })
    case "TooMany":
      return new Open.TooManyDatabases({ limit: refusal.limit })
  }
}

const executeFailure = (name: string, refusal: ExecuteRefusal) => {
  switch (refusal._tag) {
    case "Failed":
      return new Execute.DatabaseFailed({ name, ...refusal.refusal })
    case "NotFound":
      return new Execute.DatabaseNotFound({ name })
    case "ReadOnly":
      return new Execute.ReadOnlyNow({ name, level: refusal.level })
    case "TooLarge":
      return new Execute.ResultTooLarge({ name, limit: refusal.limit })
  }
}

const metrics = ({ all }: Databases): Schema.Json => ({
  databases: all.length,
  open: all.filter(({ isOpen }) => isOpen).length,
  statements: all.reduce((sum, { statements }) => sum + statements, 0),
  failures: all.reduce((sum, { failures }) => sum + failures, 0)
})

const descriptions: ReadonlyMap<string, string> = new Map([
  ["databases", "How many databases may be known at once"],
  ["rows", "How many rows a statement may return"]
])

const parameters = (settings: Config.Settings): NonNullable<OrmImplementation["parameters"]> => ({
  list: Effect.succeed(Array.from(descriptions, ([name, description]) => ({ name, description }))),
  get: (name) => Effect.sync(() => name === "databases" || name === "rows" ? settings[name] : undefined),
  set: (name, value) =>
    Effect.suspend(() => {
      const refuse = (message: string) =>
        Effect.fail(new ParameterRefused({ service: "orm", parameter: name, message }))
      if (name !== "databases" && name !== "rows") return refuse(`orm has no parameter "${name}"`)
      if (typeof value !== "number" || !Number.isInteger(value) || value < 1 || value > 1_000_000) {
        return refuse(`${name} is a whole number from 1 to 1000000`)
      }
      settings[name] = value
      return Effect.void
    })
})
