import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type HistoryError, isHistoryError } from "../../history/HistoryError.ts"
import type { HistoryScope, HistoryTracker } from "../../history/HistoryTracker.ts"
import { type Guard, trackerInternalsOf } from "../../history/internal/trackerInternals.ts"
import type { Registration } from "../../operation/internal/registration.ts"
import { CurrentActor } from "../../operation/Invocation.ts"
import { OperationError, type OperationErrorReason } from "../../operation/OperationError.ts"
import { fromEntry } from "../../protocol/HistoryEntryMessage.ts"
import * as HistoryErrorMessage from "../../protocol/HistoryErrorMessage.ts"
import { fromState } from "../../protocol/HistoryStateMessage.ts"
import type { Builtin, BuiltinCaller } from "./server.ts"
import * as wire from "./wire.ts"

type Tracker = (typeof HistoryTracker)["Service"]

const name = Schema.String.check(Schema.isMaxLength(1_000))

/** What a client asks for when it uses the history. */
const HistoryRequest = Schema.Struct({
  /** Of this scope only. */
  scope: Schema.optionalKey(name),
  /** Up to which entry `undoTo` goes. */
  entryId: Schema.optionalKey(name),
  /** What of the history is asked for. Default: its state. */
  show: Schema.optionalKey(Schema.Literals(["state", "entries", "peek"]))
})
type HistoryRequest = typeof HistoryRequest.Type

const decode = Schema.decodeUnknownEffect(HistoryRequest)

/**
 * Lets clients use the history of what they have done here.
 *
 * Invariants: a client sees and undoes what its own actor did, never another's (H14), and who has no name has no history;
 * before anything runs the authorizer is asked for the request and for each operation that will run, of the entry that
 * the tracker has chosen; nothing of other actors but the conflict in the way, and no text of a defect or a database, goes
 * over the wire (I2).
 *
 * @internal
 */
export const historyBuiltins = (
  tracker: Tracker | undefined,
  lookup: (key: string) => Registration | undefined
): ReadonlyMap<string, Builtin> => {
  const outward = (error: HistoryError | OperationError) =>
    isHistoryError(error)
      ? HistoryErrorMessage.fromError(error, (key, failure) => lookup(key)?.encodeError(failure))
      : error

  const refused = (key: string, reason: OperationErrorReason) => Exit.fail(new OperationError({ key, reason }))

  /** The history of a caller, with what it asks for. */
  const ask = <A>(
    key: string,
    payload: unknown,
    { actor }: BuiltinCaller,
    answer: (tracker: Tracker, request: HistoryRequest) => A
  ): Effect.Effect<A, OperationError> => {
    if (tracker === undefined) return refused(key, { _tag: "Denied", why: noHistory })
    if (actor === undefined) return refused(key, { _tag: "Denied", why: nobody })
    return Effect.matchEffect(decode(payload ?? {}), {
      onFailure: () => refused(key, { _tag: "InvalidInput", issue: "Expected { scope?, entryId?, show? }", path: [] }),
      onSuccess: (request) => Effect.succeed(answer(tracker, request))
    })
  }

  const single = (
    key: string,
    answer: (
      tracker: Tracker,
      request: HistoryRequest,
      caller: BuiltinCaller
    ) => Effect.Effect<unknown, HistoryError | OperationError>
  ): [string, Builtin] => [key, {
    kind: "history",
    stream: false,
    run: (payload, caller) =>
      Effect.mapError(
        Effect.provideService(
          Effect.flatten(ask(key, payload, caller, (tracker, request) => answer(tracker, request, caller))),
          CurrentActor,
          caller.actor
        ),
        outward
      )
  }]

  /** Undo or redo, authorised as a whole when the entry is known. */
  const replay = <A>(
    tracker: Tracker,
    { scope }: HistoryRequest,
    caller: BuiltinCaller,
    run: (ways: Pick<HistoryScope, "undo" | "redo" | "undoTo">) => Effect.Effect<A, HistoryError>
  ): Effect.Effect<A, HistoryError | OperationError> =>
    Effect.suspend(() => {
      let denied: OperationError | undefined
      const guard: Guard = (entry, direction) => {
        const keys = new Set(entry.steps.map((step) => direction === "undo" ? step.inverse : step.key))
        return Effect.match(Effect.forEach(keys, caller.authorize, { discard: true }), {
          onFailure: (error) => {
            denied = error
            return { _tag: "NotUndoable" as const, entryId: entry.id, why: error.message }
          },
          onSuccess: () => undefined
        })
      }
      return Effect.mapError(
        run(trackerInternalsOf(tracker).guarded(scope, guard)),
        // What `undoTo` had undone before is told.
        (error) => denied !== undefined && (error.undone ?? []).length === 0 ? denied : error
      )
    })

  const { changes, clear, history, redo, undo, undoTo } = wire.builtin
  return new Map([
    single(
      undo,
      (tracker, request, caller) => Effect.map(replay(tracker, request, caller, (ways) => ways.undo), fromEntry)
    ),
    single(
      redo,
      (tracker, request, caller) => Effect.map(replay(tracker, request, caller, (ways) => ways.redo), fromEntry)
    ),
    single(undoTo, (tracker, request, caller) =>
      Effect.map(
        replay(tracker, request, caller, (ways) => ways.undoTo(request.entryId ?? "")),
        (entries) => entries.map(fromEntry)
      )),
    single(history, (tracker, { scope, show }): Effect.Effect<unknown, HistoryError> => {
      const of = scopeOf(tracker, scope)
      return show === "entries"
        ? Effect.map(of.entries, (entries) => entries.map(fromEntry))
        : show === "peek"
        ? Effect.map(of.peek, fromEntry)
        : Effect.map(of.state, fromState)
    }),
    single(clear, (tracker, { scope }) => Effect.as(scopeOf(tracker, scope).clear, null)),
    [changes, {
      kind: "history",
      stream: true,
      run: (payload, caller) =>
        Stream.unwrap(ask(changes, payload, caller, (tracker, { scope }) =>
          scopeOf(tracker, scope).changes.pipe(
            Stream.map(fromState),
            // Others' changes are none of this actor's.
            Stream.changesWith((before, after) => JSON.stringify(before) === JSON.stringify(after)),
            Stream.provideService(CurrentActor, caller.actor)
          )))
    }]
  ])
}

const scopeOf = (tracker: Tracker, scope: string | undefined): HistoryScope =>
  scope === undefined ? tracker : tracker.scope(scope)

const noHistory = "this server keeps no history. Provide a HistoryTracker to its layer"
const nobody =
  "the server does not know whose history it is. Let the client send a session, or let the authorizer name an actor"
