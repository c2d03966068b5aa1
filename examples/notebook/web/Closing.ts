/**
 * Says that the server is about to end: what would go on for ever then ends by itself, and only real work is waited for.
 */
import { Context, Deferred, Effect, Layer } from "effect"

export class Closing extends Context.Service<Closing, {
  readonly begin: Effect.Effect<void>
  readonly await: Effect.Effect<void>
}>()("notebook/Closing") {
  static readonly layer = Layer.effect(
    Closing,
    Effect.map(
      Deferred.make<void>(),
      (closed) =>
        Closing.of({ begin: Effect.asVoid(Deferred.succeed(closed, undefined)), await: Deferred.await(closed) })
    )
  )
}
