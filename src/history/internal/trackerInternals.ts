import type * as Effect from "effect/Effect"
import type { HistoryEntry } from "../HistoryEntry.ts"
import type { HistoryErrorReason } from "../HistoryError.ts"
import type { HistoryScope } from "../HistoryTracker.ts"
import type { Entry } from "./entry.ts"
import type { Direction, Timeline } from "./timeline.ts"

/**
 * Asked when an entry has been chosen, before anything of it runs; a reason leaves it as it is.
 *
 * @internal
 */
export type Guard = (entry: HistoryEntry, direction: Direction) => Effect.Effect<HistoryErrorReason | undefined>

/**
 * What a server needs of a tracker beyond its public face.
 *
 * @internal
 */
export interface TrackerInternals {
  readonly guarded: (scope: string | undefined, guard: Guard) => Pick<HistoryScope, "undo" | "redo" | "undoTo">
  /** The entries of each actor, with what other processes have appended. */
  readonly books: Effect.Effect<Timeline["books"]>
  readonly modelsOf: (entries: ReadonlyArray<Entry>) => ReadonlyArray<HistoryEntry>
}

const InternalsTypeId = "~opbus/history/HistoryTracker/internals" as const

/** @internal */
export const withTrackerInternals = <A extends object>(service: A, internals: TrackerInternals): A =>
  Object.defineProperty(service, InternalsTypeId, { value: internals, enumerable: false })

/** @internal */
export const trackerInternalsOf = (service: object): TrackerInternals =>
  (service as { readonly [InternalsTypeId]: TrackerInternals })[InternalsTypeId]
