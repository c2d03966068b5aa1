import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import {
  type HistoryEntry,
  type HistoryError,
  type HistoryState,
  type HistoryStore,
  HistoryTracker,
  Opbus,
  type OperationInvoker,
  type UndoRegistry
} from "opbus"
import { expectType } from "../expectType.ts"

declare const tracker: (typeof HistoryTracker)["Service"]
declare const effect: Effect.Effect<number, TypeError, Scope.Scope>

// Every member is an effect that needs nothing; the accessors on the class need the tracker.
expectType<Effect.Effect<HistoryEntry, HistoryError>>()(tracker.undo)
expectType<Effect.Effect<HistoryEntry, HistoryError, HistoryTracker>>()(HistoryTracker.redo)
expectType<Effect.Effect<boolean>>()(tracker.canUndo)
expectType<Effect.Effect<HistoryState>>()(tracker.state)
expectType<Stream.Stream<HistoryState>>()(tracker.changes)
expectType<Promise<HistoryEntry>>()(tracker.undoPromise())
expectType<Effect.Effect<HistoryEntry, HistoryError>>()(tracker.scope("doc").undo)

// A group changes nothing about its effect; a transaction can fail to take back.
expectType<Effect.Effect<number, TypeError, Scope.Scope>>()(tracker.group("Import")(effect))
expectType<Effect.Effect<number, TypeError | HistoryError, Scope.Scope>>()(tracker.transaction("Move")(effect))

// Layers name what they need.
expectType<Layer.Layer<HistoryTracker, never, OperationInvoker | UndoRegistry>>()(HistoryTracker.layer)
expectType<Layer.Layer<HistoryTracker, never, OperationInvoker | UndoRegistry | HistoryStore>>()(
  HistoryTracker.layerStore
)
const everything: Layer.Layer<HistoryTracker | OperationInvoker | UndoRegistry> = Opbus.layer
void everything
