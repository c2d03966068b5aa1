/**
 * How the state of the screen changes.
 */
import { Effect } from "effect"
import { Workspace } from "./operations.ts"
import { UiState } from "./UiState.ts"

export const WorkspaceHandlers = Workspace.toLayer({
  "layout.setMode": ({ mode }) =>
    Effect.map(UiState, (ui) => {
      ui.mode = mode
    }),

  "toast.show": ({ message }) =>
    Effect.map(UiState, (ui) => {
      ui.toasts.push(message)
    })
})
