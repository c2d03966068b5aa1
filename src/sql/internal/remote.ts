/**
 * The driver for a libsql server, through the `Client` of `@libsql/client`.
 *
 * Statements that stand alone are requests of their own and run side by side;
 * the transactions of one client run one after the other, because the server
 * would make them wait with its lock anyway, and not for long.
 *
 * @since 0.1.0
 */
import type * as Libsql from "@libsql/client"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { SqlClient, type SqlError } from "../../internal/effect/sql.ts"
import type { Compiled, Driver, DriverConnection, LibsqlResult, Rows, TransactionConnection } from "./driver.ts"
import { type Place, toSqlError } from "./errors.ts"
import { makeClassifier, problemAlone, problemOf, type StatementKind } from "./statementKind.ts"
import { withoutSecrets } from "./target.ts"
import { fromColumn, type IntMode, toBindings } from "./values.ts"

export interface RemoteDriverOptions {
  readonly url: string
  readonly authToken: Redacted.Redacted | undefined
  readonly intMode: IntMode
}

export const make = Effect.fnUntraced(function*(
  options: RemoteDriverOptions
): Effect.fn.Return<Driver, SqlError.SqlError, Scope.Scope> {
  const place: Place = { database: withoutSecrets(options.url) }

  const attempt = <A>(run: () => Promise<A>, operation = "execute"): Effect.Effect<A, SqlError.SqlError> =>
    Effect.tryPromise({ try: run, catch: (cause) => toSqlError(cause, operation, place) })

  const client = yield* Effect.acquireRelease(
    attempt(async () => {
      const { createClient } = await import("@libsql/client")
      return createClient({
        url: options.url,
        // whether a JavaScript number holds an integer can only be told from a bigint
        intMode: "bigint",
        ...(options.authToken === undefined ? {} : { authToken: Redacted.value(options.authToken) })
      })
    }, "open"),
    (client) => Effect.sync(() => client.close())
  )

  const classify = makeClassifier(512)

  const makeConnection = (target: {
    readonly execute: (statement: Libsql.InStatement) => Promise<Libsql.ResultSet>
    readonly batch: (statements: Array<Libsql.InStatement>) => Promise<Array<Libsql.ResultSet>>
    readonly problem: (kind: StatementKind) => SqlError.SqlError | undefined
  }): DriverConnection => {
    const run = <A>(
      sql: string,
      params: ReadonlyArray<unknown>,
      use: (result: Libsql.ResultSet, intMode: IntMode) => A
    ): Effect.Effect<A, SqlError.SqlError> =>
      Effect.withFiber((fiber) => {
        const problem = target.problem(classify(sql))
        if (problem !== undefined) return Effect.fail(problem)
        const intMode = fiber.getRef(SqlClient.SafeIntegers) ? "bigint" : options.intMode
        return attempt(async () => use(await target.execute({ sql, args: toBindings(params) }), intMode))
      })

    const execute: DriverConnection["execute"] = (sql, params, transform) => {
      const rows = run(sql, params, toRows)
      return transform === undefined ? rows : Effect.map(rows, transform)
    }
    const executeValues: DriverConnection["executeValues"] = (sql, params) => run(sql, params, toValues)
    return {
      execute,
      executeUnprepared: execute,
      executeValues,
      executeValuesUnprepared: executeValues,
      executeRaw: (sql, params) => run(sql, params, toResult),
      executeStream: (sql, params, transform) => Stream.fromArrayEffect(execute(sql, params, transform)),
      executeBatch: (statements) =>
        attempt(async () => {
          const results = await target.batch(statements.map(toStatement))
          return results.map((result) => toRows(result, options.intMode))
        }, "batch")
    }
  }

  const lane = Semaphore.makeUnsafe(1)

  const shared = makeConnection({
    execute: (statement) => client.execute(statement),
    batch: (statements) => client.batch(statements, "write"),
    problem: problemAlone
  })

  const begin = Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      yield* restore(lane.takeScoped(1))
      const transaction = yield* attempt(() => client.transaction("write"), "begin")
      // a transaction that was not committed ends with its stream
      yield* Effect.addFinalizer(() => Effect.sync(() => transaction.close()))
      return {
        ...makeConnection({
          execute: (statement) => transaction.execute(statement),
          batch: (statements) => batchWithin(transaction, statements),
          problem: problemOf
        }),
        commit: attempt(() => transaction.commit(), "commit"),
        rollback: Effect.ignore(attempt(() => transaction.rollback(), "rollback")),
        isOpen: () => !transaction.closed
      } satisfies TransactionConnection
    })
  )

  return { shared, reserve: Effect.succeed(shared), begin: () => begin }
})

/** A failed batch leaves nothing behind in the transaction it belongs to. */
const batchWithin = async (transaction: Libsql.Transaction, statements: Array<Libsql.InStatement>) => {
  await transaction.execute("SAVEPOINT opbus_batch")
  try {
    const results = await transaction.batch(statements)
    await transaction.execute("RELEASE opbus_batch")
    return results
  } catch (cause) {
    await transaction.batch(["ROLLBACK TO opbus_batch", "RELEASE opbus_batch"])
    throw cause
  }
}

const toStatement = ({ params, sql }: Compiled): Libsql.InStatement => ({ sql, args: toBindings(params) })

const toValues = (result: Libsql.ResultSet, intMode: IntMode): ReadonlyArray<ReadonlyArray<unknown>> =>
  result.rows.map((row) => Array.from(row as ArrayLike<unknown>, (value) => fromColumn(value, intMode)))

const toRows = (result: Libsql.ResultSet, intMode: IntMode): Rows =>
  toValues(result, intMode).map((values) => Object.fromEntries(values.map((value, i) => [result.columns[i]!, value])))

const toResult = (result: Libsql.ResultSet, intMode: IntMode): LibsqlResult => ({
  columns: result.columns,
  rows: toValues(result, intMode),
  rowsAffected: result.rowsAffected,
  lastInsertRowid: result.lastInsertRowid
})
