/**
 * The databases of the service `orm`, by their names.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { SqlError } from "../../../../internal/effect/sql.ts"
import * as SpecTypes from "../../../../operation/SpecTypes.ts"
import { classify } from "../../../../sql/internal/statementKind.ts"
import type { LibsqlClient, LibsqlResult } from "../../../../sql/LibsqlClient.ts"
import { degraded, type HealthStatus, healthy, unhealthy } from "../../../HealthStatus.ts"
import { type PressureLevel, rank } from "../../../PressureLevel.ts"
import type { Settings } from "./config.ts"
import { Database, type Refusal } from "./database.ts"

/** What a statement returned. */
export interface Answer {
  readonly rows: ReadonlyArray<{ readonly [column: string]: Schema.Json }>
  readonly changes: number
}

/** Why a statement was not run, or its answer not given. */
export type ExecuteRefusal =
  | { readonly _tag: "Failed"; readonly refusal: Refusal }
  | { readonly _tag: "NotFound" }
  | { readonly _tag: "ReadOnly"; readonly level: PressureLevel }
  | { readonly _tag: "TooLarge"; readonly limit: number }

/** Why a database is not opened. */
export type OpenRefusal =
  | { readonly _tag: "Failed"; readonly refusal: Refusal }
  | { readonly _tag: "ReadOnly"; readonly level: PressureLevel }
  | { readonly _tag: "TooMany"; readonly limit: number }

/** So many of the last eight statements may meet a database that does not work. */
const tolerated = 2

/** All databases of the service. */
export class Databases {
  readonly settings: Settings
  level: PressureLevel = "normal"
  private readonly files: Option.Option<FileSystem.FileSystem>
  private readonly byName = new Map<string, Database>()

  constructor(settings: Settings, files: Option.Option<FileSystem.FileSystem>) {
    this.settings = settings
    this.files = files
  }

  /** In the order of their names. */
  get all(): ReadonlyArray<Database> {
    return Array.from(this.byName.values()).sort((a, b) => a.name < b.name ? -1 : 1)
  }

  /** A name that is known is opened again when its connection was closed. */
  open(name: string): Effect.Effect<Database, OpenRefusal> {
    return Effect.suspend((): Effect.Effect<Database, OpenRefusal> => {
      const known = this.byName.get(name)
      if (known === undefined && this.level === "critical") {
        return Effect.fail<OpenRefusal>({ _tag: "ReadOnly", level: this.level })
      }
      if (known === undefined && this.byName.size >= this.settings.databases) {
        return Effect.fail<OpenRefusal>({ _tag: "TooMany", limit: this.settings.databases })
      }
      const database = known ?? new Database(name, this.settings, this.level)
      this.byName.set(name, database)
      return database.open.pipe(
        Effect.as(database),
        Effect.mapError((refusal): OpenRefusal => ({ _tag: "Failed", refusal })),
        // A name that never had a database is not known.
        Effect.onError(() =>
          Effect.suspend(() => {
            if (known !== undefined) return Effect.void
            this.byName.delete(name)
            return database.close
          })
        )
      )
    })
  }

