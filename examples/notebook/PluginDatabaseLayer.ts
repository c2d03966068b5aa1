/**
 * The notebook's `DatabaseService` in SQL: on an embedded libsql file here, on whatever speaks SQLite elsewhere.
 */
import { Effect, Layer } from "effect"
import { SqlClient, type SqlError, type Statement } from "effect/sql"
import { Migrations } from "opbus/sql"
import { type CollectionFilter, DatabaseService, type Filter, type NoteFilter } from "./DatabaseService.ts"
import { type Collection, DatabaseError, type Note } from "./model.ts"

const Schema = Migrations.layer({
  table: "notebook_migrations",
  migrations: {
    "1_notes": Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      yield* sql`CREATE TABLE collections (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID`
      yield* sql`CREATE TABLE notes (
        id TEXT PRIMARY KEY,
        title TEXT NOT NULL,
        body TEXT NOT NULL,
        tags TEXT NOT NULL,
        collection TEXT,
        source TEXT
      )`
      yield* sql`CREATE INDEX notes_collection ON notes (collection)`
    })
  }
})

/** The parameters of one statement are limited. */
const chunkSize = 500

interface NoteRow extends Omit<Note, "type" | "tags"> {
  readonly tags: string
}

const toNote = (row: NoteRow): Note => ({ type: "note", ...row, tags: JSON.parse(row.tags) })
const fromNote = ({ type: _, ...note }: Note) => ({ ...note, tags: JSON.stringify(note.tags) })
const toCollection = (row: Omit<Collection, "type">): Collection => ({ type: "collection", ...row })
const fromCollection = ({ type: _, ...collection }: Collection) => collection

const chunks = <A>(all: ReadonlyArray<A>): ReadonlyArray<[A, ...Array<A>]> =>
  Array.from(
    { length: Math.ceil(all.length / chunkSize) },
    (_, i) => all.slice(i * chunkSize, (i + 1) * chunkSize) as [A, ...Array<A>]
  )

const databaseError = (error: SqlError.SqlError) => new DatabaseError({ why: error.message })

export const PluginDatabaseLayer = Layer.effect(
  DatabaseService,
  Effect.gen(function*() {
    const sql = yield* SqlClient.SqlClient

    /** As JSON, because a list of ids may be longer than what a statement takes as parameters. */
    const isOneOf = (ids: ReadonlyArray<string>) => sql`id IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`

    const conditions = (filter: Filter): Statement.Fragment => {
      const all: Array<Statement.Fragment> = []
      if (filter.ids !== undefined) all.push(isOneOf(filter.ids))
      if (filter.type === "collection") return sql.and(all)
      if (filter.collection !== undefined) all.push(sql`collection IS ${filter.collection}`)
      if (filter.tag !== undefined) all.push(sql`EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ${filter.tag})`)
      if (filter.text !== undefined) {
        const like = `%${filter.text.replaceAll(/[\\%_]/g, "\\$&")}%`
        all.push(sql`(title LIKE ${like} ESCAPE '\\' OR body LIKE ${like} ESCAPE '\\')`)
      }
      return sql.and(all)
    }

    const notes = (filter: NoteFilter) =>
      Effect.map(
        sql<NoteRow>`SELECT id, title, body, tags, collection, source FROM notes WHERE ${conditions(filter)}
          ORDER BY id LIMIT ${filter.limit ?? -1}`,
        (rows) => rows.map(toNote)
      ).pipe(Effect.mapError(databaseError))

    const collections = (filter: CollectionFilter) =>
      Effect.map(
        sql<Omit<Collection, "type">>`SELECT id, name FROM collections WHERE ${conditions(filter)} ORDER BY id`,
        (rows) => rows.map(toCollection)
      ).pipe(Effect.mapError(databaseError))

    const change: DatabaseService["Service"]["change"] = ({ add = [], remove = [] }) =>
      Effect.gen(function*() {
        if (remove.length > 0) {
          yield* sql`DELETE FROM notes WHERE ${isOneOf(remove)}`
          yield* sql`DELETE FROM collections WHERE ${isOneOf(remove)}`
        }
        for (const rows of chunks(add.filter((object) => object.type === "collection").map(fromCollection))) {
          yield* sql`INSERT OR REPLACE INTO collections ${sql.insert(rows)}`
        }
        for (const rows of chunks(add.filter((object) => object.type === "note").map(fromNote))) {
          yield* sql`INSERT OR REPLACE INTO notes ${sql.insert(rows)}`
        }
      }).pipe(sql.withTransaction, Effect.mapError(databaseError))

    return DatabaseService.of({
      add: (...objects) => change({ add: objects }),
      query: (filter: Filter) =>
        (filter.type === "note" ? notes(filter) : collections(filter)) as Effect.Effect<
          ReadonlyArray<any>,
          DatabaseError
        >,
      change
    })
  })
).pipe(Layer.provide(Schema))
