/**
 * The connections to one local database, and who may use them when.
 *
 *     a read ──────────────► an idle reading connection, at once
 *     a write ────┐
 *     a lease ────┴─► lane ──► the writing connection
 *
 * **Invariants**
 *
 * 1. The writing connection belongs to one fiber at a time. While somebody has
 *    it for more than one synchronous step, `held` is set, and everybody else
 *    waits in the lane; a write that stands alone is a single step.
 * 2. A reading connection cannot write (`query_only`), and has no statement in
 *    progress: a stream takes one out for itself.
 * 3. A lock of another process never blocks the event loop: connections do not
 *    wait for it (their busy timeout is 0), fibers do, and can be interrupted.
 * 4. A connection is given back without a transaction. One that cannot be, or
 *    is stuck, is closed, and the next user opens another.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { SqlError } from "../../internal/effect/sql.ts"
import { isBusy, type Place, sqlError, toSqlError } from "./errors.ts"
import { NativeConnection, type NativeDatabase } from "./native.ts"

export interface LocalOptions {
  /** The path of the file; `undefined` for a database in memory. */
  readonly path: string | undefined
  readonly readonly: boolean
  readonly synchronous: "NORMAL" | "FULL"
  readonly busyTimeout: Duration.Duration
}

/**
 * The writing connection in the hands of one fiber.
 */
export interface Lease {
  /** Throws when the client is closed. */
  readonly connection: () => NativeConnection
  readonly isOver: () => boolean
  readonly inTransaction: () => boolean
  /** Rolls back what is open. */
  readonly settle: () => void
}

export interface LocalDatabase {
  readonly inMemory: boolean
  /** Runs one step on the writing connection when it is free. */
  readonly onWriter: <A>(step: (connection: NativeConnection) => A) => Effect.Effect<A, SqlError.SqlError>
  /** Runs one step on a reading connection. */
  readonly onReader: <A>(step: (connection: NativeConnection) => A) => Effect.Effect<A, SqlError.SqlError>
  /** Takes the writing connection until the scope closes. */
  readonly lease: Effect.Effect<Lease, never, Scope.Scope>
  /** Takes a reading connection until the scope closes. */
  readonly takeReader: Effect.Effect<NativeConnection, SqlError.SqlError, Scope.Scope>
  /** Tries until no lock is in the way, or until the busy timeout has passed. */
  readonly patiently: <A>(attempt: () => A, operation?: string) => Effect.Effect<A, SqlError.SqlError>
  /** Tries once. */
  readonly attempt: <A>(attempt: () => A) => Effect.Effect<A, SqlError.SqlError>
}

/** Milliseconds between attempts, as SQLite's own busy handler has them; the last one repeats. */
const delays = [1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100]

const maxIdleReaders = 4

