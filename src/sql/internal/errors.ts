/**
 * Turns what libsql throws into a `SqlError` with a reason and one line that
 * says what to do.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import { SqlError } from "../../internal/effect/sql.ts"

/**
 * What a message needs to know about the database it speaks of.
 */
export interface Place {
  /** The path or the URL, without credentials. */
  readonly database: string
  /** How long this side waits for a lock; a server has its own patience. */
  readonly busyTimeout?: Duration.Duration
}

/**
 * Makes a `SqlError` without SQLite's help.
 */
export const sqlError = (
  Reason: new(
    props: { readonly cause: unknown; readonly message: string; readonly operation: string }
  ) => SqlError.SqlErrorReason,
  message: string,
  operation: string,
  cause: unknown = new Error(message)
): SqlError.SqlError => new SqlError.SqlError({ reason: new Reason({ cause, message, operation }) })

/**
 * The error of a statement that cannot run where it was sent.
 */
export const refused = (message: string): SqlError.SqlError => sqlError(SqlError.UnknownError, message, "execute")

/**
 * Whether another connection's lock is in the way, so that waiting may help.
 */
export const isBusy = (cause: unknown): boolean => {
  const code = codeOf(cause)
  return code === "BUSY" || code === "LOCKED"
}

/**
 * Converts anything that libsql or this driver threw.
 */
export const toSqlError = (cause: unknown, operation: string, { busyTimeout, database }: Place): SqlError.SqlError => {
  if (SqlError.isSqlError(cause)) return cause
  const fail = (Reason: Parameters<typeof sqlError>[0], message: string) => sqlError(Reason, message, operation, cause)
  const detail = detailOf(cause)
  switch (codeOf(cause)) {
    case "BUSY":
    case "LOCKED":
      return fail(
        SqlError.LockTimeoutError,
        `${database} is locked by another connection: ` + (busyTimeout === undefined
          ? "try again when it is done"
          : `gave up after ${Duration.format(busyTimeout)}; try again when it is done, or give a longer busyTimeout`)
      )
    case "CONSTRAINT":
      return detail.startsWith(uniqueFailed)
        ? new SqlError.SqlError({
          reason: new SqlError.UniqueViolation({
            cause,
            message: detail,
            operation,
            constraint: detail.slice(uniqueFailed.length).trim()
          })
        })
        : fail(SqlError.ConstraintError, detail)
    case "FULL":
      return fail(SqlError.UnknownError, `no room left for ${database}: make room on the disk and try again`)
    case "IOERR":
      return fail(
        SqlError.UnknownError,
        `reading or writing ${database} failed (${detail}): check the disk and its free space`
      )
    case "CORRUPT":
      return fail(SqlError.UnknownError, `${database} is damaged (${detail}): restore it from a copy`)
    case "READONLY":
      return fail(
        SqlError.AuthorizationError,
        `cannot write to ${database}: the file, its folder or this client is read-only; ` +
          "allow writing there, or give another path"
      )
    case "CANTOPEN":
      return fail(
        SqlError.ConnectionError,
        `cannot open ${database}: its folder is missing or closed to this user, or the path is a folder; ` +
          "create the folder, or give the path of a file"
      )
    case "NOTADB":
      return fail(
        SqlError.ConnectionError,
        `${database} is not a SQLite database: give another path, or move that file away`
      )
    case "URL":
      return fail(
        SqlError.ConnectionError,
        `libsql cannot use the url ${database}: write it as libsql://host, https://host or http://host:port`
      )
    case "UNREACHABLE":
      return fail(
        SqlError.ConnectionError,
        `cannot reach ${database} (${detail}): check the url, the network and that the server runs`
      )
    case "UNAUTHENTICATED":
      return fail(SqlError.AuthenticationError, `${database} refuses the authToken: give a valid one`)
    case "SYNTAX":
      return fail(SqlError.SqlSyntaxError, detail)
    default:
      return fail(SqlError.UnknownError, detail)
  }
}

const uniqueFailed = "UNIQUE constraint failed:"

/** The primary result codes of SQLite, by number, as far as they are told apart here. */
const sqliteCodes = new Map<number, string>([
  [5, "BUSY"],
  [6, "LOCKED"],
  [8, "READONLY"],
  [10, "IOERR"],
  [11, "CORRUPT"],
  [13, "FULL"],
  [14, "CANTOPEN"],
  [19, "CONSTRAINT"],
  [26, "NOTADB"]
])

// Codes of `@libsql/client` that come from the way to the server, not from the server.
const unreachable = /^(?:HRANA_|PROTOCOL_VERSION_ERROR|SERVER_ERROR)/
const syntax = /syntax error|^no such (?:table|column|function|index)|^incomplete input|^unrecognized token/

/** The cause's code: SQLite's primary result code without its prefix, or one of our own. */
const codeOf = (cause: unknown): string | undefined => {
  if (!(cause instanceof Error)) return undefined
  if (Predicate.hasProperty(cause, "rawCode") && typeof cause.rawCode === "number") {
    const code = sqliteCodes.get(cause.rawCode & 0xff)
    if (code !== undefined) return code
  }
  const name = Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : ""
  const primary = /^SQLITE_([A-Z]+)/.exec(name)?.[1]
  if (primary !== undefined && primary !== "ERROR" && primary !== "UNKNOWN") return primary
  if (name.startsWith("URL_")) return "URL"
  if (statusOf(cause) === 401 || statusOf(cause) === 403) return "UNAUTHENTICATED"
  if (unreachable.test(name) || cause.message === "fetch failed") return "UNREACHABLE"
  // the engine reports a failed open in words only
  if (cause.message.startsWith("ConnectionFailed")) return "CANTOPEN"
  return name.startsWith("SQL_") || syntax.test(detailOf(cause)) ? "SYNTAX" : undefined
}

/** The status of the HTTP answer that lies behind an error. */
const statusOf = (cause: Error): unknown =>
  Predicate.hasProperty(cause.cause, "status") ? cause.cause.status : undefined

/** What happened, in one line, without the codes that the server repeats in front. */
const detailOf = (cause: unknown): string => {
  const innermost = cause instanceof Error && cause.cause instanceof Error && cause.message === "fetch failed"
    ? cause.cause
    : cause
  const message = innermost instanceof Error ? innermost.message : String(innermost)
  return message.replace(/^(?:[A-Z_]+: )+/, "").replace(/^SQL(?:ite| input) error: /, "").split("\n", 1)[0]!
}
