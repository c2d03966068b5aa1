/**
 * What the devtools page is told, as schemas.
 *
 * What an application does not have is told as absent (`enabled: false`, `hasOutbox: false`, `null`), never as an error.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { OperationFormat } from "../operation/internal/operationFormat.ts"
import { DeploymentRecord } from "../protocol/DeploymentRecord.ts"
import { HistoryEntryMessage } from "../protocol/HistoryEntryMessage.ts"
import { OperationErrorReason } from "../protocol/OperationErrorMessage.ts"

/**
 * An operation as plain data: the `OperationJson` of `Operation.toJson`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const OperationJson = OperationFormat

/**
 * One operation in the catalogue.
 *
 * @category schemas
 * @since 0.1.0
 */
export const CatalogueEntry = Schema.Struct({
  json: OperationJson,
  /** The page may invoke it: the application exposes it. */
  exposed: Schema.Boolean,
  /** A handler is registered now. */
  handled: Schema.Boolean,
  /** It has an undo mapping. */
  undoable: Schema.Boolean,
  /** The operation that takes it back. */
  inverse: Schema.optionalKey(Schema.String),
  /** Why its schemas cannot be shown, in one line: they are empty then. */
  problem: Schema.optionalKey(Schema.String)
})

/**
 * One operation in the catalogue.
 *
 * @category models
 * @since 0.1.0
 */
export type CatalogueEntry = typeof CatalogueEntry.Type

/**
 * The application and its operations, by key.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Catalogue = Schema.Struct({
  app: Schema.Struct({
    title: Schema.String,
    /** The version of opbus; `""` where it is unknown. */
    opbus: Schema.String,
    /** What it runs on, such as `"Node 24.1.0"`; `""` where it is unknown. */
    runtime: Schema.String,
    /** Milliseconds since the epoch. */
    startedAt: Schema.Number
  }),
  operations: Schema.Array(CatalogueEntry)
})

/**
 * The application and its operations.
 *
 * @category models
 * @since 0.1.0
 */
export type Catalogue = typeof Catalogue.Type

/**
 * The history of all actors.
 *
 * @category schemas
 * @since 0.1.0
 */
export const History = Schema.Struct({
  /** The application keeps a history. */
  enabled: Schema.Boolean,
  /** Who has entries; `null` is the application's own user. */
  actors: Schema.Array(Schema.Struct({
    actor: Schema.NullOr(Schema.String),
    undoCount: Schema.Int,
    redoCount: Schema.Int
  })),
  /** In which entries stand; `""` is the scope of those that name none. */
  scopes: Schema.Array(Schema.String),
  /** The newest, at most 2,000, newest last. */
  entries: Schema.Array(HistoryEntryMessage),
  /** How many there are. */
  total: Schema.Int,
  /** The newest problems, oldest first. */
  problems: Schema.Array(Schema.Struct({ kind: Schema.String, key: Schema.String, message: Schema.String })),
  /** The store cannot be written now. */
  storeError: Schema.optionalKey(Schema.String),
  /** An undo or redo is running. */
  busy: Schema.Boolean
})

/**
 * The history of all actors.
 *
 * @category models
 * @since 0.1.0
 */
export type History = typeof History.Type

/**
 * What the next undo and redo of an actor do.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Peek = Schema.Struct({
  undo: Schema.NullOr(HistoryEntryMessage),
  /** Why undo is not possible, in one line; `null` when it is, or there is nothing to undo. */
  blocked: Schema.NullOr(Schema.String),
  redoMessage: Schema.NullOr(Schema.String)
})

/**
 * What the next undo and redo of an actor do.
 *
 * @category models
 * @since 0.1.0
 */
export type Peek = typeof Peek.Type

/**
 * A call that waits to be delivered.
 *
 * @category schemas
 * @since 0.1.0
 */
export const QueuedCall = Schema.Struct({
  id: Schema.String,
  key: Schema.String,
  lane: Schema.String,
  idempotencyKey: Schema.String,
  acceptedAt: Schema.Number,
  attempts: Schema.Number,
  delivering: Schema.Boolean,
  lastError: Schema.optionalKey(Schema.String)
})

/**
 * A call that was given up.
 *
 * @category schemas
 * @since 0.1.0
 */
