/**
 * Which notes have changed, whoever changed them: an operation, its undo, or another process. The database itself keeps
 * count, in the transaction of the change, so nothing is missed and nothing is noted that was rolled back.
 */
import { Context, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { Migrations } from "opbus/sql"
import { DatabaseService } from "../../DatabaseService.ts"
import { DatabaseError, type Note } from "../../model.ts"

export interface NoteChange {
  /** Later changes have higher numbers. */
  readonly number: number
  readonly id: string
  /** What the note has become; `undefined` when it is gone. */
  readonly note: Pick<Note, "title" | "body" | "tags"> | undefined
}

interface Row {
  readonly number: number
  readonly id: string
  readonly title: string | null
  readonly body: string
  readonly tags: string
}

/** There may be many notes, and long ones. */
const pageSize = 250

export class NoteChanges extends Context.Service<NoteChanges, {
  /** The next changes after that of a number, the oldest first; none when there are no more. Of each note, the last. */
  readonly after: (number: number) => Effect.Effect<ReadonlyArray<NoteChange>, DatabaseError>
  /** Whether whoever asks is inside a transaction, whose changes may still be rolled back. */
  readonly areTentative: Effect.Effect<boolean>
}>()("notebook/NoteChanges") {
  static readonly layer = Layer.effect(
    NoteChanges,
    Effect.gen(function*() {
      yield* DatabaseService // has the table of the notes
      yield* Migrations.run({ table: "search_migrations", migrations: { "1_changes": countChanges } })
      const sql = yield* SqlClient.SqlClient
      return NoteChanges.of({
        after: (number) =>
          Effect.map(
            sql<Row>`SELECT number, note_changes.id, title, body, tags
              FROM note_changes LEFT JOIN notes ON notes.id = note_changes.id
              WHERE number > ${number} ORDER BY number LIMIT ${pageSize}`,
            (rows) =>
              rows.map(({ body, id, number, tags, title }) => ({
                number,
                id,
                note: title === null ? undefined : { title, body, tags: JSON.parse(tags) }
              }))
          ).pipe(Effect.mapError((error) => new DatabaseError({ why: error.message }))),
        areTentative: Effect.map(Effect.serviceOption(sql.transactionService), Option.isSome)
      })
    })
  )
}

const countChanges = Effect.gen(function*() {
  const sql = yield* SqlClient.SqlClient
  yield* sql`CREATE TABLE note_changes (number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE)`
  yield* sql`INSERT INTO note_changes (id) SELECT id FROM notes`
  for (const [event, row] of [["INSERT", "NEW"], ["UPDATE", "NEW"], ["DELETE", "OLD"]]) {
    yield* sql.unsafe(`CREATE TRIGGER note_changes_${event} AFTER ${event} ON notes BEGIN
      DELETE FROM note_changes WHERE id = ${row}.id;
      INSERT INTO note_changes (id) VALUES (${row}.id);
    END`)
  }
})
