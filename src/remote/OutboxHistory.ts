/**
 * Undo and redo of calls that were queued while nobody was there (R4).
 *
 * @since 0.1.0
 */
import type * as Layer from "effect/Layer"
import type { HistoryTracker } from "../history/HistoryTracker.ts"
import type { UndoRegistry } from "../history/UndoRegistry.ts"
import type { OperationInvoker } from "../operation/OperationInvoker.ts"
import type { OperationRegistry } from "../operation/OperationRegistry.ts"
import { queuedHistory } from "./internal/delivery/queuedHistory.ts"
import type { Outbox } from "./Outbox.ts"

/**
 * Makes queued calls undoable.
 *
 * **When to use**
 *
 * Use beside the undo mappings of a client that keeps its own history (`history: "client"` of the transport) and queues
 * calls. Without it a queued call makes no entry.
 *
 * **Details**
 *
 * A queued call whose operation has an undo mapping here is an entry of `HistoryTracker` as soon as it is accepted. Its
 * undo removes it from the queue when it cannot have left; otherwise the inverse is queued behind it, in the same lane,
 * and its input is derived there, from the outcome of the call. So an undo never waits for the other side. A redo queues
 * the call again. With a history and an outbox in a database, all of it also works in a later process.
 *
 * A call that becomes a dead letter has done nothing: its entry goes.
 *
 * **Gotchas**
 *
 * The output is not known when the entry is made: `scope`, `touches` and `message` of the mapping are called without one,
 * and what fails then is left out. `capture` runs when the call is queued, and must give JSON data.
 *
 * No entry is made for calls with `optimistic`, for operations with sensitive fields, and where the server keeps the
 * history. An undo needs the outcome: beyond the option `retention` of the outbox it fails, and the entry goes.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  never,
  never,
  HistoryTracker | OperationInvoker | OperationRegistry | Outbox | UndoRegistry
> = queuedHistory