export const open = Effect.fnUntraced(function*(
  options: LocalOptions
): Effect.fn.Return<LocalDatabase, SqlError.SqlError, Scope.Scope> {
  const inMemory = options.path === undefined
  const place: Place = { database: options.path ?? ":memory:", busyTimeout: options.busyTimeout }
  const fail = (cause: unknown, operation = "execute") => Effect.fail(toSqlError(cause, operation, place))
  const connect = yield* connector(options)

  // Locks are let go in real time, whatever clock the program runs on.
  const clock = Clock.Clock.defaultValue()
  const budget = Duration.toMillis(options.busyTimeout)
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)

  const attempt: LocalDatabase["attempt"] = (run) =>
    Effect.suspend(() => {
      try {
        return Effect.succeed(run())
      } catch (cause) {
        return fail(cause)
      }
    })

  const patiently = <A>(run: () => A, operation?: string): Effect.Effect<A, SqlError.SqlError> => {
    const again = (times: number, deadline?: number): Effect.Effect<A, SqlError.SqlError> =>
      Effect.suspend(() => {
        try {
          return Effect.succeed(run())
        } catch (cause) {
          if (!isBusy(cause)) return fail(cause, operation)
          const until = deadline ?? now() + budget
          const left = until - now()
          if (left <= 0) return fail(cause, operation)
          const delay = Math.min(delays[Math.min(times, delays.length - 1)]!, left)
          return Effect.andThen(clock.sleep(Duration.millis(delay)), again(times + 1, until))
        }
      })
    return again(0)
  }

  // === connections

  let closed = false
  let writer: NativeConnection | undefined
  const readers: Array<NativeConnection> = []

  const theWriter = (): NativeConnection => {
    if (closed) throw closedError()
    return writer ??= connect("writer")
  }

  const aReader = (): NativeConnection => {
    if (closed) throw closedError()
    if (readers.length === 0) readers.push(connect("reader"))
    return readers[readers.length - 1]!
  }

  const settleWriter = (): void => {
    if (writer === undefined) return
    writer.settle()
    // a database in memory is its connection, and no lock of others is ever in its way
    if (!writer.stuck || inMemory) return
    writer.close()
    writer = undefined
  }

  // === one step

  const writerStep = <A>(step: (connection: NativeConnection) => A) => (): A => {
    const connection = theWriter()
    try {
      return step(connection)
    } finally {
      if (connection.stuck || connection.inTransaction) settleWriter()
    }
  }

  const readerStep = <A>(step: (connection: NativeConnection) => A) => (): A => {
    const connection = aReader()
    try {
      return step(connection)
    } finally {
      if (connection.stuck) readers.pop()!.close()
    }
  }

  const lane = Semaphore.makeUnsafe(1)
  let held = false

  const inLane = <A>(effect: Effect.Effect<A, SqlError.SqlError>): Effect.Effect<A, SqlError.SqlError> =>
    lane.withPermit(Effect.suspend(() => {
      held = true
      return Effect.onExitPrimitive(effect, () => {
        held = false
        return undefined
      })
    }))

  const onWriter: LocalDatabase["onWriter"] = (step) => {
    const attempt = writerStep(step)
    return Effect.suspend(() => {
      if (held) return inLane(patiently(attempt))
      try {
        return Effect.succeed(attempt())
      } catch (cause) {
        return isBusy(cause) ? inLane(patiently(attempt)) : fail(cause)
      }
    })
  }

  const onReader: LocalDatabase["onReader"] = (step) => patiently(readerStep(step))

  // === several steps

  const lease: LocalDatabase["lease"] = Effect.flatMap(lane.takeScoped(1), () => {
    let over = false
    return Effect.acquireRelease(
      Effect.sync((): Lease => {
        held = true
        return {
          connection: theWriter,
          isOver: () => over,
          inTransaction: () => writer?.inTransaction === true,
          settle: settleWriter
        }
      }),
      () =>
        Effect.sync(() => {
          over = true
          held = false
          settleWriter()
        })
    )
  })

  const takeReader: LocalDatabase["takeReader"] = Effect.acquireRelease(
    patiently(() => {
      const reader = aReader()
      readers.pop()
      return reader
    }),
    (reader) =>
      Effect.sync(() => {
        if (closed || reader.stuck || readers.length >= maxIdleReaders) reader.close()
        else readers.unshift(reader)
      })
  )

  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      closed = true
      for (const reader of readers.splice(0)) reader.close()
      // libsql cannot finalize statements, so SQLite does not see its last connection close
      if (!options.readonly) writer?.checkpoint()
      writer?.close()
      writer = undefined
    })
  )
  yield* patiently(theWriter, "open")

  return { inMemory, onWriter, onReader, lease, takeReader, patiently, attempt }
})

/**
 * Loads the engine and returns how to open a connection that has all its
 * settings.
 *
 * **Details**
 *
 * Connections come from the pool inside `@libsql/client` and not through its
 * `Client`, which prepares a statement anew for every call (an insert takes
 * three times as long), opens connections that no `PRAGMA` has reached, and
 * does not get rid of a stuck one.
 */
const connector = (options: LocalOptions) =>
  Effect.map(
    Effect.tryPromise({ try: () => import("@libsql/client/sqlite3"), catch: missingPackage }),
    ({ ConnectionPool }) => (role: "reader" | "writer"): NativeConnection => {
      const pool = new ConnectionPool(locationOf(options), { timeout: 0 }, 1)
      const database = pool.acquireSync() as unknown as NativeDatabase
      const readonly = options.readonly || role === "reader"
      try {
        database.exec(`PRAGMA foreign_keys = ON; PRAGMA synchronous = ${options.synchronous}`)
        // stays as it is where the file system has no shared memory
        if (!readonly) database.exec("PRAGMA journal_mode = WAL")
        // reads the header: a file that is no database is found out here
        database.exec("SELECT count(*) FROM sqlite_schema")
        if (readonly) database.exec("PRAGMA query_only = ON")
      } catch (cause) {
        database.close()
        throw cause
      }
      return new NativeConnection(database)
    }
  )

const locationOf = ({ path, readonly }: LocalOptions): string => {
  if (path === undefined) return ":memory:"
  // only a URI says that a file must not be created or written
  return readonly ? `file:${encodeURI(path).replace(/[?#]/g, encodeURIComponent)}?mode=ro` : path
}

const missingPackage = (cause: unknown) =>
  sqlError(
    SqlError.ConnectionError,
    "cannot load @libsql/client: install it beside opbus (npm install @libsql/client)",
    "open",
    cause
  )

const closedError = () =>
  sqlError(SqlError.ConnectionError, "this LibsqlClient is closed: its scope has ended", "execute")
