/**
 * The layout, as the operation `layout.setMode` finds it and as React reads it.
 */
import type { LayoutMode } from "../../plugins/workspace/operations.ts"
import type { UiState } from "../../plugins/workspace/UiState.ts"

type Mode = typeof LayoutMode.Type

const kept = "notebook.layout"

export class Screen implements UiStateShape {
  readonly toasts: Array<string> = []
  readonly #listeners = new Set<() => void>()
  readonly #storage: Storage
  #mode: Mode

  constructor(storage: Storage) {
    this.#storage = storage
    const before = storage.getItem(kept)
    this.#mode = before === "deck" || before === "solo" ? before : "list"
  }

  get mode(): Mode {
    return this.#mode
  }

  set mode(mode: Mode) {
    this.#mode = mode
    this.#storage.setItem(kept, mode)
    for (const listener of this.#listeners) listener()
  }

  readonly subscribe = (listener: () => void): () => void => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

type UiStateShape = UiState["Service"]
