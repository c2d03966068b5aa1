/** The invocations of the application, from the moment the page was opened: whichever panel is shown. */
import * as Fiber from "effect/Fiber"
import { useSyncExternalStore } from "react"
import type { InvocationMessage } from "../../../protocol/InvocationMessage.ts"
import type { InvocationGap } from "../../../protocol/InvocationSubscription.ts"
import { app } from "../connection.ts"
import { recorder } from "../session/recorder.ts"
import { asMessage } from "./check.ts"
import { subscribe } from "./subscription.ts"
import { type Predicate, TimelineModel } from "./TimelineModel.ts"

/** How long one frame is worked at most: the rest of it belongs to the browser. */
const frameBudget = 10

/** How many messages wait while the timeline is paused; then the oldest go. */
const waitingLimit = 100_000

type Item = InvocationMessage | InvocationGap

/** What the feed says besides the invocations. */
export interface FeedState {
  /** Changes with everything. */
  readonly version: number
  readonly paused: boolean
  /** How many messages came since. */
  readonly waiting: number
  /** Those that went because the pause was too long. */
  readonly lost: number
  /** Why messages were missing, the last time; in one line. */
  readonly gap: string | undefined
  /** Why the server cannot be watched. */
  readonly refused: string | undefined
  /** What came that was no message. */
  readonly unreadable: number
  /** The first answer of the server is there. */
  readonly begun: boolean
}

class Feed {
  readonly model = new TimelineModel()
  private state: FeedState = {
    version: 0,
    paused: false,
    waiting: 0,
    lost: 0,
    gap: undefined,
    refused: undefined,
    unreadable: 0,
    begun: false
  }
  private readonly listeners = new Set<() => void>()
  private queue: Array<Item> = []
  private head = 0
  private scheduled = false
  private changed = false

  readonly get = (): FeedState => this.state

  readonly subscribe = (listener: () => void): () => void => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** Watches until the page is closed. */
  readonly start = (): () => void => {
    const fiber = app.runFork(subscribe({
      receive: this.receive,
      connected: () => this.set({ begun: true, refused: undefined }),
      disconnected: () => {},
      gap: (gap) => {
        this.push(gap)
        this.set({ gap: gap.message })
      },
      refused: (message) => this.set({ refused: message })
    }))
    return () => {
      app.runFork(Fiber.interrupt(fiber))
    }
  }

  setPaused(paused: boolean): void {
    this.set({ paused, lost: 0, waiting: paused ? this.waiting : 0 })
    this.schedule()
  }

  setFilter(predicate: Predicate | undefined): void {
    this.model.setFilter(predicate)
    this.schedule()
  }

  clear(): void {
    this.queue = []
    this.head = 0
    this.model.clear()
    this.set({ gap: undefined, lost: 0, waiting: 0, unreadable: 0 })
  }

  dismissGap(): void {
    this.set({ gap: undefined })
  }

  /** Changes the lines at once: for what the user does. */
  readonly edit = (change: (model: TimelineModel) => void): void => {
    change(this.model)
    this.set({})
  }

  private get waiting(): number {
    return this.queue.length - this.head
  }

  private readonly receive = (elements: ReadonlyArray<unknown>) => {
    let last: InvocationMessage | undefined
    let unreadable = 0
    for (const element of elements) {
      const message = asMessage(element)
      if (message === undefined) unreadable++
      else {
        last = message
        recorder.record(message)
        this.push(message)
      }
    }
    if (unreadable > 0) this.set({ unreadable: this.state.unreadable + unreadable })
    return last
  }

  private push(item: Item): void {
    this.queue.push(item)
    if (this.waiting > waitingLimit) {
      this.head++
      this.set({ lost: this.state.lost + 1 })
    }
    this.schedule()
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    // A page that is not seen has no frames.
    if (document.visibilityState === "visible") requestAnimationFrame(this.work)
    else setTimeout(this.work, 250)
  }

  private readonly work = (): void => {
    this.scheduled = false
    const until = performance.now() + frameBudget
    const { model } = this
    if (!this.state.paused) {
      while (this.head < this.queue.length) {
        const stop = Math.min(this.queue.length, this.head + 50)
        while (this.head < stop) this.take(this.queue[this.head++]!)
        if (performance.now() >= until) break
      }
      if (this.head === this.queue.length || this.head > 4_096) {
        this.queue = this.queue.slice(this.head)
        this.head = 0
      }
    }
    const done = model.work(performance.now.bind(performance), until)
    model.settle()
    this.set({ waiting: this.state.paused ? this.waiting : 0 })
    if (!done || (!this.state.paused && this.waiting > 0)) this.schedule()
  }

  private take(item: Item): void {
    if (item._tag === "InvocationGap") {
      const { message, why } = item
      return this.model.add({ _tag: "Gap", why, message })
    }
    this.model.add(item)
  }

  private set(change: Partial<FeedState>): void {
    this.state = { ...this.state, ...change, version: this.state.version + 1 }
    if (this.changed) return
    this.changed = true
    queueMicrotask(() => {
      this.changed = false
      for (const listener of this.listeners) listener()
    })
  }
}

export const feed = new Feed()

/** The state of the feed; renders anew with every frame in which something came. */
export const useFeed = (): FeedState => useSyncExternalStore(feed.subscribe, feed.get)
