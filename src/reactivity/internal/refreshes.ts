import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import type * as Operation from "../../operation/Operation.ts"
import type { InvocationMessage } from "../../protocol/InvocationMessage.ts"
import type { InvocationGapMessage } from "../InvocationTable.ts"
import type { Host } from "./host.ts"

type Listener = {
  readonly matches: (key: string) => boolean
  readonly refresh: () => void
}

/**
 * Tells queries when to run again: an invocation that may have changed something has ended, messages are missing, or the
 * connection came back.
 *
 * Invariant: nothing that a query caused refreshes a query. What is annotated readonly does not, wherever it was called
 * from, nor what a query of this bus calls, nor what their handlers invoke.
 *
 * @internal
 */
export class Refreshes {
  private readonly host: Host
  private readonly listeners = new Set<Listener>()
  private readonly queries = new Map<string, number>()
  /** Roots that only read, while they run. */
  private readonly reading = new Set<string>()
  private stop: (() => void) | undefined
  private watched = false

  constructor(host: Host) {
    this.host = host
  }

  /** A query that is looked at. */
  add(query: Operation.Any, refreshOn: ReadonlyArray<Operation.Any | string>, refresh: () => void): () => void {
    const listener: Listener = { matches: matcher(refreshOn), refresh }
    this.listeners.add(listener)
    this.queries.set(query.key, (this.queries.get(query.key) ?? 0) + 1)
    this.stop ??= this.start()
    return () => {
      this.listeners.delete(listener)
      const left = this.queries.get(query.key)! - 1
      if (left === 0) this.queries.delete(query.key)
      else this.queries.set(query.key, left)
      if (this.listeners.size > 0) return
      this.stop?.()
      this.stop = undefined
      this.watched = false
      this.reading.clear()
    }
  }

  /** Undone or redone from here, by operations with these keys. */
  readonly touched = (keys: ReadonlyArray<string>): void => {
    for (const { matches, refresh } of this.listeners) if (keys.some(matches)) refresh()
  }

  private start(): () => void {
    let lost = false
    const stops = [
      this.host.follow((client) =>
        Stream.runForEach(client.invocations({ side: "here" }), (message) =>
          Effect.sync(() => {
            // The server tells of it too.
            if (this.watched && message._tag !== "Gap" && message.remote === true) return
            this.hear(message)
          }))
      ),
      this.host.follow((client) =>
        Stream.runForEach(client.invocations({ side: "server" }), (message) =>
          Effect.sync(() => {
            if (message._tag === "Gap" && message.why === "refused") return
            this.watched = true
            this.hear(message)
          }))
      ),
      this.host.follow((client) =>
        Stream.runForEach(client.connection, (state) =>
          Effect.sync(() => {
            if (state === "connected" && lost) this.all()
            lost = state === "disconnected"
          }))
      )
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }

  private all(): void {
    for (const { refresh } of this.listeners) refresh()
  }

  private hear(message: InvocationMessage | InvocationGapMessage): void {
    if (message._tag === "Gap") return this.all()
    const { id, key, rootId } = message
    const reads = message.readonly === true || this.queries.has(key)
    const ended = message._tag === "Succeeded" || message._tag === "Interrupted" ||
      (message._tag === "Failed" && message.refused !== true)
    if (reads) {
      if (id !== rootId) return
      if (message._tag === "Started") this.reading.add(id)
      else if (ended) this.reading.delete(id)
      return
    }
    if (!ended || this.reading.has(rootId)) return
    for (const { matches, refresh } of this.listeners) if (matches(key)) refresh()
  }
}

const matcher = (refreshOn: ReadonlyArray<Operation.Any | string>): (key: string) => boolean => {
  const keys = new Set<string>()
  const prefixes: Array<string> = []
  for (const which of refreshOn) {
    if (typeof which !== "string") keys.add(which.key)
    else if (which.endsWith(".")) prefixes.push(which)
    else keys.add(which)
  }
  return (key) => keys.has(key) || prefixes.some((prefix) => key.startsWith(prefix))
}
