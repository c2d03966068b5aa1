import * as Effect from "effect/Effect"
import type { JsonValue } from "../HistoryTracker.ts"
import type { Core } from "./core.ts"
import type { Direction } from "./timeline.ts"

/**
 * What the hooks want to be remembered, as JSON.
 *
 * @internal
 */
export const save = (core: Core): Effect.Effect<string | undefined> =>
  Effect.map(
    Effect.forEach(core.hooks, (hooks) =>
      Effect.catchCause(hooks.save, (cause) => {
        core.report("Hook", "save", "A hook could not save", cause.reasons[0])
        return Effect.succeed(null)
      })),
    (values) => JSON.stringify(values)
  )

/** @internal */
export const restore = (core: Core, saved: string | undefined, direction: Direction): Effect.Effect<void> => {
  if (saved === undefined) return Effect.void
  const values = JSON.parse(saved) as ReadonlyArray<JsonValue | null | undefined>
  return Effect.forEach(core.hooks, (hooks, i) =>
    values[i] == null ? Effect.void : Effect.catchCause(
      Effect.suspend(() => hooks.restore(values[i]!, direction)),
      (cause) => Effect.sync(() => core.report("Hook", "restore", "A hook could not restore", cause.reasons[0]))
    ), { discard: true })
}
