import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Flag } from "../../internal/effect/cli.ts"
import { CurrentActor } from "../../operation/Invocation.ts"
import { type CliFailure, usage } from "./failure.ts"

/** @internal */
export const actor = Flag.String("actor").pipe(
  Flag.withMetavar("<name>"),
  Flag.withDescription("On whose behalf: undo and redo are kept per actor"),
  Flag.optional
)

/** @internal */
export const scope = Flag.String("scope").pipe(
  Flag.withMetavar("<id>"),
  Flag.withDescription("Only entries of this scope, such as one document"),
  Flag.optional
)

/** @internal */
export const dryRun = Flag.Boolean("dry-run").pipe(
  Flag.withDescription("Only say what would be done"),
  Flag.withDefault(false)
)

/**
 * Runs an effect on behalf of the given actor.
 *
 * @internal
 */
export const as = (actor: Option.Option<string>) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Option.isNone(actor) ? effect : Effect.provideService(effect, CurrentActor, actor.value)

const millisPer: { readonly [unit: string]: number } = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/**
 * A duration as people write one: `500` and `500ms` are milliseconds; also `5s`, `1.5m`, `2h`.
 *
 * @internal
 */
export const parseDuration = (text: string): Effect.Effect<Duration.Duration, CliFailure> => {
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h)?$/.exec(text.trim())
  return match === null
    ? Effect.fail(usage("InvalidValue", `a duration is written like 500ms, 5s or 2m, not ${JSON.stringify(text)}`))
    : Effect.succeed(Duration.millis(Number(match[1]) * millisPer[match[2] ?? "ms"]!))
}
