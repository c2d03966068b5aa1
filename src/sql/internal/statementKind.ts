/**
 * Tells what a SQL text does to its connection, which decides where a
 * `LibsqlClient` may run it.
 *
 * @since 0.1.0
 */
import { SqlError } from "../../internal/effect/sql.ts"
import { refused, sqlError } from "./errors.ts"

/**
 * - `read`: may run on any connection to the file.
 * - `write`: runs on the writing connection, inside a transaction.
 * - `transaction`: opens or ends a transaction, so it needs a connection of its own.
 * - `session`: runs on the writing connection, outside of a transaction (`PRAGMA`, `VACUUM`, `ATTACH`).
 * - `local`: like `write` or `session`, and what it makes is visible on its connection only.
 * - `empty`, `several`: not one statement.
 */
export type StatementKind = "read" | "write" | "transaction" | "session" | "local" | "empty" | "several"

// White space, comments and empty statements, then the first word.
const leading = /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*([a-z]*)/i
const blank = /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*$/
const token = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?\*\/|;/g
const writingWord = /\b(?:insert|update|delete|replace)\b/i
const temporary = /^\s*create\s+temp(?:orary)?\b/i
const trigger = /^\s*create\s+(?:temp(?:orary)?\s+)?trigger\b/i

/**
 * Classifies one SQL text.
 *
 * **Gotchas**
 *
 * A `WITH` statement that merely mentions a writing word counts as a write:
 * it then waits its turn, and is still right.
 *
 * @category constructors
 * @since 0.1.0
 */
export const classify = (sql: string): StatementKind => {
  const match = leading.exec(sql)!
  const body = sql.slice(match[0].length - match[1]!.length)
  if (!trigger.test(body) && hasSeveral(body)) return "several"
  switch (match[1]!.toLowerCase()) {
    case "select":
    case "values":
    case "explain":
      return "read"
    case "with":
      return writingWord.test(sql) ? "write" : "read"
    case "create":
      return temporary.test(body) ? "local" : "write"
    case "insert":
    case "update":
    case "delete":
    case "replace":
    case "drop":
    case "alter":
    case "analyze":
    case "reindex":
      return "write"
    case "begin":
    case "commit":
    case "end":
    case "rollback":
    case "savepoint":
    case "release":
      return "transaction"
    case "attach":
    case "detach":
      return "local"
    case "":
      return body.length === 0 ? "empty" : "session"
    default:
      return "session"
  }
}

const hasSeveral = (sql: string): boolean => {
  if (!sql.includes(";")) return false
  for (const match of sql.matchAll(token)) {
    if (match[0] === ";") return !blank.test(sql.slice(match.index))
  }
  return false
}

/**
 * Texts beyond this length are not remembered anywhere.
 */
export const maxRememberedText = 16_384

/**
 * Makes a `classify` that remembers the texts it has seen.
 *
 * @category constructors
 * @since 0.1.0
 */
export const makeClassifier = (capacity: number): (sql: string) => StatementKind => {
  const known = new Map<string, StatementKind>()
  return (sql) => {
    const found = known.get(sql)
    if (found !== undefined) return found
    const kind = classify(sql)
    if (sql.length > maxRememberedText) return kind
    if (known.size >= capacity) known.clear()
    known.set(sql, kind)
    return kind
  }
}

/**
 * Returns why a text cannot run at all: the engine would run the first
 * statement and drop the others without a word.
 *
 * @category error handling
 * @since 0.1.0
 */
export const problemOf = (kind: StatementKind): SqlError.SqlError | undefined => {
  switch (kind) {
    case "empty":
      return syntaxError("the SQL text holds no statement")
    case "several":
      return syntaxError("the SQL text holds more than one statement: run them one by one, or use batch")
    default:
      return undefined
  }
}

/**
 * Returns why a text cannot run as a statement that stands alone: `BEGIN`
 * would open a transaction on whichever connection happens to be free.
 *
 * @category error handling
 * @since 0.1.0
 */
export const problemAlone = (kind: StatementKind): SqlError.SqlError | undefined =>
  kind === "transaction"
    ? refused("BEGIN, COMMIT and their kin need a connection of their own: use withTransaction")
    : problemOf(kind)

const syntaxError = (message: string) => sqlError(SqlError.SqlSyntaxError, message, "execute")
