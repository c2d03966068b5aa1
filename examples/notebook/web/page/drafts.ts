/**
 * What is typed, until the server has it. The rule: what somebody typed is never taken back by anything but their own
 * undo or their own keys.
 *
 * - A pause of half a second sends what is there, as does leaving the field, and every two seconds in any case.
 * - One change at a time is under way; what is typed meanwhile follows it.
 * - A change says which text it replaces. When somebody else (or an undo) was faster, it fails; then both are merged.
 * - While the server is away, what is typed waits, and is sent when it is back. It also waits for a window that was closed
 *   or reloaded.
 * - Undo first waits for what was typed to arrive. What is typed while it runs is put into what it leaves.
 */
import { merge } from "./merge.ts"

/** How sending a text ended. */
export type Sent = "done" | "changed" | "away" | { readonly refused: string }

/** A field of a note, on the server. */
export interface Field {
  readonly send: (text: string, replaces: string, typing: string) => Promise<Sent>
  /** `undefined` when it is gone, or cannot be read now. */
  readonly read: () => Promise<string | undefined>
  /** A title must not be empty: it is not sent while it is. */
  readonly accepts: (text: string) => boolean
}

export interface DraftState {
  readonly text: string
  /** All of it is on the server. */
  readonly saved: boolean
  /** Why the server does not take it. */
  readonly problem: string | undefined
}

const pause = 500
const longest = 2_000

export class Draft {
  readonly #field: Field
  readonly #listeners = new Set<() => void>()
  /** What the server had when it was last heard of: what was typed since is the difference to it. */
  #base: string
  #state: DraftState
  #typing = crypto.randomUUID()
  /** What the field held when it was left and was not sent by then: it belongs to the step before, however late it is. */
  #left: Array<{ readonly text: string; readonly typing: string }> = []
  #sending: Promise<void> | undefined
  #timer: ReturnType<typeof setTimeout> | undefined
  #unsentSince = 0
  /** Counts what was sent: a text read before the last of it is out of date. */
  #sent = 0
  #heardMeanwhile = false

  constructor(field: Field, base: string, text = base) {
    this.#field = field
    this.#base = base
    this.#state = { text, saved: text === base, problem: undefined }
  }

  readonly subscribe = (listener: () => void): () => void => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly state = (): DraftState => this.#state

  get base(): string {
    return this.#base
  }

  get watched(): boolean {
    return this.#listeners.size > 0
  }

  readonly type = (text: string): void => {
    if (this.#state.saved) this.#unsentSince = Date.now()
    this.#set(text)
    clearTimeout(this.#timer)
    const wait = Math.max(0, Math.min(pause, this.#unsentSince + longest - Date.now()))
    this.#timer = setTimeout(() => void this.flush(), wait)
  }

  /** Who comes back to the field begins another step of undo. */
  readonly leave = (): void => {
    if (!this.#field.accepts(this.#state.text)) this.#set(this.#base)
    if (!this.#state.saved) this.#left.push({ text: this.#state.text, typing: this.#typing })
    this.#typing = crypto.randomUUID()
    void this.flush()
  }

  /** Sends what was not sent yet; done when the server has it, or cannot be reached. */
  readonly flush = (): Promise<void> => {
    clearTimeout(this.#timer)
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined
      if (this.#heardMeanwhile) this.#ask()
    })
    return this.#sending
  }

  /** The server may have another text. Whoever says so may be out of date, so it is asked. */
  readonly check = (): void => {
    if (this.#sending === undefined) this.#ask()
    else this.#heardMeanwhile = true
  }

  #ask(): void {
    const sent = this.#sent
    this.#heardMeanwhile = false
    void this.#field.read().then((theirs) => {
      if (theirs !== undefined && sent === this.#sent) this.#rebase(theirs)
    })
  }

  async #send(): Promise<void> {
    while (!this.#state.saved && this.#field.accepts(this.#state.text)) {
      const left = this.#left[0]
      if (left?.text === this.#base) {
        this.#left.shift()
        continue
      }
      const { text, typing } = left ?? { text: this.#state.text, typing: this.#typing }
      this.#unsentSince = Date.now()
      this.#sent++
      const sent = await this.#field.send(text, this.#base, typing)
      if (sent === "done") {
        this.#base = text
        if (left !== undefined) this.#left.shift()
        this.#set(this.#state.text)
      } else if (sent === "changed") {
        const theirs = await this.#field.read()
        if (theirs === undefined) return
        this.#rebase(theirs)
      } else {
        if (sent !== "away") this.#set(this.#state.text, sent.refused)
        return
      }
    }
    if (this.#state.saved) this.#left = []
  }

  #rebase(theirs: string): void {
    this.#left = []
    const text = merge(this.#base, this.#state.text, theirs)
    this.#base = theirs
    this.#set(text)
  }

  #set(text: string, problem?: string): void {
    const saved = text === this.#base
    const { problem: before, saved: wasSaved, text: old } = this.#state
    if (text === old && saved === wasSaved && problem === before) return
    this.#state = { text, saved, problem }
    for (const listener of this.#listeners) listener()
  }
}

export type FieldName = "title" | "body"

/** Where unsent text is kept. */
export interface Shelf {
  readonly get: () => string | null
  /** `undefined`: nothing is left to keep. */
  readonly set: (text: string | undefined) => void
}

type Kept = readonly [id: string, name: FieldName, base: string, text: string]

/** The drafts of this window. What was not sent when it was closed is there again when it is opened again. */
export class Drafts {
  readonly #drafts = new Map<string, { readonly id: string; readonly name: FieldName; readonly draft: Draft }>()
  readonly #fieldOf: (id: string, name: FieldName) => Field
  readonly #shelf: Shelf

  constructor(fieldOf: (id: string, name: FieldName) => Field, shelf: Shelf) {
    this.#fieldOf = fieldOf
    this.#shelf = shelf
    for (const kept of JSON.parse(shelf.get() ?? "[]") as ReadonlyArray<Kept>) this.open(...kept)
  }

  /** The draft of a field, begun with what the server has unless there is one. */
  readonly open = (id: string, name: FieldName, base: string, text = base): Draft => {
    const key = `${name} ${id}`
    const known = this.#drafts.get(key)
    if (known !== undefined) return known.draft
    const draft = new Draft(this.#fieldOf(id, name), base, text)
    this.#drafts.set(key, { id, name, draft })
    return draft
  }

  /** Sends all that was typed. */
  readonly flush = async (): Promise<void> => {
    await Promise.all(Array.from(this.#drafts.values(), ({ draft }) => draft.flush()))
    for (const [key, { draft }] of this.#drafts) {
      if (draft.state().saved && !draft.watched) this.#drafts.delete(key)
    }
    this.keep()
  }

  /** Notes have changed, and not by what was typed here. */
  readonly check = (): void => {
    for (const { draft } of this.#drafts.values()) if (draft.watched) draft.check()
  }

  /** For a page that may go away. */
  readonly keep = (): void => {
    const unsent = Array.from(this.#drafts.values()).filter(({ draft }) => !draft.state().saved)
      .map(({ draft, id, name }): Kept => [id, name, draft.base, draft.state().text])
    this.#shelf.set(unsent.length === 0 ? undefined : JSON.stringify(unsent))
  }
}