export const DeadLetter = Schema.Struct({
  id: Schema.String,
  key: Schema.String,
  lane: Schema.String,
  idempotencyKey: Schema.String,
  acceptedAt: Schema.Number,
  deadAt: Schema.Number,
  attempts: Schema.Number,
  reason: Schema.Union([
    Schema.TaggedStruct("Failed", { error: Schema.Json }),
    Schema.TaggedStruct("Refused", { reason: OperationErrorReason }),
    Schema.TaggedStruct("Defect", {}),
    Schema.TaggedStruct("Exhausted", { reason: OperationErrorReason }),
    Schema.TaggedStruct("Poison", {}),
    Schema.TaggedStruct("Unreadable", {})
  ]),
  /** One line. */
  why: Schema.String,
  notTakenBack: Schema.optionalKey(Schema.String)
})

/**
 * What runs elsewhere, and what waits for it.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Remote = Schema.Struct({
  hasDeployments: Schema.Boolean,
  deployments: Schema.Array(DeploymentRecord),
  hasOutbox: Schema.Boolean,
  /** In the order of acceptance, at most 2,000. */
  pending: Schema.Array(QueuedCall),
  pendingTotal: Schema.Int,
  /** In the order of acceptance, the newest 2,000. */
  dead: Schema.Array(DeadLetter),
  deadTotal: Schema.Int,
  /** What could not be read, in one line each. */
  problems: Schema.Array(Schema.String)
})

/**
 * What runs elsewhere, and what waits for it.
 *
 * @category models
 * @since 0.1.0
 */
export type Remote = typeof Remote.Type

const at = { at: Schema.Number }
const ofService = { ...at, service: Schema.String }
const Reading = Schema.Struct({
  usage: Schema.Number,
  usedBytes: Schema.Number,
  limitBytes: Schema.Number,
  from: Schema.String,
  stall: Schema.NullOr(Schema.Number)
})

/**
 * Something that happened to the services.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SystemEvent = Schema.Union([
  Schema.TaggedStruct("system.service.quarantined", { ...ofService, deadlineMillis: Schema.Number }),
  Schema.TaggedStruct("system.service.released", ofService),
  Schema.TaggedStruct("system.service.healed", { ...ofService, attempts: Schema.Number }),
  Schema.TaggedStruct("system.service.heal-failed", {
    ...ofService,
    attempt: Schema.Number,
    reason: Schema.String
  }),
  Schema.TaggedStruct("system.service.escalated", {
    ...ofService,
    attempts: Schema.Number,
    reason: Schema.String
  }),
  Schema.TaggedStruct("system.service.reopened", ofService),
  Schema.TaggedStruct("system.pressure.changed", {
    ...at,
    from: Schema.String,
    to: Schema.String,
    reading: Reading
  }),
  Schema.TaggedStruct("system.pressure.unanswered", {
    ...ofService,
    request: Schema.String,
    reason: Schema.String
  }),
  Schema.TaggedStruct("system.load.shed", { ...at, services: Schema.Array(Schema.String), reading: Reading })
])

/**
 * Something that happened to the services.
 *
 * @category models
 * @since 0.1.0
 */
export type SystemEvent = typeof SystemEvent.Type

/**
 * One service.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Service = Schema.Struct({
  service: Schema.String,
  kind: Schema.Literals(["rust", "sidecar", "typescript"]),
  health: Schema.Struct({
    _tag: Schema.Literals(["Healthy", "Degraded", "Unhealthy"]),
    reason: Schema.optionalKey(Schema.String)
  }),
  /** It did not answer in time. */
  late: Schema.Boolean,
  /** Why it takes no calls, the gravest first; empty when it does. */
  closed: Schema.Array(Schema.Struct({ reason: Schema.String, message: Schema.String })),
  /** What it measures, by dotted name. */
  metrics: Schema.Record(Schema.String, Schema.Number),
  parameters: Schema.Array(
    Schema.Struct({ name: Schema.String, description: Schema.String, value: Schema.Json })
  )
})

/**
 * The native services and the memory they share.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Services = Schema.Struct({
  /** The application has a registry of services. */
  enabled: Schema.Boolean,
  services: Schema.Array(Service),
  /** `null` where nothing watches the memory. */
  pressure: Schema.NullOr(Schema.Struct({
    level: Schema.Literals(["normal", "warning", "high", "critical"]),
    /** Of the limit, from 0 to about 1; `null` where it is unknown. */
    usage: Schema.NullOr(Schema.Number),
    /** Which limit, such as `"cgroup2"` or `"meminfo"`; `null` where it is unknown. */
    from: Schema.NullOr(Schema.String)
  })),
  /** When, in milliseconds since the epoch. */
  at: Schema.Number,
  /** What happened since the last message, oldest first, at most 200. */
  events: Schema.Array(SystemEvent)
})

/**
 * The native services and the memory they share.
 *
 * @category models
 * @since 0.1.0
 */
export type Services = typeof Services.Type
