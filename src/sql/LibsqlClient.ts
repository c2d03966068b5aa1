/**
 * An `effect/sql` `SqlClient` on `@libsql/client`: a file, a database in
 * memory, or a libsql server.
 *
 * It stands in for `@effect/sql-libsql`, whose published builds do not load on
 * Effect 4.1. Stores are written against `SqlClient`; what is named here is
 * needed where a database is opened, and for `batch`. Files and memory are
 * tested everywhere, servers where a libsql server (`sqld`) is installed.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { Reactivity } from "../internal/effect/reactivity.ts"
import { SqlClient, SqlError, Statement } from "../internal/effect/sql.ts"
import type { Driver, DriverConnection, LibsqlResult, TransactionConnection } from "./internal/driver.ts"
import { sqlError } from "./internal/errors.ts"
import * as Local from "./internal/local.ts"
import * as Remote from "./internal/remote.ts"
import * as Target from "./internal/target.ts"
import type { IntMode } from "./internal/values.ts"

export type {
  /**
   * How integers of the database become JavaScript values: as numbers, which
   * fails for those beyond 2^53 - 1, or as bigints.
   *
   * @category models
   * @since 0.1.0
   */
  IntMode,
  /**
   * What a statement did, as `.raw` gives it.
   *
   * @category models
   * @since 0.1.0
   */
  LibsqlResult
}

const TypeId = "~opbus/sql/LibsqlClient"

/**
 * A `SqlClient` for libsql.
 *
 * @category models
 * @since 0.1.0
 */
export interface LibsqlClient extends SqlClient.SqlClient {
  readonly [TypeId]: typeof TypeId
  readonly config: LibsqlClientConfig

  /**
   * Runs statements as one: either all of them take effect, or none.
   *
   * **When to use**
   *
   * Use for many writes whose texts and parameters are known beforehand. A
   * local database runs them in one go, at a fraction of what each costs
   * alone; a server gets them in one request.
   *
   * **Details**
   *
   * The result has the rows of each statement, in order. Inside
   * `withTransaction` the batch belongs to that transaction.
   *
   * **Gotchas**
   *
   * A local database does nothing else meanwhile, and neither does the event
   * loop: a hundred thousand inserts take about half a second.
   * `CurrentTransformer` does not see the statements of a batch.
   */
  readonly batch: <const Statements extends ReadonlyArray<Statement.Statement<any>>>(
    statements: Statements
  ) => Effect.Effect<BatchRows<Statements>, SqlError.SqlError>
}

/**
 * The rows that each statement of a batch returns.
 *
 * @category utility types
 * @since 0.1.0
 */
export type BatchRows<Statements extends ReadonlyArray<Statement.Statement<any>>> = {
  readonly [K in keyof Statements]: Statements[K] extends Statement.Statement<infer A> ? ReadonlyArray<A> : never
}

/**
 * Service tag for the libsql client. `SqlClient.SqlClient` is provided by the
 * same layers.
 *
 * @category services
 * @since 0.1.0
 */
export const LibsqlClient = Context.Service<LibsqlClient>("opbus/sql/LibsqlClient")

/**
 * Where a database is, and how it is treated.
 *
 * @category models
 * @since 0.1.0
 */
export interface LibsqlClientConfig {
  /**
   * A plain path, `file:path`, `:memory:`, or the URL of a server (`libsql:`,
   * `https:`, `http:`, `wss:`, `ws:`). A file that does not exist is made; its
   * folder is not.
   */
  readonly url: string
  /** The token for a server. */
  readonly authToken?: Redacted.Redacted | undefined
  /**
   * What a commit to a file waits for.
   *
   * **Details**
   *
   * - `"FULL"` (default): until the disk has it. What was acknowledged
   *   survives a power cut. A commit costs a sync of the disk, about half a
   *   millisecond on an SSD.
   * - `"NORMAL"`: until the operating system has it. What was acknowledged
   *   survives the end of the process, however it comes; a power cut may take
   *   back the commits since the last checkpoint (about a thousand pages), in
   *   order, and never damages the file. A commit costs some 20 µs.
   */
  readonly synchronous?: "NORMAL" | "FULL" | undefined
  /**
   * How long a statement waits for the lock of another connection or process
   * before it fails with a `LockTimeoutError`; 5 seconds by default. The
   * fibers of one client queue up for each other, without a limit.
   */
  readonly busyTimeout?: Duration.Input | undefined
  /** Opens a file without ever writing to it; it has to exist. */
  readonly readonly?: boolean | undefined
  /** `"number"` by default. `SqlClient.SafeIntegers` asks for bigints in one query. */
  readonly intMode?: IntMode | undefined
  readonly spanAttributes?: Record<string, unknown> | undefined
  readonly transformResultNames?: ((name: string) => string) | undefined
  readonly transformQueryNames?: ((name: string) => string) | undefined
}

