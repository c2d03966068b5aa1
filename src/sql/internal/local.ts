/**
 * The driver for files and for memory.
 *
 * A statement that stands alone goes where its kind allows: a read to a
 * reading connection, where no transaction delays it and none is seen before
 * its end, everything else to the writing connection.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { SqlClient, type SqlError } from "../../internal/effect/sql.ts"
import type { Driver, DriverConnection, TransactionConnection } from "./driver.ts"
import { refused } from "./errors.ts"
import * as LocalDatabase from "./localDatabase.ts"
import type { Call, NativeConnection } from "./native.ts"
import { makeClassifier, problemAlone, problemOf, type StatementKind } from "./statementKind.ts"
import type { IntMode } from "./values.ts"

export interface LocalDriverOptions extends LocalDatabase.LocalOptions {
  readonly intMode: IntMode
}

type Row = Record<string, unknown>

/** Finds the connection for a kind of statement, and runs one step on it. */
type Run = <A>(kind: StatementKind, step: (connection: NativeConnection) => A) => Effect.Effect<A, SqlError.SqlError>

const streamedRows = 256

export const make = Effect.fnUntraced(function*(
  options: LocalDriverOptions
): Effect.fn.Return<Driver, SqlError.SqlError, Scope.Scope> {
  const database = yield* LocalDatabase.open(options)
  const classify = makeClassifier(512)

  // What is temporary or attached exists on the writing connection only.
  let readsFollowWriter = database.inMemory

  /** Makes the call of a statement, unless it cannot run. */
  const withCall = <A>(
    sql: string,
    params: ReadonlyArray<unknown>,
    keep: boolean,
    use: (call: Call) => Effect.Effect<A, SqlError.SqlError>
  ) =>
    Effect.withFiber<A, SqlError.SqlError>((fiber) => {
      const kind = classify(sql)
      const problem = problemOf(kind)
      if (problem !== undefined) return Effect.fail(problem)
      if (kind === "local") readsFollowWriter = true
      const intMode = fiber.getRef(SqlClient.SafeIntegers) ? "bigint" : options.intMode
      return use({ sql, params, kind, keep, intMode })
    })

  const makeConnection = (
    run: Run,
    stream: (call: Call) => Stream.Stream<Row, SqlError.SqlError>
  ): DriverConnection => ({
    execute: (sql, params, transform) => withCall(sql, params, true, (call) => run(call.kind, rowsOf(call, transform))),
    executeUnprepared: (sql, params, transform) =>
      withCall(sql, params, false, (call) => run(call.kind, rowsOf(call, transform))),
    executeRaw: (sql, params) =>
      withCall(sql, params, true, (call) => run(call.kind, (connection) => connection.result(call))),
    executeValues: (sql, params) =>
      withCall(sql, params, true, (call) => run(call.kind, (connection) => connection.values(call))),
    executeValuesUnprepared: (sql, params) =>
      withCall(sql, params, false, (call) => run(call.kind, (connection) => connection.values(call))),
    executeStream: (sql, params, transform) => {
      const rows = Stream.unwrap(withCall(sql, params, false, (call) => Effect.succeed(stream(call))))
      return transform === undefined ? rows : Stream.mapArray(rows, transform as any)
    },
    executeBatch: Effect.fnUntraced(function*(statements) {
      const calls: Array<Call> = []
      for (const { params, sql } of statements) {
        const call = yield* withCall(sql, params, true, Effect.succeed)
        if (call.kind === "transaction") {
          return yield* refused("a batch is a transaction already: it cannot hold another one")
        }
        calls.push(call)
      }
      return yield* run("write", (connection) => connection.together(() => calls.map((call) => connection.rows(call))))
    })
  })

  // === statements that stand alone

  const runShared: Run = (kind, step) => {
    if (kind === "read" && !readsFollowWriter) return database.onReader(step)
    const problem = problemAlone(kind)
    return problem === undefined ? database.onWriter(step) : Effect.fail(problem)
  }

  const shared = makeConnection(
    runShared,
    (call) =>
      call.kind === "read" && !readsFollowWriter
        ? Stream.unwrap(Effect.map(database.takeReader, (reader) => streamFrom(() => reader, call)))
        : Stream.fromArrayEffect(runShared(call.kind, rowsOf(call)))
  )

  /** Streams the rows of a statement, which is in progress meanwhile. */
  const streamFrom = (connection: () => NativeConnection, call: Call): Stream.Stream<Row, SqlError.SqlError> =>
    Stream.unwrap(
      Effect.map(
        Effect.acquireRelease(
          database.attempt(() => connection().iterate(call)),
          (cursor) => Effect.sync(cursor.end)
        ),
        (cursor) =>
          Stream.paginate(undefined, () =>
            database.attempt(() => {
              connection()
              const rows = cursor.next(streamedRows)
              return [rows, rows.length < streamedRows ? Option.none() : Option.some(undefined)] as const
            }))
      )
    )

  // === transactions and reserved connections

  const leased = (lease: LocalDatabase.Lease, begun: boolean): DriverConnection => {
    // asked in the very step that uses it: a fiber may outlive its transaction
    const connection = (): NativeConnection => {
      if (lease.isOver()) {
        throw refused("this transaction or reserved connection is over: its statement came too late")
      }
      if (begun && !lease.inTransaction()) throw rolledBack()
      return lease.connection()
    }
    // In a transaction the lock is ours already, or waiting for it could be a deadlock.
    const attempt = begun ? database.attempt : database.patiently
    const run: Run = (_, step) => attempt(() => step(connection()))
    return makeConnection(
      run,
      (call) =>
        call.kind === "read" ? streamFrom(connection, call) : Stream.fromArrayEffect(run(call.kind, rowsOf(call)))
    )
  }

  const begin = (statement: string) =>
    Effect.flatMap(database.lease, (lease) =>
      Effect.as(
        database.patiently(() => lease.connection().exec(statement)),
        {
          ...leased(lease, true),
          commit: database.patiently(() => {
            if (!lease.inTransaction()) throw rolledBack()
            lease.connection().exec("COMMIT")
          }),
          rollback: Effect.sync(lease.settle),
          isOpen: lease.inTransaction
        } satisfies TransactionConnection
      ))

  return {
    shared,
    reserve: Effect.map(database.lease, (lease) => leased(lease, false)),
    begin: (statement) => begin(statement ?? (options.readonly ? "BEGIN" : "BEGIN IMMEDIATE"))
  }
})

const rowsOf = (call: Call, transform?: Parameters<DriverConnection["execute"]>[2]) =>
  transform === undefined
    ? (connection: NativeConnection) => connection.rows(call)
    : (connection: NativeConnection) => transform(connection.rows(call))

const rolledBack = () => refused("the database has rolled this transaction back: nothing of it was kept")