  /** Closes a database and forgets its name; `false` when it was not known. */
  close(name: string): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      const database = this.byName.get(name)
      if (database === undefined) return Effect.succeed(false)
      this.byName.delete(name)
      return Effect.as(database.close, true)
    })
  }

  execute(
    name: string,
    sql: string,
    params: ReadonlyArray<Schema.Json>
  ): Effect.Effect<Answer, ExecuteRefusal> {
    return Effect.suspend((): Effect.Effect<Answer, ExecuteRefusal> => {
      const database = this.byName.get(name)
      if (database === undefined) return Effect.fail<ExecuteRefusal>({ _tag: "NotFound" })
      const kind = classify(sql)
      if (kind === "transaction" || kind === "session" || kind === "local") {
        return failed("only queries and changes run here, one at a time: not BEGIN, PRAGMA, ATTACH or VACUUM")
      }
      if (kind === "write" && this.level === "critical") {
        return Effect.fail<ExecuteRefusal>({ _tag: "ReadOnly", level: this.level })
      }
      const at = params.findIndex((param) => typeof param === "object" && param !== null)
      if (at >= 0) return failed(`parameter ${at + 1} is an array or an object; give null, a boolean, a number or text`)
      const run = kind === "write" ? write : read
      return Effect.mapError(
        database.use((client) => run(client, sql, params.map(toBinding), this.settings.rows)),
        (error) => "_tag" in error ? error : { _tag: "Failed" as const, refusal: error }
      )
    })
  }

  get health(): Effect.Effect<HealthStatus> {
    return Effect.gen({ self: this }, function*() {
      for (const database of this.all) {
        const lost = (yield* this.isLost(database)) ? "its file is gone" : yield* database.check
        if (lost !== undefined) return unhealthy(`${database.name}: ${lost}`)
      }
      if (this.byName.get(this.settings.default)?.isOpen !== true) {
        return unhealthy(`${this.settings.default}: it is not open`)
      }
      const failing = this.all.filter(({ recentFailures }) => recentFailures > tolerated)
      return failing.length === 0
        ? healthy
        : degraded(`statements fail lately: ${failing.map(({ name }) => name).join(", ")}`)
    })
  }

  /** Warning: no checkpoints. High: handles that nobody uses are closed. Critical: nothing is written. */
  respond(level: PressureLevel): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.level = level
      return Effect.forEach(this.all, (database) =>
        Effect.andThen(
          database.respond(level),
          // What is only in memory would be lost.
          rank(level) >= rank("high") && !database.isDefault && database.path !== undefined
            ? database.close
            : Effect.void
        ), { discard: true })
    })
  }

  /** Closes every handle but that of the default database; those in memory are lost with it. */
  get shed(): Effect.Effect<void> {
    return Effect.suspend(() => Effect.forEach(this.all, closeUnlessDefault, { discard: true }))
  }

  /** Reconnects to every database, and brings its tables up to date. */
  get heal(): Effect.Effect<boolean> {
    return Effect.gen({ self: this }, function*() {
      let healed = true
      for (const database of this.all) {
        const sound = database.path === undefined && database.isOpen && (yield* database.check) === undefined
        // Reconnecting would lose what is only in memory, so it is done where there is no other way.
        if (sound) continue
        if (Option.isNone(yield* Effect.option(database.reconnect))) healed = false
      }
      return healed
    })
  }

  get shutdown(): Effect.Effect<void> {
    return Effect.suspend(() => Effect.forEach(this.all, (database) => database.close, { discard: true }))
  }

  private isLost(database: Database): Effect.Effect<boolean> {
    const { path } = database
    if (path === undefined || !database.isOpen || Option.isNone(this.files)) return Effect.succeed(false)
    return Effect.match(this.files.value.exists(path), { onFailure: () => true, onSuccess: (there) => !there })
  }
}

const closeUnlessDefault = (database: Database): Effect.Effect<void> =>
  database.isDefault ? Effect.void : database.close

const failed = (reason: string): Effect.Effect<never, ExecuteRefusal> =>
  Effect.fail<ExecuteRefusal>({ _tag: "Failed", refusal: { kind: "other", reason } })

/** Whole numbers are whole in the database as well: SQLite tells 2 from 2.0. */
const toBinding = (value: Schema.Json): Schema.Json | bigint =>
  typeof value === "number" && Number.isSafeInteger(value) && !Object.is(value, -0) ? BigInt(value) : value

type Rows = ReadonlyArray<Record<string, unknown>>

/** Never holds more rows than may be handed out. */
const read = (
  client: LibsqlClient,
  sql: string,
  params: ReadonlyArray<unknown>,
  limit: number
): Effect.Effect<Answer, SqlError.SqlError | ExecuteRefusal> =>
  client.unsafe<Record<string, unknown>>(sql, params).stream.pipe(
    Stream.take(limit + 1),
    Stream.runCollect,
    Effect.flatMap((rows: Rows) => answer(rows, 0, limit))
  )

/** A change that returns too much is taken back. */
const write = (
  client: LibsqlClient,
  sql: string,
  params: ReadonlyArray<unknown>,
  limit: number
): Effect.Effect<Answer, SqlError.SqlError | ExecuteRefusal> => {
  const run = Effect.flatMap(
    client.unsafe(sql, params).raw as Effect.Effect<LibsqlResult, SqlError.SqlError>,
    ({ columns, rows, rowsAffected }) =>
      answer(
        rows.length > limit ?
          rows.map(() => ({})) :
          rows.map((row) => Object.fromEntries(columns.map((column, index) => [column, row[index]]))),
        rowsAffected,
        limit
      )
  )
  return /\breturning\b/i.test(sql) ? client.withTransaction(run) : run
}

const answer = (rows: Rows, changes: number, limit: number): Effect.Effect<Answer, ExecuteRefusal> =>
  rows.length > limit
    ? Effect.fail<ExecuteRefusal>({ _tag: "TooLarge", limit })
    : Effect.succeed({
      rows: rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, toJson(value)]))),
      changes
    })

const toBase64 = Schema.encodeSync(SpecTypes.Bytes)

const toJson = (value: unknown): Schema.Json => {
  switch (typeof value) {
    case "bigint": {
      const number = Number(value)
      return Number.isSafeInteger(number) ? number : value.toString()
    }
    case "number":
      return Number.isFinite(value) ? value : String(value)
    case "string":
      return value
    default:
      return value instanceof Uint8Array ? toBase64(value) : null
  }
}
