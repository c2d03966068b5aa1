import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { HistoryEntry } from "../../history/HistoryEntry.ts"
import type { HistoryError } from "../../history/HistoryError.ts"
import type { HistoryScope, HistoryTracker } from "../../history/HistoryTracker.ts"
import { recent } from "../../history/internal/recent.ts"
import { CurrentActor } from "../../operation/Invocation.ts"
import { fromEntry } from "../../protocol/HistoryEntryMessage.ts"
import type { History, Peek } from "../DevtoolsMessages.ts"
import { HistoryFailed } from "../DevtoolsOperations.ts"
import { live } from "./live.ts"
import type { Tell } from "./tell.ts"
import { oneLine } from "./text.ts"

type Tracker = HistoryTracker["Service"]

/** Whose history, and of which scope. */
interface Asked {
  readonly actor: string | null
  readonly scope?: string
}

/** Of a longer history these are sent. */
const shown = 2_000

/** Many entries are sent less often. */
const spacing = ({ entries }: History): number => entries.length > 500 ? 500 : 200

const absent: History = {
  enabled: false,
  actors: [],
  scopes: [],
  entries: [],
  total: 0,
  problems: [],
  busy: false
}

/**
 * The history of all actors. It is looked at again and again while somebody listens, because other processes may write the
 * same store.
 *
 * @internal
 */
export const history = (tracker: Tracker | undefined): Stream.Stream<History> =>
  tracker === undefined
    ? live({ read: Effect.succeed(absent), changes: [], poll: "1 hour" })
    : live({ read: read(tracker), changes: [tracker.changes], poll: "500 millis", spacing })

const read = (tracker: Tracker): Effect.Effect<History> =>
  Effect.gen(function*() {
    const { actors, entries, total } = yield* recent(tracker, shown)
    const { busy, problems, storeError } = yield* tracker.state
    return {
      enabled: true,
      actors: actors.slice(-shown).map(({ actor, ...counts }) => ({ actor: actor ?? null, ...counts })),
      scopes: Array.from(new Set(entries.flatMap(({ scopes }) => scopes))).sort(),
      entries: entries.map(fromEntry),
      total,
      problems: problems.map(({ kind, key, message }) => ({ kind, key, message: oneLine(message) })),
      // Its text is the database's.
      ...(storeError === undefined
        ? {}
        : { storeError: "The history cannot be written. It is tried again until it can." }),
      busy
    }
  })

/**
 * Undo and redo on behalf of an actor.
 *
 * Invariant: they run in the application's own context, as if its user had asked: not inside the invocation of the
 * devtools, which the tracker would take for a handler that waits for itself.
 *
 * @internal
 */
export const historyTools = (tracker: Tracker | undefined, application: Context.Context<never>, tell: Tell) => {
  const as = <A, E>({ actor }: Asked, effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.updateContext(effect, () => Context.add(application, CurrentActor, actor ?? undefined))

  const ways = ({ scope }: Asked): HistoryScope => scope === undefined ? tracker! : tracker!.scope(scope)

  const failed = (error: HistoryError) =>
    new HistoryFailed({
      reason: error.reason._tag,
      message: oneLine(tell(error)),
      undone: error.undone?.length ?? 0
    })

  const run = <A, B>(
    asked: Asked,
    use: (ways: HistoryScope) => Effect.Effect<A, HistoryError>,
    show: (value: A) => B
  ): Effect.Effect<B, HistoryFailed> =>
    tracker === undefined
      ? Effect.fail(new HistoryFailed({ reason: "NoHistory", message: noHistory, undone: 0 }))
      : Effect.mapBoth(as(asked, Effect.suspend(() => use(ways(asked)))), { onSuccess: show, onFailure: failed })

  const message = (entry: HistoryEntry) => fromEntry(entry)

  const nothing: Peek = { undo: null, blocked: null, redoMessage: null }
  const peek = (asked: Asked): Effect.Effect<Peek> =>
    tracker === undefined ? Effect.succeed(nothing) : as(
      asked,
      Effect.gen(function*() {
        const of = ways(asked)
        const { redoMessage = null } = yield* of.state
        return yield* Effect.match(of.peek, {
          onSuccess: (entry) => ({ undo: message(entry), blocked: null, redoMessage }),
          onFailure: (error) => ({
            undo: null,
            blocked: error.reason._tag === "NothingToUndo" ? null : oneLine(tell(error)),
            redoMessage
          })
        })
      })
    )

  return {
    undo: (asked: Asked) => run(asked, ({ undo }) => undo, message),
    redo: (asked: Asked) => run(asked, ({ redo }) => redo, message),
    undoTo: (asked: Asked & { readonly entryId: string }) =>
      run(asked, ({ undoTo }) => undoTo(asked.entryId), (entries) => entries.map(message)),
    peek
  }
}

const noHistory = "The application keeps no history. Provide HistoryTracker.layer, or Opbus.layer, to it."
