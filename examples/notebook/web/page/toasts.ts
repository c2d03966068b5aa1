/**
 * Short messages, with a way back where there is one.
 */

export interface Toast {
  readonly id: number
  readonly text: string
  readonly kind: "done" | "problem"
  /** What its button undoes, as long as that is the newest. */
  readonly entryId: string | undefined
}

const most = 3

export class Toasts {
  readonly #listeners = new Set<() => void>()
  #all: ReadonlyArray<Toast> = []
  #ids = 0

  readonly subscribe = (listener: () => void): () => void => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly all = (): ReadonlyArray<Toast> => this.#all

  readonly done = (text: string, entryId?: string): void => this.#show({ text, kind: "done", entryId })

  readonly problem = (text: string): void => this.#show({ text, kind: "problem", entryId: undefined })

  readonly dismiss = (id: number): void => this.#set(this.#all.filter((toast) => toast.id !== id))

  /** Something was undone or redone: what the toasts offer is not the newest any more. */
  readonly settle = (): void => this.#set(this.#all.filter((toast) => toast.kind === "problem"))

  #show(toast: Omit<Toast, "id">): void {
    const others = this.#all.filter(({ entryId, text }) => entryId === undefined && text !== toast.text)
    this.#set([...others, { ...toast, id: ++this.#ids }].slice(-most))
  }

  #set(all: ReadonlyArray<Toast>): void {
    this.#all = all
    for (const listener of this.#listeners) listener()
  }
}
