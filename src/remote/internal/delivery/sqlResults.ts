import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { isProcessAlive, ownerOf } from "../../../history/internal/sqlRows.ts"
import { Migrator, SqlClient, type SqlError } from "../../../internal/effect/sql.ts"
import { outlasting } from "../../../operation/internal/closure.ts"
import type { OperationError } from "../../../operation/OperationError.ts"
import type { EncodedExit, IdempotentCall } from "../../ResultStore.ts"
import type { SqlResultStoreOptions } from "../../SqlResultStore.ts"
import { meaningOf, resultLimits } from "./answer.ts"
import { refusal, type ResultBackend } from "./once.ts"
import { checkedPrefix, oneLine, quietly } from "./sql.ts"

interface Row {
  readonly operation: string
  readonly digest: string
  /** The process that has begun it; null when it is done. */
  readonly owner: string | null
  /** Null also when it is done, and its answer could not be kept. */
  readonly answer: string | null
  /** How often it was begun. */
  readonly tries: number
  readonly expires_at: number | string
}

type Claimed = { readonly _tag: "Claimed" } | { readonly _tag: "Known"; readonly exit: EncodedExit }

/** Fails a transaction whose answer says that nothing happened, or nobody knows what. */
class RolledBack extends Data.TaggedError("RolledBack")<{ readonly exit: EncodedExit }> {}

/** How many answers are stored before the oldest are looked at again. */
const pruneEvery = 64

/** Answers that must not be written: only this process gives them again. */
const keptInMemory = 1_000

const createTable = (name: string) =>
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient
    const [number, position] = sql.onDialectOrElse({
      pg: () => ["BIGINT", "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY"],
      orElse: () => ["INTEGER", "INTEGER PRIMARY KEY"]
    })
    yield* sql.unsafe(
      `CREATE TABLE ${name} (
        position ${position},
        caller TEXT NOT NULL,
        id TEXT NOT NULL,
        operation TEXT NOT NULL,
        digest TEXT NOT NULL,
        owner TEXT,
        answer TEXT,
        tries INTEGER NOT NULL DEFAULT 1,
        size INTEGER NOT NULL,
        expires_at ${number} NOT NULL,
        UNIQUE (caller, id)
      )`
    )
    yield* sql.unsafe(`CREATE TABLE ${name}_process (owner TEXT NOT NULL PRIMARY KEY)`)
  })

/** The owner of a claim whose handler's writes go when the process dies: it may run again. */
const joinedOwner = (owner: string): string => `${owner}~joined`

/** For how long a server that follows one that died writes down what it begins. */
const carefulMillis = 5 * 60_000

/**
 * Answers in a table.
 *
 * Invariants: a row with an owner was begun and has no result. In a joined transaction nobody else sees such a row, because
 * it commits together with the handler's writes and the result; but after a process has died, claims are committed first for
 * a while, one call at a time, so that a call which kills every process that runs it is found out and given up.
 *
 * @internal
 */
export const makeSqlResults = (
  options: SqlResultStoreOptions
): Effect.Effect<
  ResultBackend,
  Migrator.MigrationError | SqlError.SqlError,
  SqlClient.SqlClient | Scope.Scope
