/**
 * One database of the service `orm`: a name that stays, and a connection that comes and goes.
 *
 * **Invariants**
 *
 * - `lock` is held while the connection is opened or closed, never while a statement runs.
 * - The connection is not closed under a statement: it goes when the last one is done.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { Reactivity } from "../../../../internal/effect/reactivity.ts"
import { SqlClient, SqlError } from "../../../../internal/effect/sql.ts"
import * as LibsqlClient from "../../../../sql/LibsqlClient.ts"
import * as Migrations from "../../../../sql/Migrations.ts"
import { type PressureLevel, rank } from "../../../PressureLevel.ts"
import type { Settings } from "./config.ts"

/** What kind of refusal it is, as the spec says it. */
export type Problem = "connection" | "constraint" | "locked" | "syntax" | "migration" | "other"

/** A database has refused. */
export interface Refusal {
  readonly kind: Problem
  readonly reason: string
}

interface Handle {
  readonly client: LibsqlClient.LibsqlClient
  readonly scope: Scope.Closeable
}

/** How many of the last statements count for the health. */
const RECENT = 8

/** One database. */
export class Database {
  readonly name: string
  readonly isDefault: boolean
  /** Its path, or `undefined` in memory. */
  readonly path: string | undefined
  statements = 0
  failures = 0
  migrations = 0
  private readonly settings: Settings
  private readonly lock = Semaphore.makeUnsafe(1)
  private handle: Handle | undefined
  private running = 0
  private closeWhenIdle = false
  private level: PressureLevel
  /** Whether each of the last statements met a database that works; mistakes in a statement are not its fault. */
  private readonly recent: Array<boolean> = []

  constructor(name: string, settings: Settings, level: PressureLevel) {
    this.name = name
    this.settings = settings
    this.level = level
    this.isDefault = name === settings.default
    this.path = settings.folder === undefined ? undefined : `${settings.folder}/${name}.db`
  }

  /** What it is called in messages: the path stays inside. */
  get file(): string {
    return this.path === undefined ? ":memory:" : `${this.name}.db`
  }

  get isOpen(): boolean {
    return this.handle !== undefined
  }

  /** How many of the last statements met a database that does not work. */
  get recentFailures(): number {
    return this.recent.filter((good) => !good).length
  }

  /** Opens it if it is closed; the first time, its tables are brought up to date. */
  get open(): Effect.Effect<void, Refusal> {
    return Semaphore.withPermit(this.lock, this.openNow(this.migrations === 0))
  }

  /** Runs something on the connection, which is opened for it if need be. */
  use<A, E>(
    run: (client: LibsqlClient.LibsqlClient) => Effect.Effect<A, E>
  ): Effect.Effect<A, Exclude<E, SqlError.SqlError> | Refusal> {
    return Effect.acquireUseRelease(
      Semaphore.withPermit(this.lock, Effect.map(this.openNow(false), (client) => (this.running++, client))),
      (client) => this.counted(run(client)),
      () => {
        this.running--
        return this.running === 0 && this.closeWhenIdle ? this.close : Effect.void
      }
    )
  }

  /** Closes the connection; one that statements still use goes with the last of them. */
  get close(): Effect.Effect<void> {
    return Semaphore.withPermit(
      this.lock,
      Effect.suspend(() => {
        this.closeWhenIdle = this.running > 0
        return this.closeWhenIdle ? Effect.void : this.closeNow
      })
    )
  }

  /** Opens a new connection in place of the old one, and brings the tables up to date. */
  get reconnect(): Effect.Effect<void, Refusal> {
    return Semaphore.withPermit(
      this.lock,
      Effect.andThen(this.closeNow, this.openNow(true)).pipe(
        Effect.asVoid,
        Effect.tap(() => Effect.sync(() => this.recent.splice(0)))
      )
    )
  }

  /** Tells the open connection how scarce memory is. */
  respond(level: PressureLevel): Effect.Effect<void> {
    return Semaphore.withPermit(
      this.lock,
      Effect.suspend(() => {
        this.level = level
        return this.handle === undefined ? Effect.void : Effect.ignore(this.adjust(this.handle.client))
      })
    )
  }

  /** Asks the database something that touches its file; `undefined` when all is well. */
  get check(): Effect.Effect<string | undefined> {
    return Effect.suspend(() => {
      if (this.handle === undefined) return Effect.undefined
      return this.handle.client.unsafe("SELECT count(*) FROM sqlite_schema").pipe(
        Effect.as(undefined),
        Effect.catch((error) => Effect.succeed(refusalOf(error).reason))
      )
    })
  }

