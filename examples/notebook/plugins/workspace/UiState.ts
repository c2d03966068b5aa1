/**
 * The state of the screen, as long as the application runs.
 */
import { Context, Layer } from "effect"
import type { LayoutMode } from "./operations.ts"

export class UiState extends Context.Service<UiState, {
  mode: typeof LayoutMode.Type
  readonly toasts: Array<string>
}>()("notebook/UiState") {
  static readonly layer = Layer.sync(UiState, () => UiState.of({ mode: "list", toasts: [] }))
}
