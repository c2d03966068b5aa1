/**
 * What a server has answered, so that a call that is delivered again takes effect once (R3).
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { OperationError } from "../operation/OperationError.ts"
import { makeMemoryResults } from "./internal/delivery/memoryResults.ts"
import { makeOnce } from "./internal/delivery/once.ts"

/**
 * A call that may be delivered more than once.
 *
 * @category models
 * @since 0.1.0
 */
export interface IdempotentCall {
  /** Who calls. The keys of different callers have nothing to do with each other. */
  readonly caller: string
  /** The operation. */
  readonly key: string
  readonly idempotencyKey: string
  /** Whatever tells this call from another one with the same key, such as its payload. Only a digest of it is kept. */
  readonly fingerprint: string
  /** Whether the operation may run again when nobody knows how the first run ended. */
  readonly idempotent: boolean
  /** Its answer must not be stored in clear: it is remembered by this process only. Default `false`. */
  readonly sensitive?: boolean | undefined
}

/**
 * An answer as it goes over the wire, as JSON data.
 *
 * @category models
 * @since 0.1.0
 */
export type EncodedExit =
  | { readonly _tag: "Success"; readonly value: unknown }
  | {
    readonly _tag: "Failure"
    readonly cause: ReadonlyArray<
      | { readonly _tag: "Fail"; readonly error: unknown }
      | { readonly _tag: "Die"; readonly defect: unknown }
      | { readonly _tag: "Interrupt"; readonly fiberId: number | null | undefined }
    >
  }

/**
 * How much is remembered, and how long. The oldest answers go first.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResultStoreOptions {
  /** How long an answer is kept. Default 24 hours. */
  readonly retention?: Duration.Input | undefined
  /** How many calls are remembered. Default 100,000. */
  readonly maxCount?: number | undefined
  /** Bytes of all answers together. Default 256 MiB. */
  readonly maxBytes?: number | undefined
  /** An answer of more bytes is not kept: delivered again, its call is `Uncertain`. Default 4 MiB. */
  readonly maxAnswerBytes?: number | undefined
  /** How long a call waits for the store, or for a run in another process, before it is refused. Default 10 seconds. */
  readonly patience?: Duration.Input | undefined
}

/**
 * Runs a call once, however often it is delivered.
 *
 * **When to use**
 *
 * Use `ResultStore.layerMemory`, or `SqlResultStore.layer` to survive a restart, under `OperationServer`.
 *
 * **Details**
 *
 * A call is known by its caller and idempotency key. While it runs, a second delivery waits for the same answer;
 * afterwards it gets the stored one. Another payload or operation under the same key fails with `IdempotencyConflict`.
 * A key that was begun and has no result, because the process that ran it died, fails with `Uncertain`, unless the
 * operation is idempotent: then it runs again.
 *
 * What says that the handler was not run (`Overloaded`, `Denied`, `RemoteUnavailable`, `InvalidInput` and the like) is
 * answered and forgotten, so the call can be delivered again. A handler that was interrupted or timed out may have
 * written: where its writes share the store's transaction they are rolled back and the call is forgotten, elsewhere it is
 * `Uncertain` from then on.
 *
 * A delivery that is interrupted disturbs no other one. When the last one has gone, a run whose writes can be rolled back
 * is interrupted, and so are its finalizers run (I4); any other goes on to its end, for those who ask again.
 *
 * @category services
 * @since 0.1.0
 */
export class ResultStore extends Context.Service<ResultStore, {
  readonly once: (
    call: IdempotentCall,
    run: Effect.Effect<EncodedExit>
  ) => Effect.Effect<EncodedExit, OperationError>
}>()("opbus/remote/ResultStore") {
  /**
   * Remembers answers as long as the process lives.
   *
   * @since 0.1.0
   */
  static readonly layerMemory = (options: ResultStoreOptions = {}): Layer.Layer<ResultStore> =>
    Layer.effect(
      ResultStore,
      Effect.map(makeOnce(makeMemoryResults(options), options), (once) => ResultStore.of({ once }))
    )
}