  private openNow(migrate: boolean): Effect.Effect<LibsqlClient.LibsqlClient, Refusal> {
    return Effect.suspend(() => {
      if (this.handle !== undefined && !migrate) return Effect.succeed(this.handle.client)
      const opened = this.handle === undefined ? this.connect : Effect.succeed(this.handle.client)
      return migrate ? Effect.tap(opened, (client) => this.migrate(client)) : opened
    })
  }

  private get connect(): Effect.Effect<LibsqlClient.LibsqlClient, Refusal> {
    return Effect.uninterruptible(Effect.gen({ self: this }, function*() {
      const scope = yield* Scope.make()
      const client = yield* LibsqlClient.make({
        url: this.path ?? ":memory:",
        synchronous: "NORMAL",
        intMode: "bigint"
      }).pipe(
        Effect.tap((client) => this.adjust(client)),
        Scope.provide(scope),
        Effect.provide(Reactivity.layer),
        Effect.mapError((error): Refusal => ({ ...refusalOf(error), kind: "connection" })),
        Effect.onError(() => Scope.close(scope, Exit.void))
      )
      this.handle = { client, scope }
      return client
    }))
  }

  private get closeNow(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const handle = this.handle
      this.handle = undefined
      this.closeWhenIdle = false
      return handle === undefined ? Effect.void : Scope.close(handle.scope, Exit.void)
    })
  }

  /** Warning: the log is not folded into the file any more, which would touch all its pages. Critical: nothing is written. */
  private adjust(client: LibsqlClient.LibsqlClient): Effect.Effect<void, SqlError.SqlError> {
    const pages = rank(this.level) >= rank("warning") ? 0 : 1000
    const readOnly = this.level === "critical" ? 1 : 0
    return Effect.andThen(
      client.unsafe(`PRAGMA wal_autocheckpoint = ${pages}`),
      client.unsafe(`PRAGMA query_only = ${readOnly}`)
    )
  }

  private migrate(client: LibsqlClient.LibsqlClient): Effect.Effect<void, Refusal> {
    const migrations = Object.fromEntries(
      Object.entries(this.settings.migrations).map(([name, statements]) => [
        name,
        Effect.forEach(statements, (sql) => client.unsafe(sql), { discard: true })
      ])
    )
    if (Object.keys(migrations).length === 0) return Effect.void
    // Healing goes before pressure: without its tables, a database answers nothing.
    const run = Effect.andThen(
      client.unsafe("PRAGMA query_only = 0"),
      Migrations.run({ table: "opbus_orm_migrations", migrations })
    )
    return run.pipe(
      Effect.provideService(SqlClient.SqlClient, client),
      Effect.ensuring(Effect.ignore(this.adjust(client))),
      Effect.andThen(client.unsafe<{ readonly count: bigint }>("SELECT count(*) AS count FROM opbus_orm_migrations")),
      Effect.map((rows) => {
        this.migrations = Number(rows[0]?.count ?? 0)
      }),
      Effect.mapError((error): Refusal => ({ kind: "migration", reason: error.message }))
    )
  }

  private counted<A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, Exclude<E, SqlError.SqlError> | Refusal> {
    return Effect.suspend(() => {
      this.statements++
      return effect
    }).pipe(
      Effect.tap(() => Effect.sync(() => this.remember(true))),
      Effect.mapError((error) => {
        this.failures++
        if (!SqlError.isSqlError(error)) return error as Exclude<E, SqlError.SqlError>
        const refusal = refusalOf(error)
        this.remember(refusal.kind !== "connection" && refusal.kind !== "other")
        return refusal
      })
    )
  }

  private remember(good: boolean): void {
    this.recent.push(good)
    if (this.recent.length > RECENT) this.recent.shift()
  }
}

const kinds: ReadonlyMap<string, Problem> = new Map<string, Problem>([
  ["ConnectionError", "connection"],
  ["UniqueViolation", "constraint"],
  ["ConstraintError", "constraint"],
  ["LockTimeoutError", "locked"],
  ["SqlSyntaxError", "syntax"]
])

/** What the spec says of an error of `effect/sql`. */
const refusalOf = (error: SqlError.SqlError): Refusal => ({
  kind: kinds.get(error.reason._tag) ?? "other",
  reason: error.reason.message ?? error.message
})
