import type { Observable, Subscribable } from "../Observable.ts"
import { type Flushable, inNextFrame } from "./frames.ts"

/** How long what nobody subscribes to stays open: a component may be mounted again at once. */
const lingering = 100

/**
 * Calls what is not ours. What it throws is reported as uncaught, and disturbs nobody here.
 *
 * @internal
 */
export const tell = (call: () => void): void => {
  try {
    call()
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}

/**
 * The value behind an observable.
 *
 * Invariants: listeners hear of a value once, in the order in which they subscribed; whatever is set within a frame is
 * heard once, as what it came to; one that throws does not keep the others from hearing. It is opened for its first
 * listener and closed after its last.
 *
 * @internal
 */
export class Cell<A> implements Observable<A>, Flushable {
  value: A
  readonly initial: A
  declare readonly [Symbol.observable]: () => Subscribable<A>
  private heard: A
  private hot = false
  private readonly open: (() => () => void) | undefined
  private close: (() => void) | undefined
  private closing: ReturnType<typeof setTimeout> | undefined
  private readonly listeners = new Set<{ readonly call: (value: A) => void }>()

  constructor(initial: A, open?: () => () => void) {
    this.value = this.initial = this.heard = initial
    this.open = open
  }

  /** Heard in the next frame. */
  set(value: A): void {
    if (Object.is(value, this.value)) return
    this.value = value
    inNextFrame(this)
  }

  /** Heard at once. */
  setNow(value: A): void {
    this.value = value
    this.flush()
  }

  /** Heard at once, but for what comes within the same frame. */
  setSoon(value: A): void {
    this.value = value
    inNextFrame(this)
    if (this.hot) return
    this.hot = true
    this.hear()
  }

  /** Changes some fields; nothing is heard when they are as they were. */
  update(change: Partial<A>): void {
    for (const name in change) {
      if (Object.is(change[name], this.value[name])) continue
      return this.set({ ...this.value, ...change })
    }
  }

  flush(): void {
    this.hot = false
    this.hear()
  }

  private hear(): void {
    const { value } = this
    if (Object.is(value, this.heard)) return
    this.heard = value
    for (const { call } of Array.from(this.listeners)) tell(() => call(value))
  }

  readonly subscribe = (call: (value: A) => void): () => void => {
    const listener = { call }
    this.listeners.add(listener)
    clearTimeout(this.closing)
    this.close ??= this.open?.()
    call(this.value)
    return () => {
      if (!this.listeners.delete(listener) || this.listeners.size > 0 || this.close === undefined) return
      this.closing = setTimeout(() => this.end(), lingering) // Node need not wait for it.
      ;(this.closing as { readonly unref?: () => void }).unref?.()
    }
  }

  /** Opens anew what is open. */
  reopen(): void {
    if (this.close === undefined) return
    this.close()
    this.close = this.open!()
  }

  /** Knows nothing any more. */
  forget(): void {
    this.value = this.heard = this.initial
  }

  /** Closes what was opened. It may be opened again. */
  end(): void {
    clearTimeout(this.closing)
    const { close } = this
    this.close = undefined
    close?.()
  }
}

Object.defineProperty(Cell.prototype, Symbol.observable ?? "@@observable", {
  // Where the platform has no such symbol RxJS uses this name.
  value<A>(this: Cell<A>): Subscribable<A> {
    return {
      subscribe: (observer) => ({ unsubscribe: this.subscribe((value) => observer.next?.(value)) })
    }
  }
})
