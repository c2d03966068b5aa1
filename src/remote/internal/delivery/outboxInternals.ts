import type * as Effect from "effect/Effect"
import type * as Operation from "../../../operation/Operation.ts"
import type { OperationError } from "../../../operation/OperationError.ts"
import type { QueueOptions, Receipt } from "../../../operation/RemoteInvoker.ts"
import type { Resolve } from "./deliverer.ts"
import type { StoredCall } from "./outboxStore.ts"

/** How a call is queued, beyond that it is. */
export type Asked = Omit<QueueOptions, "offline">

/**
 * Keeps the history of queued calls.
 *
 * @internal
 */
export interface QueueRecorder {
  /** Whether a call of this operation makes an entry. */
  readonly takes: (operation: Operation.Any, asked: Asked) => boolean
  /** Queues it, and records that. */
  readonly enqueue: (
    operation: Operation.Any,
    input: unknown,
    asked: Asked
  ) => Effect.Effect<Pick<Receipt, "id" | "idempotencyKey">, OperationError>
  readonly resolve: Resolve
}

/**
 * What the history needs of an outbox beyond its public face.
 *
 * @internal
 */
export interface OutboxInternals {
  /** Who records from now on. */
  recorder: QueueRecorder | undefined
  /** Whether the server keeps the history of what it is sent. */
  readonly recordedElsewhere: boolean
  /** Accepts a call without recording it. */
  readonly enqueue: (
    operation: Operation.Any,
    input: unknown,
    asked: Asked
  ) => Effect.Effect<Receipt, OperationError>
  readonly get: (key: string, id: string) => Effect.Effect<StoredCall | undefined, OperationError>
  /** Queues, behind a call and in its lane, what takes it back. */
  readonly queueInverse: (
    call: StoredCall,
    inverse: Operation.Any,
    input: unknown
  ) => Effect.Effect<void, OperationError>
  /** The operations, of those that this process has queued, whose outcome is sensitive: a queue in memory keeps it in clear. */
  readonly sensitive: ReadonlySet<string>
}

const InternalsTypeId = "~opbus/remote/Outbox/internals" as const

/** @internal */
export const withOutboxInternals = <A extends object>(service: A, internals: OutboxInternals): A =>
  Object.defineProperty(service, InternalsTypeId, { value: internals, enumerable: false })

/** `undefined`: it is none of ours. @internal */
export const outboxInternalsOf = (service: object): OutboxInternals | undefined =>
  (service as { readonly [InternalsTypeId]?: OutboxInternals })[InternalsTypeId]