/**
 * Opens a client that is closed with its scope.
 *
 * **Details**
 *
 * A file is opened in WAL mode with foreign keys enforced. Reads outside of a
 * transaction have their own connections: they neither wait for a transaction
 * nor see what it has not committed. Writes and transactions take turns on one
 * connection; a transaction begins with the write lock (`BEGIN IMMEDIATE`),
 * unless `SqlClient.BeginTransaction` says otherwise. A database in memory has
 * a single connection, so its reads wait for a transaction, too.
 *
 * **Gotchas**
 *
 * A `PRAGMA` reaches the writing connection only. A server is not asked
 * anything before the first statement.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  config: LibsqlClientConfig
): Effect.fn.Return<LibsqlClient, SqlError.SqlError, Scope.Scope | Reactivity.Reactivity> {
  const driver = yield* makeDriver(config)
  const compiler = Statement.makeCompilerSqlite(config.transformQueryNames)
  const transformRows = config.transformResultNames === undefined
    ? undefined
    : Statement.defaultTransforms(config.transformResultNames).array
  const spanAttributes: Array<[string, unknown]> = [
    ...Object.entries(config.spanAttributes ?? {}),
    ["db.system.name", "sqlite"]
  ]

  // A key of its own: statements of another client must not end up in this one's transaction.
  // `operation/internal/closure.ts` knows the prefix: a handler's statements join its caller's transaction.
  const transactionService = Context.Service<
    SqlClient.TransactionConnection,
    readonly [connection: TransactionConnection, depth: number]
  >(`opbus/sql/LibsqlClient/Transaction/${transactionIds++}`)

  const client = yield* SqlClient.make({
    driver: "libsql",
    compiler,
    spanAttributes,
    transactionService: transactionService as unknown as SqlClient.SqlClient["transactionService"],
    acquirer: Effect.succeed(driver.shared),
    borrower: (use) => use(driver.shared),
    transactionAcquirer: driver.reserve,
    ...(transformRows === undefined ? {} : { transformRows })
  })

  return Object.assign(client, {
    [TypeId]: TypeId,
    config,
    withTransaction: makeWithTransaction(driver, transactionService, spanAttributes),
    batch: makeBatch(driver, transactionService, transformRows)
  }) as LibsqlClient
})

/**
 * Provides a `LibsqlClient`, also as `SqlClient`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (
  config: LibsqlClientConfig
): Layer.Layer<LibsqlClient | SqlClient.SqlClient, SqlError.SqlError> => layerFrom(Effect.succeed(config))

/**
 * Provides a `LibsqlClient`, also as `SqlClient`, whose settings come from a
 * `Config`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig = (
  config: Config.Wrap<LibsqlClientConfig>
): Layer.Layer<LibsqlClient | SqlClient.SqlClient, Config.ConfigError | SqlError.SqlError> =>
  layerFrom(Config.unwrap(config))

const layerFrom = <E>(config: Effect.Effect<LibsqlClientConfig, E>) =>
  Layer.effectContext(
    Effect.map(Effect.flatMap(config, make), (client) =>
      Context.make(LibsqlClient, client).pipe(Context.add(SqlClient.SqlClient, client)))
  ).pipe(Layer.provide(Reactivity.layer))

// === internal

let transactionIds = 0

const makeDriver = (config: LibsqlClientConfig): Effect.Effect<Driver, SqlError.SqlError, Scope.Scope> => {
  const target = Target.parse(config.url)
  const intMode = config.intMode ?? "number"
  switch (target._tag) {
    case "Remote":
      return Remote.make({ url: target.url, authToken: config.authToken, intMode })
    case "File":
    case "Memory":
      return Local.make({
        path: target._tag === "File" ? target.path : undefined,
        readonly: config.readonly ?? false,
        synchronous: config.synchronous ?? "FULL",
        busyTimeout: Duration.fromInputUnsafe(config.busyTimeout ?? "5 seconds"),
        intMode
      })
    case "Invalid":
      return Effect.fail(sqlError(SqlError.ConnectionError, target.message, "open"))
  }
}

type TransactionService = Context.Service<
  SqlClient.TransactionConnection,
  readonly [connection: TransactionConnection, depth: number]
>

const makeWithTransaction = (
  driver: Driver,
  transactionService: TransactionService,
  spanAttributes: ReadonlyArray<readonly [string, unknown]>
): LibsqlClient["withTransaction"] =>
  SqlClient.makeWithTransaction({
    transactionService,
    spanAttributes,
    // begins here and not under `begin`, so that waiting for a lock can be interrupted
    acquireConnection: (restore) =>
      Effect.flatMap(SqlClient.BeginTransaction, (statement) => restore(driver.begin(statement))),
    begin: () => Effect.void,
    // what a failed commit leaves open ends with the scope of the connection
    commit: (connection) => connection.commit,
    rollback: (connection) => connection.rollback,
    savepoint: (connection, id) => control(connection, `SAVEPOINT effect_sql_${id}`),
    releaseSavepoint: (connection, id) => whileOpen(connection, `RELEASE SAVEPOINT effect_sql_${id}`),
    rollbackSavepoint: (connection, id) => whileOpen(connection, `ROLLBACK TO SAVEPOINT effect_sql_${id}`)
  })

const control = (connection: TransactionConnection, sql: string) =>
  Effect.asVoid(connection.executeUnprepared(sql, [], undefined))

// A full disk, for one, makes SQLite end the transaction with all its savepoints.
const whileOpen = (connection: TransactionConnection, sql: string) =>
  Effect.suspend(() => connection.isOpen() ? control(connection, sql) : Effect.void)

const makeBatch = (
  driver: Driver,
  transactionService: TransactionService,
  transformRows: ((rows: ReadonlyArray<object>) => ReadonlyArray<object>) | undefined
) =>
(statements: ReadonlyArray<Statement.Statement<any>>) =>
  Effect.withFiber<ReadonlyArray<ReadonlyArray<object>>, SqlError.SqlError>((fiber) => {
    const transaction = Context.getOrUndefined(fiber.context, transactionService)
    const connection: DriverConnection = transaction === undefined ? driver.shared : transaction[0]
    const compiled = statements.map((statement) => {
      const [sql, params] = statement.compile()
      return { sql, params }
    })
    const results = connection.executeBatch(compiled)
    return transformRows === undefined ? results : Effect.map(results, (results) => results.map(transformRows))
  })
