/**
 * What was asked of the worker in this window. An answer may take as long as the worker is stopped, whichever note is
 * open meanwhile.
 */
import { Cause, Effect, Exit, Stream } from "effect"
import { type Bus, BusClient } from "opbus/reactivity"
import { type AnalysisState, RequestAnalysis } from "../../../plugins/analysis/web.ts"

export type Analysis = typeof AnalysisState.Type | { readonly state: "asking" } | {
  readonly state: "failed"
  readonly why: string
}

export class Analyses {
  readonly #bus: Bus.Bus
  readonly #states = new Map<string, Analysis>()
  readonly #listeners = new Set<() => void>()
  /** Broken off with the connection. */
  readonly #lost = new Set<string>()

  constructor(bus: Bus.Bus) {
    this.#bus = bus
    bus.connection.subscribe((state) => {
      if (state !== "connected") return
      for (const id of this.#lost) this.ask(id)
    })
  }

  readonly subscribe = (listener: () => void): () => void => {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  readonly of = (id: string): Analysis | undefined => this.#states.get(id)

  readonly ask = (id: string): void => {
    this.#lost.delete(id)
    if (this.of(id)?.state !== "queued") this.#set(id, { state: "asking" })
    const following = BusClient.use((client) =>
      Stream.runForEach(
        client.invokeStream(RequestAnalysis, { id }),
        (state) => Effect.sync(() => this.#set(id, state))
      )
    )
    void this.#bus.run(following).then((exit) => {
      if (Exit.isSuccess(exit)) return
      const error = Cause.squash(exit.cause) as {
        readonly message: string
        readonly reason?: { readonly _tag: string }
      }
      if (error.reason?._tag === "RemoteUnavailable") this.#lost.add(id)
      else this.#set(id, { state: "failed", why: error.message })
    })
  }

  #set(id: string, state: Analysis): void {
    this.#states.set(id, state)
    for (const listener of this.#listeners) listener()
  }
}
