/**
 * What the devtools page asks its server for, as operations.
 *
 * They live on a bus of their own, so that they never show in the application's catalogue, timeline or history.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as Operation from "../operation/Operation.ts"
import * as OperationGroup from "../operation/OperationGroup.ts"
import { HistoryEntryMessage } from "../protocol/HistoryEntryMessage.ts"
import * as messages from "./DevtoolsMessages.ts"

const name = Schema.String.check(Schema.isMaxLength(1_000))

/** Whose history it is; `null` is the application's own user. */
const actor = Schema.NullOr(name)

/** Of this scope only; without it of all. */
const scope = Schema.optionalKey(name)

/**
 * Undo or redo came to nothing, or stopped half-way.
 *
 * @category errors
 * @since 0.1.0
 */
export class HistoryFailed
  extends Schema.TaggedError<HistoryFailed>("opbus/devtools/DevtoolsOperations/HistoryFailed")("HistoryFailed", {
    /** The tag of the history error's reason, such as `"Conflict"`; `"NoHistory"` where the application keeps none. */
    reason: Schema.String,
    /** One line. */
    message: Schema.String,
    /** How many entries `devtools.undoTo` had undone before. */
    undone: Schema.Int
  })
{}

/**
 * What was asked of a queued call, or of a service, cannot be done.
 *
 * @category errors
 * @since 0.1.0
 */
export class Refused extends Schema.TaggedError<Refused>("opbus/devtools/DevtoolsOperations/Refused")("Refused", {
  reason: Schema.Literals(["Absent", "NotFound", "MayHaveArrived", "Failed"]),
  /** One line. */
  message: Schema.String
}) {}

/**
 * The operations of the application: now, and after every change.
 *
 * @category operations
 * @since 0.1.0
 */
export class Catalogue extends Operation.make({
  meta: { key: "devtools.catalogue", label: "Operations", description: "The operations of the application." },
  output: messages.Catalogue,
  stream: true
}).annotate(Operation.Readonly, true) {}

/**
 * The history of all actors: now, and after every change.
 *
 * @category operations
 * @since 0.1.0
 */
export class History extends Operation.make({
  meta: { key: "devtools.history", label: "History", description: "The history of all actors." },
  output: messages.History,
  stream: true
}).annotate(Operation.Readonly, true) {}

/**
 * Undoes the newest entry of an actor.
 *
 * @category operations
 * @since 0.1.0
 */
export class Undo extends Operation.make({
  meta: { key: "devtools.undo", label: "Undo", description: "Undoes the newest entry of an actor." },
  input: Schema.Struct({ actor, scope }),
  output: HistoryEntryMessage,
  error: HistoryFailed
}) {}

/**
 * Does again what an actor undid last.
 *
 * @category operations
 * @since 0.1.0
 */
export class Redo extends Operation.make({
  meta: { key: "devtools.redo", label: "Redo", description: "Does again what an actor undid last." },
  input: Schema.Struct({ actor, scope }),
  output: HistoryEntryMessage,
  error: HistoryFailed
}) {}

/**
 * Undoes an actor's entries up to and including one.
 *
 * @category operations
 * @since 0.1.0
 */
export class UndoTo extends Operation.make({
  meta: { key: "devtools.undoTo", label: "Undo to here", description: "Undoes up to and including an entry." },
  input: Schema.Struct({ actor, scope, entryId: name }),
  output: Schema.Array(HistoryEntryMessage),
  error: HistoryFailed
}) {}

/**
 * What the next undo of an actor will take back, or why it cannot.
 *
 * @category operations
 * @since 0.1.0
 */
export class Peek extends Operation.make({
  meta: { key: "devtools.peek", label: "Next undo", description: "What the next undo will take back." },
  input: Schema.Struct({ actor, scope }),
  output: messages.Peek
}).annotate(Operation.Readonly, true) {}

/**
 * Deployments, the outbox and dead letters: now, and after every change.
 *
 * @category operations
 * @since 0.1.0
 */
export class Remote extends Operation.make({
  meta: { key: "devtools.remote", label: "Remote", description: "Deployments, the outbox and dead letters." },
  output: messages.Remote,
  stream: true
}).annotate(Operation.Readonly, true) {}

/**
 * Delivers a dead letter again, behind what waits in its lane.
 *
 * @category operations
 * @since 0.1.0
 */
export class RetryDeadLetter extends Operation.make({
  meta: { key: "devtools.outbox.retry", label: "Retry", description: "Delivers a dead letter again." },
  input: Schema.Struct({ id: name }),
  error: Refused
}) {}

/**
 * Tries all waiting calls now, instead of when their next try is due.
 *
 * @category operations
 * @since 0.1.0
 */
export class DeliverNow extends Operation.make({
  meta: { key: "devtools.outbox.deliver", label: "Deliver now", description: "Tries all waiting calls now." },
  error: Refused
}) {}

/**
 * Forgets a dead letter, or a queued call that cannot have arrived.
 *
 * @category operations
 * @since 0.1.0
 */
export class RemoveCall extends Operation.make({
  meta: { key: "devtools.outbox.remove", label: "Remove", description: "Forgets a queued call or a dead letter." },
  input: Schema.Struct({ id: name }),
  error: Refused
}) {}

/**
 * The native services: now, and every second while somebody listens.
 *
 * @category operations
 * @since 0.1.0
 */
export class Services extends Operation.make({
  meta: { key: "devtools.services", label: "Services", description: "How the services are, and what they measure." },
  output: messages.Services,
  stream: true
}).annotate(Operation.Readonly, true) {}

/**
 * Lets an escalated service take calls again.
 *
 * @category operations
 * @since 0.1.0
 */
export class Reopen extends Operation.make({
  meta: { key: "devtools.reopen", label: "Reopen", description: "Lets an escalated service take calls again." },
  input: Schema.Struct({ service: name }),
  error: Refused
}) {}

/**
 * All of them.
 *
 * @category operations
 * @since 0.1.0
 */
export const Tools = OperationGroup.make(
  Catalogue,
  History,
  Undo,
  Redo,
  UndoTo,
  Peek,
  Remote,
  RetryDeadLetter,
  DeliverNow,
  RemoveCall,
  Services,
  Reopen
)
