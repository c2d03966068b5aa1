import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type { DeadLetterReason } from "../../DeadLetter.ts"

/** @internal */
export const Waiting = 0
/** @internal */
export const Done = 1
/** @internal */
export const Dead = 2
/** @internal */
export const Removed = 3

/**
 * What a call needs besides its input, as it is stored.
 *
 * @internal
 */
export interface CallOptions {
  readonly timeout?: number | undefined
  readonly version?: number | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The actor under which the local operation was recorded that ran in advance. */
  readonly optimistic?: string | undefined
  /** The outcome must not be stored in clear. */
  readonly hidden?: boolean | undefined
  /**
   * The call that this one takes back, accepted before it in the same lane. Its input is made when it is delivered: only
   * then is the outcome known.
   */
  readonly undoes?: string | undefined
}

/**
 * What became of a call.
 *
 * @internal
 */
export type Outcome =
  | { readonly _tag: "Success"; readonly value: unknown }
  | {
    readonly _tag: "Dead"
    readonly reason: DeadLetterReason
    readonly why: string
    readonly notTakenBack?: string | undefined
  }
  /** It was delivered; what came of it was not stored. */
  | { readonly _tag: "Hidden" }

/** @internal */
export interface NewCall {
  readonly lane: string
  readonly key: string
  /** JSON text. */
  readonly input: string
  readonly idempotencyKey: string
  readonly options: CallOptions
  readonly acceptedAt: number
}

/**
 * A call in the queue. Positions ascend in the order in which calls were accepted and are never used twice.
 *
 * @internal
 */
export interface StoredCall extends NewCall {
  readonly id: string
  readonly position: number
  readonly state: number
  readonly attempts: number
  /** How often a process died while it may have been delivering it. */
  readonly crashes: number
  /** It may have arrived. */
  readonly maybe: boolean
  readonly outcome: Outcome | undefined
  readonly endedAt: number | undefined
}

/**
 * One write. Writes are independent of each other; those that wait at the same time are committed together.
 *
 * @internal
 */
export type Change =
  | { readonly _tag: "Accept"; readonly call: NewCall }
  | {
    readonly _tag: "End"
    readonly position: number
    readonly outcome: Outcome
    readonly attempts: number
    readonly at: number
  }
  | {
    readonly _tag: "Tried"
    readonly position: number
    readonly attempts: number
    readonly crashes: number
    readonly maybe: boolean
  }
  | { readonly _tag: "Remove"; readonly position: number; readonly from: number; readonly at: number }
  /** To the end of its lane, with all counts at zero. */
  | { readonly _tag: "Retry"; readonly call: StoredCall }

/** @internal */
export class OutboxStoreError extends Data.TaggedError("OutboxStoreError")<{ readonly message: string }> {}

/**
 * - `mine`: this process delivers until `until`. `changed`: another one may have done so since the last time.
 *   `crashed`: the one before has died without giving it back.
 *
 * @internal
 */
export type Lease =
  | { readonly mine: true; readonly until: number; readonly changed: boolean; readonly crashed: boolean }
  | { readonly mine: false }

type Run<A> = Effect.Effect<A, OutboxStoreError>

/** @internal */
export interface OutboxStore {
  /** What is stored can be read by others, so nothing sensitive may be. */
  readonly durable: boolean
  /** Several processes may use it. */
  readonly shared: boolean
  /** All or nothing. The new position for `Accept` and `Retry`, and for the others whether there was such a call, as 1 or 0. */
  readonly write: (changes: ReadonlyArray<Change>) => Run<ReadonlyArray<number>>
  /** Accepts in the caller's open transaction; `undefined` when there is none. `committed` runs when it is. */
  readonly writeInside: (
    call: NewCall,
    committed: Effect.Effect<void>
  ) => Effect.Effect<number | undefined, OutboxStoreError>
  /** Waiting calls above a position, in order. */
  readonly waiting: (after: number, limit: number) => Run<ReadonlyArray<StoredCall>>
  readonly dead: Run<ReadonlyArray<StoredCall>>
  readonly get: (id: string) => Run<StoredCall | undefined>
  readonly totals: Run<{ readonly count: number; readonly bytes: number }>
  readonly lease: (renew: boolean) => Run<Lease>
  readonly release: Run<void>
  /** Forgets what ended before, and the oldest beyond the counts. */
  readonly prune: (endedBefore: number, keepDone: number, keepDead: number) => Run<void>
}

/** @internal */
export const sizeOf = (call: NewCall): number =>
  2 * (call.lane.length + call.key.length + call.input.length + call.idempotencyKey.length) + 128
