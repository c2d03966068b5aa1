/**
 * How notes are found by their words. What is typed is ranked, not filtered: `note.find` is for that.
 */
import { Schema } from "effect"
import { Operation } from "opbus"
import { DatabaseError } from "../../model.ts"

/** The index cannot be filled or asked now. Memory is scarce, there are too many notes, or its service takes no calls. */
export class NotSearchable extends Schema.TaggedError<NotSearchable>()("NotSearchable", {
  reason: Schema.Literals(["BudgetExceeded", "IndexMissing", "SearchPaused", "ServiceUnavailable"]),
  why: Schema.String
}) {
  override get message() {
    return this.why
  }
}

export class SearchNotes extends Operation.make({
  meta: {
    key: "note.search",
    label: "Search notes",
    description: "Finds the notes that have all these words, or words that begin like them; the best come first."
  },
  input: Schema.Struct({
    query: Schema.String.check(Schema.isMaxLength(2000)),
    /** Only in this collection; `null` for notes that are in none. */
    collection: Schema.optionalKey(Schema.NullOr(Schema.String)),
    /** How many hits at most, 10 when it is left out. */
    limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })))
  }),
  output: Schema.Struct({
    hits: Schema.Array(Schema.Struct({ id: Schema.String, title: Schema.String, score: Schema.Finite })),
    /** How many notes there are in all. */
    total: Schema.Int,
    /** `false` while changes wait to be indexed: memory is scarce, or they are not committed yet. */
    complete: Schema.Boolean
  }),
  error: Schema.Union([NotSearchable, DatabaseError])
}).annotate(Operation.Readonly, true).annotate(Operation.Idempotent, true) {}
