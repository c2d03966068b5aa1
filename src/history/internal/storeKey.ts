import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Core, Journal } from "./core.ts"
import type { Replayer } from "./replay.ts"

/**
 * How a store becomes the journal of a tracker.
 *
 * @internal
 */
export interface Attachable {
  readonly "~opbus/history/HistoryStore/attach": (
    core: Core,
    replayer: Replayer
  ) => Effect.Effect<Journal, never, Scope.Scope>
}

/**
 * `HistoryStore` by its key alone: the tracker finds the store without importing what only stores need, so that a bundle
 * without a store does not carry it.
 *
 * @internal
 */
export const HistoryStoreKey = Context.Service<Attachable>("opbus/history/HistoryStore")
