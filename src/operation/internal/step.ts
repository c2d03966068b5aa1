import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"

const evaluate: string = `${Effect.TypeId}/evaluate`

/**
 * Takes the first step of an effect here and now, and gives the effect that remains: what the run loop of a fiber would
 * do next, without its round through the loop. An effect that does not say how is left as it is.
 *
 * Only for an effect that the caller returns to the run loop of this fiber anyway.
 *
 * @internal
 */
export const step = (
  effect: Effect.Effect<unknown, unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): Effect.Effect<unknown, unknown> => {
  const primitive = effect as unknown as Record<string, ((fiber: unknown) => typeof effect) | undefined>
  return primitive[evaluate]?.(fiber) ?? effect
}