> =>
  Effect.gen(function*() {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const scope = yield* Effect.scope
    const table = `${yield* checkedPrefix("SqlResultStore", options.prefix ?? "opbus_")}result`
    yield* Migrator.make({})({
      table: `${table}_migrations`,
      loader: Migrator.fromRecord({ "1_create": createTable(table) })
    })
    const limits = resultLimits(options)
    const retention = Duration.toMillis(Duration.fromInputUnsafe(options.retention ?? "24 hours"))
    const isAlive = options.isAlive ?? isProcessAlive
    const join = options.joinTransaction ?? true
    const joins = (call: IdempotentCall) => typeof join === "function" ? join(call.key) : join
    const owner = ownerOf(globalThis.crypto.randomUUID())
    const maxTries = options.poisonAttempts ?? 3
    const isPg = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
    const $ = isPg ? (n: number) => `$${n}` : () => "?"

    const processes = `${table}_process`
    const others = yield* sql.unsafe<{ readonly owner: string }>(`SELECT owner FROM ${processes}`)
    const dead = others.filter((other) => !isAlive(other.owner))
    for (const other of dead) yield* sql.unsafe(`DELETE FROM ${processes} WHERE owner = ${$(1)}`, [other.owner])
    yield* sql.unsafe(`INSERT INTO ${processes} (owner) VALUES (${$(1)})`, [owner])
    yield* Effect.addFinalizer(() =>
      Effect.ignore(sql.unsafe(`DELETE FROM ${processes} WHERE owner = ${$(1)}`, [owner]))
    )
    const startedAt = yield* Clock.currentTimeMillis
    const isCareful = (now: number) => dead.length > 0 && now < startedAt + carefulMillis
    const oneByOne = Semaphore.makeUnsafe(1)

    const insertText = `INSERT INTO ${table} (caller, id, operation, digest, owner, size, expires_at) VALUES (${
      [1, 2, 3, 4, 5].map($).join(", ")
    }, 0, ${$(6)}) ON CONFLICT (caller, id) DO NOTHING RETURNING position`
    const selectText = `SELECT operation, digest, owner, answer, tries, expires_at FROM ${table} WHERE caller = ${
      $(1)
    } AND id = ${$(2)}`
    const takeText = `UPDATE ${table} SET operation = ${$(1)}, digest = ${$(2)}, owner = ${
      $(3)
    }, answer = NULL, size = 0, tries = CASE WHEN owner IS NULL THEN 1 ELSE tries + 1 END,
      expires_at = ${$(4)} WHERE caller = ${$(5)} AND id = ${$(6)} AND expires_at = ${$(7)} AND coalesce(owner, '') = ${
      $(8)
    } RETURNING position`
    const storeText = `UPDATE ${table} SET owner = NULL, answer = ${$(1)}, size = ${$(2)}, expires_at = ${
      $(3)
    } WHERE caller = ${$(4)} AND id = ${$(5)} AND owner = ${$(6)}`
    const forgetText = `DELETE FROM ${table} WHERE caller = ${$(1)} AND id = ${$(2)} AND owner = ${$(3)}`

    const inMemory = new Map<string, EncodedExit>()
    const memoryKey = (call: IdempotentCall) => `${call.caller.length} ${call.caller} ${call.idempotencyKey}`

    // -----------------------------------------------------------------------
    // statements
    // -----------------------------------------------------------------------

    const claim = (
      call: IdempotentCall,
      digest: string,
      as: string
    ): Effect.Effect<Claimed, OperationError | SqlError.SqlError> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.flatMap(
          sql.unsafe(insertText, [call.caller, call.idempotencyKey, call.key, digest, as, now + retention]),
          (inserted) => inserted.length > 0 ? Effect.succeed(claimed) : known(call, digest, as, now, 0)
        ))

    const take = (
      call: IdempotentCall,
      digest: string,
      as: string,
      now: number,
      row: Row,
      again: Effect.Effect<Claimed, OperationError | SqlError.SqlError>
    ) =>
      Effect.flatMap(
        sql.unsafe(takeText, [
          call.key,
          digest,
          as,
          now + retention,
          call.caller,
          call.idempotencyKey,
          row.expires_at,
          row.owner ?? ""
        ]),
        (taken) => taken.length > 0 ? Effect.succeed(claimed) : again
      )

    const known = (
      call: IdempotentCall,
      digest: string,
      as: string,
      now: number,
      looks: number
    ): Effect.Effect<Claimed, OperationError | SqlError.SqlError> =>
      Effect.flatMap(sql.unsafe<Row>(selectText, [call.caller, call.idempotencyKey]), ([row]) => {
        const again = Effect.suspend(() => claim(call, digest, as))
        if (row === undefined) return again
        if (Number(row.expires_at) <= now) return take(call, digest, as, now, row, again)
        if (row.operation !== call.key || row.digest !== digest) {
          return Effect.fail(refusal(call.key, { _tag: "IdempotencyConflict" }))
        }
        if (row.owner === null) {
          const exit = row.answer === null
            ? inMemory.get(memoryKey(call))
            : JSON.parse(row.answer) as EncodedExit
          if (exit !== undefined) return Effect.succeed<Claimed>({ _tag: "Known", exit })
        } else if (!row.owner.startsWith(owner) && isAlive(row.owner)) {
          // It runs there.
          return Effect.delay(
            Effect.flatMap(Clock.currentTimeMillis, (now) => known(call, digest, as, now, looks + 1)),
            Math.min(500, 20 * 2 ** looks)
          )
        }
        const mayRun = call.idempotent || row.owner?.endsWith(joinedOwner("")) === true
        if (!mayRun) return Effect.fail(refusal(call.key, { _tag: "Uncertain" }))
        return row.owner !== null && row.tries >= maxTries
          ? Effect.fail(refusal(call.key, {
            _tag: "DeadLettered",
            why: `the process that ran it died ${row.tries} times`
          }))
          : take(call, digest, as, now, row, again)
      })

    let stored = 0
    const store = (
      call: IdempotentCall,
      exit: EncodedExit,
      as: string = owner
    ): Effect.Effect<void, SqlError.SqlError> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) => {
        const text = JSON.stringify(exit)
        const kept = call.sensitive !== true && text.length <= limits.answerBytes ? text : null
        if (kept === null) {
          inMemory.set(memoryKey(call), exit)
          if (inMemory.size > keptInMemory) inMemory.delete(inMemory.keys().next().value!)
        }
        return Effect.asVoid(sql.unsafe(storeText, [
          kept,
          kept?.length ?? 0,
          now + retention,
          call.caller,
          call.idempotencyKey,
          as
        ]))
      })

    const forget = (call: IdempotentCall, as: string = owner) =>
      Effect.asVoid(sql.unsafe(forgetText, [call.caller, call.idempotencyKey, as]))

    // -----------------------------------------------------------------------
    // limits
    // -----------------------------------------------------------------------

    /** Rows stand in the order in which they were begun, so the first ones expire first. */
    const prune = Effect.gen(function*() {
      const now = yield* Clock.currentTimeMillis
      const [total] = yield* sql.unsafe<{ readonly count: number | string; readonly bytes: number | string }>(
        `SELECT count(*) AS count, coalesce(sum(size), 0) AS bytes FROM ${table}`
      )
      let count = Number(total!.count)
      let bytes = Number(total!.bytes)
      while (true) {
        const oldest = yield* sql.unsafe<{
          readonly position: number | string
          readonly owner: string | null
          readonly size: number
          readonly expires_at: number | string
        }>(`SELECT position, owner, size, expires_at FROM ${table} ORDER BY position LIMIT 500`)
        const gone: Array<number | string> = []
        for (const row of oldest) {
          const running = row.owner !== null && (row.owner.startsWith(owner) || isAlive(row.owner))
          if (running) continue
          if (Number(row.expires_at) > now && count <= limits.count && bytes <= limits.bytes) break
          gone.push(row.position)
          count--
          bytes -= row.size
        }
        if (gone.length === 0) return
        yield* sql.unsafe(`DELETE FROM ${table} WHERE position IN (${gone.map((_, i) => $(i + 1)).join(", ")})`, gone)
        if (gone.length < oldest.length) return
      }
    }).pipe(
      quietly,
      Effect.catch((error) => Effect.logWarning(`The oldest answers could not be removed: ${oneLine(error)}`))
    )

    const pruneSometimes = Effect.suspend(() =>
      ++stored % pruneEvery === 1 ? Effect.forkIn(Effect.updateContext(prune, outlasting), scope) : Effect.void
    )

    // -----------------------------------------------------------------------
    // running
    // -----------------------------------------------------------------------

    /** A savepoint: the claim stays when the handler's writes go. */
    const handled = (call: IdempotentCall, run: Effect.Effect<EncodedExit>, as: string) =>
      sql.withTransaction(Effect.flatMap(
        run,
        (exit) => exit._tag === "Success" ? Effect.succeed(exit) : Effect.fail(new RolledBack({ exit }))
      )).pipe(
        Effect.catchTag(
          "RolledBack",
          (failed) => meaningOf(call, failed.exit) === "final" ? Effect.succeed(failed.exit) : Effect.fail(failed)
        ),
        Effect.tap((exit) => quietly(store(call, exit, as)))
      )

    const joined = (call: IdempotentCall, digest: string, run: Effect.Effect<EncodedExit>, begun: () => void) =>
      sql.withTransaction(
        Effect.flatMap(quietly(claim(call, digest, owner)), (claim) => {
          if (claim._tag === "Known") return Effect.succeed(claim.exit)
          begun()
          return handled(call, run, owner)
        })
      )

    /** The same with a claim that outlives this process, if it comes to that. */
    const carefully = (call: IdempotentCall, digest: string, run: Effect.Effect<EncodedExit>, begun: () => void) => {
      const as = joinedOwner(owner)
      return oneByOne.withPermit(
        Effect.flatMap(quietly(claim(call, digest, as)), (claim) => {
          if (claim._tag === "Known") return Effect.succeed(claim.exit)
          begun()
          return Effect.onError(
            sql.withTransaction(handled(call, run, as)),
            () => Effect.ignore(quietly(forget(call, as)))
          )
        })
      )
    }

    const apart = (call: IdempotentCall, digest: string, run: Effect.Effect<EncodedExit>, begun: () => void) =>
      Effect.flatMap(quietly(claim(call, digest, owner)), (claim) => {
        if (claim._tag === "Known") return Effect.succeed(claim.exit)
        begun()
        const record = (exit: EncodedExit): Effect.Effect<void> => {
          const meaning = meaningOf(call, exit)
          if (meaning === "unknown") return Effect.void
          return quietly(meaning === "final" ? store(call, exit) : forget(call)).pipe(
            Effect.retry(whenStoreFails),
            Effect.andThen(meaning === "final" ? pruneSometimes : Effect.void),
            // The handler has run: its caller is answered. Delivered again, the call is uncertain.
            Effect.catch((error) => Effect.logError(`An answer of "${call.key}" was not stored: ${oneLine(error)}`)),
            Effect.asVoid
          )
        }
        return Effect.uninterruptibleMask((restore) => Effect.tap(restore(run), record))
      })

    const resolve = (
      call: IdempotentCall,
      digest: string,
      run: Effect.Effect<EncodedExit>,
      begun: () => void
    ): Effect.Effect<EncodedExit, OperationError> => {
      const together = () =>
        Effect.flatMap(
          Clock.currentTimeMillis,
          (now) => isCareful(now) ? carefully(call, digest, run, begun) : joined(call, digest, run, begun)
        ).pipe(
          Effect.tap(pruneSometimes),
          Effect.catchTag("RolledBack", ({ exit }) => Effect.succeed(exit))
        )
      const answer = Effect.catchTag(
        joins(call) ? together() : apart(call, digest, run, begun),
        "SqlError",
        (error) =>
          Effect.fail(refusal(call.key, {
            _tag: "RemoteUnavailable",
            why: `the result store failed, and nothing was done: ${oneLine(error)}`
          }))
      )
      return Effect.contextWith((context: Context.Context<never>) =>
        Option.isSome(Context.getOption(context, sql.transactionService))
          ? Effect.updateContext(answer, outlasting)
          : answer
      )
    }

    return { resolve, isUndone: joins }
  })

const claimed: Claimed = { _tag: "Claimed" }

/** About three seconds: a lock that is held, a disk that is full for a moment. */
const whenStoreFails = Schedule.upTo(Schedule.exponential("50 millis"), { times: 6 })
