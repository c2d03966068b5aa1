/**
 * The layout has a stack of its own: undoing a change of a note never switches the screen. A message is not undone.
 */
import { Effect } from "effect"
import { UndoMapping } from "opbus"
import { SetLayoutMode } from "./operations.ts"
import { UiState } from "./UiState.ts"

export const WorkspaceUndo = UndoMapping.make({
  capture: () => Effect.map(UiState, (ui) => ui.mode),
  operation: SetLayoutMode,
  inverse: SetLayoutMode,
  deriveContext: ({ mode }, _output, before) => before === mode ? undefined : { mode: before },
  scope: () => "layout",
  message: ({ mode }) => `Switch to ${mode}`
}).toLayer
