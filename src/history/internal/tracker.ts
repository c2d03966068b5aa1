import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { internalsOf } from "../../operation/internal/invoker.ts"
import { CurrentActor } from "../../operation/Invocation.ts"
import { HistoryError } from "../HistoryError.ts"
import type { HistoryState } from "../HistoryState.ts"
import type { HistoryOptions, HistoryScope, HistoryTracker } from "../HistoryTracker.ts"
import { Core, type Journal } from "./core.ts"
import { Entry, Live, namesOf, Removed } from "./entry.ts"
import { mappingsOf } from "./mappings.ts"
import { Recorder } from "./recorder.ts"
import { Replayer } from "./replay.ts"
import type { Direction, Limits, Shelf } from "./timeline.ts"
import { type Guard, type TrackerInternals, withTrackerInternals } from "./trackerInternals.ts"

const megabyte = 1024 * 1024

const limitsOf = ({ limits = {} }: HistoryOptions): Limits => ({
  count: limits.count ?? 10_000,
  bytes: limits.bytes ?? 64 * megabyte,
  entryBytes: limits.entryBytes ?? 16 * megabyte,
  totalCount: limits.totalCount ?? 100_000,
  totalBytes: limits.totalBytes ?? 256 * megabyte
})

/**
 * A tracker on an invoker and a registry of mappings. `attach` gives it a journal.
 *
 * @internal
 */
export const make = (
  invoker: object,
  registry: object,
  options: HistoryOptions,
  attach: ((core: Core, replayer: Replayer) => Effect.Effect<Journal, never, Scope.Scope>) | undefined
): Effect.Effect<(typeof HistoryTracker)["Service"], never, Scope.Scope> =>
  Effect.flatMap(Effect.context<Scope.Scope>(), (context) => {
    const core = new Core(internalsOf(invoker), mappingsOf(registry).active, limitsOf(options), context)
    if (options.hooks !== undefined) core.hooks = [options.hooks]
    const replayer = new Replayer(core, options.confirm)
    const recorder = new Recorder(core)
    return Effect.as(
      Effect.andThen(
        attach === undefined ? Effect.void : Effect.map(attach(core, replayer), (journal) => {
          core.journal = journal
        }),
        core.invoker.installHook(recorder)
      ),
      service(core, recorder, replayer, context)
    )
  })

