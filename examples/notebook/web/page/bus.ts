/**
 * The page's bus: the layout is switched here, everything else happens on the server, and who calls cannot tell.
 */
import { Effect, Layer } from "effect"
import { Socket } from "effect/socket"
import { Opbus } from "opbus"
import { BusClient } from "opbus/reactivity"
import { RemoteHistory, RemoteInvoker } from "opbus/remote"
import { WorkspaceHandlers } from "../../plugins/workspace/handlers.ts"
import { UiState } from "../../plugins/workspace/UiState.ts"
import { WorkspaceUndo } from "../../plugins/workspace/undo.ts"

export interface BusOptions {
  /** On whose behalf: every window undoes its own work. */
  readonly actor: string
  readonly screen: UiState["Service"]
  /** Runs before every undo and redo on the server: what was typed has to be there first. */
  readonly beforeUndo: Effect.Effect<void>
}

const url = () => `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}/ws`

const Here = (screen: UiState["Service"]) =>
  Layer.mergeAll(WorkspaceHandlers, WorkspaceUndo).pipe(
    Layer.provideMerge(Opbus.layer),
    Layer.provide(Layer.succeed(UiState, screen))
  )

const Server = (actor: string) =>
  RemoteHistory.layer.pipe(
    Layer.provideMerge(RemoteInvoker.layerWebSocket({ url: url(), actor, pingInterval: "3 seconds" })),
    Layer.provide(Socket.layerWebSocketConstructorGlobal)
  )

/** Undo after what was typed, wherever it is asked for: a button, a key, a message. */
const withPreparedUndo = (before: Effect.Effect<void>) =>
  Effect.map(BusClient, (bus) =>
    BusClient.of({
      ...bus,
      history: (scope, side) => {
        const history = bus.history(scope, side)
        return side === "here" ? history : {
          ...history,
          undo: Effect.andThen(before, history.undo),
          redo: Effect.andThen(before, history.redo),
          undoTo: (entryId) => Effect.andThen(before, history.undoTo(entryId))
        }
      }
    }))

export const layer = ({ actor, beforeUndo, screen }: BusOptions): Layer.Layer<BusClient> =>
  Layer.effect(BusClient, withPreparedUndo(beforeUndo)).pipe(
    Layer.provide(BusClient.layer),
    Layer.provide([Here(screen), Server(actor)])
  )
