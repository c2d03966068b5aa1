import type * as Effect from "effect/Effect"
import type { HistoryEntry } from "../HistoryEntry.ts"
import type { HistoryErrorReason } from "../HistoryError.ts"
import type { HistoryScope } from "../HistoryTracker.ts"
import type { Direction } from "./timeline.ts"

/**
 * Asked when an entry has been chosen, before anything of it runs; a reason leaves it as it is.
 *
 * @internal
 */
export type Guard = (entry: HistoryEntry, direction: Direction) => Effect.Effect<HistoryErrorReason | undefined>

/**
 * The newest of the history of all actors.
 *
 * @internal
 */
export interface Recent {
  /** In the order of their starts. */
  readonly entries: ReadonlyArray<HistoryEntry>
  /** How many there are. */
  readonly total: number
  readonly actors: ReadonlyArray<{
    readonly actor: string | undefined
    readonly undoCount: number
    readonly redoCount: number
  }>
}

/**
 * What a server needs of a tracker beyond its public face.
 *
 * @internal
 */
export interface TrackerInternals {
  readonly guarded: (scope: string | undefined, guard: Guard) => Pick<HistoryScope, "undo" | "redo" | "undoTo">
  /** So many entries; of a long history the others are not looked at. */
  readonly recent: (count: number) => Effect.Effect<Recent>
}

const InternalsTypeId = "~opbus/history/HistoryTracker/internals" as const

/** @internal */
export const withTrackerInternals = <A extends object>(service: A, internals: TrackerInternals): A =>
  Object.defineProperty(service, InternalsTypeId, { value: internals, enumerable: false })

/** @internal */
export const trackerInternalsOf = (service: object): TrackerInternals =>
  (service as { readonly [InternalsTypeId]: TrackerInternals })[InternalsTypeId]
