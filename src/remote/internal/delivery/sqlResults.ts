import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
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
        size INTEGER NOT NULL,
        expires_at ${number} NOT NULL,
        UNIQUE (caller, id)
      )`
    )
  })

/**
 * Answers in a table. Invariants: a row with an owner was begun and has no result; in a joined transaction nobody else
 * ever sees such a row, because it commits together with the handler's writes and the result.
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
    const isPg = sql.onDialectOrElse({ pg: () => true, orElse: () => false })
    const $ = isPg ? (n: number) => `$${n}` : () => "?"

    const insertText = `INSERT INTO ${table} (caller, id, operation, digest, owner, size, expires_at) VALUES (${
      [1, 2, 3, 4, 5].map($).join(", ")
    }, 0, ${$(6)}) ON CONFLICT (caller, id) DO NOTHING RETURNING position`
    const selectText = `SELECT operation, digest, owner, answer, expires_at FROM ${table} WHERE caller = ${
      $(1)
    } AND id = ${$(2)}`
    const takeText = `UPDATE ${table} SET operation = ${$(1)}, digest = ${$(2)}, owner = ${
      $(3)
    }, answer = NULL, size = 0,
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

    const claim = (call: IdempotentCall, digest: string): Effect.Effect<Claimed, OperationError | SqlError.SqlError> =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Effect.flatMap(
          sql.unsafe(insertText, [call.caller, call.idempotencyKey, call.key, digest, owner, now + retention]),
          (inserted) => inserted.length > 0 ? Effect.succeed(claimed) : known(call, digest, now, 0)
        ))

    const take = (call: IdempotentCall, digest: string, now: number, row: Row, again: Effect.Effect<Claimed, any>) =>
      Effect.flatMap(
        sql.unsafe(takeText, [
          call.key,
          digest,
          owner,
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
      now: number,
      tries: number
    ): Effect.Effect<Claimed, OperationError | SqlError.SqlError> =>
      Effect.flatMap(sql.unsafe<Row>(selectText, [call.caller, call.idempotencyKey]), ([row]) => {
        const again = Effect.suspend(() => claim(call, digest))
        if (row === undefined) return again
        if (Number(row.expires_at) <= now) return take(call, digest, now, row, again)
        if (row.operation !== call.key || row.digest !== digest) {
          return Effect.fail(refusal(call.key, { _tag: "IdempotencyConflict" }))
        }
        if (row.owner === null) {
          const exit = row.answer === null
            ? inMemory.get(memoryKey(call))
            : JSON.parse(row.answer) as EncodedExit
          if (exit !== undefined) return Effect.succeed<Claimed>({ _tag: "Known", exit })
        } else if (row.owner !== owner && isAlive(row.owner)) {
          // It runs there. A joined claim is invisible, so no transaction is open here.
          return Effect.delay(
            Effect.flatMap(Clock.currentTimeMillis, (now) => known(call, digest, now, tries + 1)),
            Math.min(500, 20 * 2 ** tries)
          )
        }
        return call.idempotent
          ? take(call, digest, now, row, again)
          : Effect.fail(refusal(call.key, { _tag: "Uncertain" }))
      })

    let stored = 0
    const store = (call: IdempotentCall, exit: EncodedExit): Effect.Effect<void, SqlError.SqlError> =>
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
          owner
        ]))
      })

    const forget = (call: IdempotentCall) =>
      Effect.asVoid(sql.unsafe(forgetText, [call.caller, call.idempotencyKey, owner]))

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
          const running = row.owner !== null && (row.owner === owner || isAlive(row.owner))
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

    const joined = (call: IdempotentCall, digest: string, run: Effect.Effect<EncodedExit>, begun: () => void) =>
      sql.withTransaction(
        Effect.flatMap(quietly(claim(call, digest)), (claim) => {
          if (claim._tag === "Known") return Effect.succeed(claim.exit)
          begun()
          // A savepoint: the claim stays when the handler's writes go.
          const handled = sql.withTransaction(Effect.flatMap(
            run,
            (exit) => exit._tag === "Success" ? Effect.succeed(exit) : Effect.fail(new RolledBack({ exit }))
          ))
          const answered = Effect.catchTag(
            handled,
            "RolledBack",
            (failed) => meaningOf(call, failed.exit) === "final" ? Effect.succeed(failed.exit) : Effect.fail(failed)
          )
          return Effect.tap(answered, (exit) => quietly(store(call, exit)))
        })
      ).pipe(
        Effect.tap(pruneSometimes),
        Effect.catchTag("RolledBack", ({ exit }) => Effect.succeed(exit))
      )

    const apart = (call: IdempotentCall, digest: string, run: Effect.Effect<EncodedExit>, begun: () => void) =>
      Effect.flatMap(quietly(claim(call, digest)), (claim) => {
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
      const answer = Effect.catchTag(
        joins(call) ? joined(call, digest, run, begun) : apart(call, digest, run, begun),
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
