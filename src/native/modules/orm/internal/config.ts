/**
 * What the databases of the service `orm` are configured with.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ServiceUnavailable } from "../../../ServiceUnavailable.ts"

/** How many databases, and how many rows of one statement. */
const Limit = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 }))

const Config = Schema.Struct({
  /** Where the files are; without it, databases are in memory. */
  folder: Schema.optionalKey(Schema.NonEmptyString),
  /** The database that is always there. */
  default: Schema.optionalKey(Schema.String.check(Schema.isPattern(/^[a-z0-9][a-z0-9_-]{0,63}$/))),
  /** SQL statements that bring the tables of every database up to date, by `<number>_<words>`. */
  migrations: Schema.optionalKey(Schema.Record(Schema.String, Schema.Array(Schema.String))),
  /** How many databases may be known at once. */
  databases: Schema.optionalKey(Limit),
  /** How many rows a statement may return. */
  rows: Schema.optionalKey(Limit)
})

/** The configuration with its defaults. */
export interface Settings {
  readonly folder: string | undefined
  readonly default: string
  readonly migrations: Readonly<Record<string, ReadonlyArray<string>>>
  databases: number
  rows: number
}

/** Reads the configuration of the service. */
export const settings = (config: Schema.Json): Effect.Effect<Settings, ServiceUnavailable> =>
  Schema.decodeUnknownEffect(Config)(config, { onExcessProperty: "error" }).pipe(
    Effect.map((given) => ({
      folder: given.folder,
      default: given.default ?? "main",
      migrations: given.migrations ?? {},
      databases: given.databases ?? 16,
      rows: given.rows ?? 10_000
    })),
    Effect.mapError((error) =>
      new ServiceUnavailable({
        service: "orm",
        reason: "Refused",
        message: `The config of the service "orm" is wrong: ${error.message.replace(/\s*\n\s*/g, " ")}`
      })
    )
  )