const service = (
  core: Core,
  recorder: Recorder,
  replayer: Replayer,
  context: Context.Context<never>
): (typeof HistoryTracker)["Service"] => {
  const { timeline } = core

  const withActor = <A, E = never>(f: (actor: string | undefined) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.flatMap(CurrentActor, f)

  const refreshed = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.withFiber((fiber) =>
      core.journal === undefined || fiber.cache.scheduler.executionMode === "sync"
        ? effect
        : Effect.andThen(core.journal.refresh, effect)
    )

  const stateOf = (actor: string | undefined, scope: string | undefined): HistoryState => {
    const shelf = shelfOf(actor, scope)
    const next = (direction: Direction): Entry | undefined => {
      const found = replayer.select(direction, actor, scope)
      return found instanceof Entry ? found : undefined
    }
    const [undo, redo] = [next("undo"), next("redo")]
    return {
      actor,
      scope,
      canUndo: undo !== undefined,
      canRedo: redo !== undefined,
      undoMessage: undo?.title,
      redoMessage: redo?.title,
      undoCount: shelf?.live.length ?? 0,
      redoCount: shelf?.undone.length ?? 0,
      bytes: shelf?.bytes ?? 0,
      busy: replayer.isBusy,
      pendingWrites: core.journal?.pending ?? 0,
      storeError: core.journal?.error,
      problems: core.problems,
      evicted: timeline.evicted
    }
  }

  const entriesOf = (...shelves: ReadonlyArray<Shelf | undefined>): Array<Entry> => {
    const found: Array<Entry> = []
    const add = (entry: Entry) => {
      found.push(entry)
    }
    for (const shelf of shelves) {
      shelf?.live.descend(add)
      shelf?.undone.descend(add)
    }
    return found.sort((a, b) => a.position - b.position)
  }

  const shelfOf = (actor: string | undefined, scope: string | undefined): Shelf | undefined => {
    const book = timeline.books.get(actor)
    return scope === undefined ? book : book?.scopes.get(scope)
  }

  const modelsOf = (entries: ReadonlyArray<Entry>) => entries.map((entry) => replayer.model(entry))

  const all = () => entriesOf(...timeline.books.values())

  const removeAll = (select: () => ReadonlyArray<Entry>): Effect.Effect<number> =>
    Effect.suspend(() => {
      let removed = 0
      for (const entry of select()) {
        if (entry.state === Removed) continue
        removed++
        if (entry.state === Live) timeline.remove(entry)
        else timeline.removeUndone(entry)
      }
      if (removed > 0) core.changed()
      return Effect.succeed(removed)
    })

  const ways = (scope: string | undefined, guard?: Guard): ReturnType<TrackerInternals["guarded"]> => ({
    undo: replayer.run("undo", scope, guard),
    redo: replayer.run("redo", scope, guard),
    undoTo: (entryId) => replayer.undoTo(entryId, scope, guard)
  })

  const scoped = (scope: string | undefined): HistoryScope => ({
    ...ways(scope),
    canUndo: withActor((actor) => Effect.succeed(stateOf(actor, scope).canUndo)),
    canRedo: withActor((actor) => Effect.succeed(stateOf(actor, scope).canRedo)),
    peek: refreshed(withActor((actor) => {
      const found = replayer.select("undo", actor, scope)
      return found instanceof Entry
        ? Effect.succeed(replayer.model(found))
        : Effect.fail(new HistoryError({ reason: found }))
    })),
    state: withActor((actor) => Effect.succeed(stateOf(actor, scope))),
    changes: Stream.unwrap(withActor((actor) => Effect.succeed(core.watch(() => stateOf(actor, scope))))),
    entries: refreshed(withActor((actor) => Effect.sync(() => modelsOf(entriesOf(shelfOf(actor, scope)))))),
    clear: refreshed(withActor((actor) => Effect.asVoid(removeAll(() => entriesOf(shelfOf(actor, scope))))))
  })

  const everything = scoped(undefined)
  const tracker: (typeof HistoryTracker)["Service"] = {
    ...everything,
    allEntries: refreshed(Effect.sync(() => modelsOf(all()))),
    scope: (id) => scoped(id),
    flush: Effect.suspend(() =>
      core.journal === undefined ? Effect.void : Effect.mapError(
        core.journal.flush,
        (why) => new HistoryError({ reason: { _tag: "StoreFailed", why } })
      )
    ),
    invalidate: (which) =>
      refreshed(removeAll(() => {
        if (typeof which === "function") return all().filter((entry) => which(replayer.model(entry)))
        const touched = new Set(namesOf(which.touches))
        return all().filter((entry) => namesOf(entry.touches).some((resource) => touched.has(resource)))
      })),
    group: (label) => (effect) => recorder.around(label, effect, undefined) as typeof effect,
    transaction: (label) => (effect) => recorder.around(label, effect, replayer.rollback),
    breakCoalescing: withActor((actor) =>
      Effect.sync(() => {
        const book = timeline.books.get(actor)
        if (book !== undefined) book.coalescing = undefined
      })
    ),
    hooks: (hooks) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => {
          core.hooks = [...core.hooks, hooks]
        }),
        () =>
          Effect.sync(() => {
            core.hooks = core.hooks.filter((other) => other !== hooks)
          })
      )),
    undoPromise: () => Effect.runPromiseWith(context)(everything.undo),
    redoPromise: () => Effect.runPromiseWith(context)(everything.redo)
  }
  return withTrackerInternals(tracker, {
    guarded: ways,
    books: refreshed(Effect.sync(() => timeline.books)),
    modelsOf
  })
}
