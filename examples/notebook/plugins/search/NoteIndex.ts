/**
 * The notes in the search service. The index lives in memory, so it begins empty; it is brought up to date when somebody
 * searches, and what nobody looks for is never indexed.
 */
import { Context, Effect, Layer, Semaphore } from "effect"
import type { BudgetExceeded, UnknownField } from "opbus/native/modules/search/SearchAdd"
import { SearchService } from "opbus/native/modules/search/SearchService"
import type { ServiceUnavailable } from "opbus/native/ServiceUnavailable"
import type { DatabaseError } from "../../model.ts"
import { type NoteChange, NoteChanges } from "./NoteChanges.ts"

/** The service takes no more of one field. */
const longest = 1_048_576

const documentOf = ({ id, note }: NoteChange) =>
  note === undefined ? [] : [{
    id,
    fields: {
      title: note.title,
      body: note.body.slice(0, longest).toWellFormed(),
      tags: note.tags.join(" ")
    }
  }]

export class NoteIndex extends Context.Service<NoteIndex, {
  /**
   * Indexes what has changed since the last time, and says whether that was all of it. A failure, or an interruption, leaves
   * nothing out: the next time begins where this one has got to.
   */
  readonly catchUp: Effect.Effect<boolean, DatabaseError | BudgetExceeded | UnknownField | ServiceUnavailable>
}>()("notebook/NoteIndex") {
  static readonly layer = Layer.effect(
    NoteIndex,
    Effect.gen(function*() {
      const changes = yield* NoteChanges
      const { commands } = yield* SearchService
      const one = yield* Semaphore.make(1)
      /** The number of the last change that is in the index. */
      let indexed = 0

      const indexPages = Effect.gen(function*() {
        for (;;) {
          const page = yield* changes.after(indexed)
          if (page.length === 0) return
          const gone = page.filter(({ note }) => note === undefined)
          yield* commands.remove({ ids: gone.map(({ id }) => id) })
          yield* commands.add({ documents: page.flatMap(documentOf) })
          indexed = page.at(-1)!.number
        }
      })

      return NoteIndex.of({
        catchUp: Effect.gen(function*() {
          if (yield* changes.areTentative) return false
          yield* Semaphore.withPermit(one, indexPages)
          return (yield* commands.stats({})).queued === 0
        }).pipe(
          // There is no memory for more now: whoever searches is answered from what there is.
          Effect.catchTags({
            IndexMissing: () => Effect.succeed(false),
            QueueFull: () => Effect.succeed(false),
            SearchPaused: () => Effect.succeed(false)
          })
        )
      })
    })
  )
}
