/**
 * How notes are searched for: the service ranks, the database says what they are called and where they are.
 */
import { Effect } from "effect"
import type { BudgetExceeded } from "opbus/native/modules/search/SearchAdd"
import type { IndexMissing, SearchPaused } from "opbus/native/modules/search/SearchQuery"
import { SearchService } from "opbus/native/modules/search/SearchService"
import type { ServiceUnavailable } from "opbus/native/ServiceUnavailable"
import { DatabaseService } from "../../DatabaseService.ts"
import { NoteIndex } from "./NoteIndex.ts"
import { NotSearchable, SearchNotes } from "./operations.ts"

/** As many as the service gives. */
const all = 100_000

const refused = (error: BudgetExceeded | IndexMissing | SearchPaused | ServiceUnavailable) =>
  Effect.fail(
    new NotSearchable({
      reason: error._tag,
      why: error._tag === "BudgetExceeded"
        ? `The notes need more than the ${error.budgetBytes} bytes that their index may take: raise its budgetMb.`
        : error.message
    })
  )

export const SearchHandlers = SearchNotes.toLayer(({ collection, limit = 10, query }) =>
  Effect.gen(function*() {
    const index = yield* NoteIndex
    const search = yield* SearchService
    const db = yield* DatabaseService
    const complete = yield* index.catchUp
    const found = yield* search.commands.query({
      query,
      limit: all,
      combine: "and",
      prefix: true,
      fuzzy: 0,
      boost: { title: 4, tags: 2 }
    })
    const inside = collection === undefined
      ? undefined
      : new Set((yield* db.query({ type: "note", collection })).map(({ id }) => id))
    // Of equals, the service gives the one first that was added first; undo and redo add them in another order.
    const matching = found.hits.filter(({ id }) => inside?.has(id) ?? true)
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
    const best = matching.slice(0, limit)
    const notes = yield* db.query({ type: "note", ids: best.map(({ id }) => id) })
    const titles = new Map(notes.map(({ id, title }) => [id, title]))
    return {
      // A note that is not there any more was removed since.
      hits: best.flatMap(({ id, score }) => {
        const title = titles.get(id)
        return title === undefined ? [] : [{ id, title, score }]
      }),
      total: matching.length,
      complete
    }
  }).pipe(Effect.catchTags({
    BudgetExceeded: refused,
    IndexMissing: refused,
    SearchPaused: refused,
    ServiceUnavailable: refused,
    UnknownField: Effect.die // the fields are those of `layer.ts`
  }))
)
