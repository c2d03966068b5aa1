import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { HistoryEntry } from "../../history/HistoryEntry.ts"
import { HistoryTracker } from "../../history/HistoryTracker.ts"
import { CurrentActor } from "../../operation/Invocation.ts"
import { makeRemoteHistory } from "../../remote/internal/remoteHistory.ts"
import { makeRemoteInvoker } from "../../remote/internal/remoteInvoker.ts"
import type { RemoteHistoryScope } from "../../remote/RemoteHistory.ts"
import * as App from "./app.ts"
import { usage } from "./failure.ts"
import * as flags from "./flags.ts"
import * as Remote from "./remote.ts"
import { settle } from "./settle.ts"

/**
 * A history as the commands use it: of the application, or of a server.
 *
 * @internal
 */
export interface History extends Ways {
  readonly scope: (id: string) => Ways
  /** All entries that can be seen, oldest first. */
  readonly all: Effect.Effect<ReadonlyArray<HistoryEntry>, Failure>
  /** Whether an entry is the caller's own. A server shows no others. */
  readonly isOwn: (entry: HistoryEntry) => Effect.Effect<boolean>
  /** Waits for what an undo or a redo has set off. */
  readonly settled: Effect.Effect<void>
}

/** @internal */
export type Ways = Pick<RemoteHistoryScope, "undo" | "redo" | "undoTo" | "peek" | "state" | "entries">

type Failure = Effect.Error<RemoteHistoryScope["entries"]>

/** @internal */
export interface Where {
  readonly remote: Option.Option<string>
  readonly header: ReadonlyArray<string>
  readonly actor: Option.Option<string>
}

/**
 * Uses the history that the flags name, on behalf of the actor that they name.
 *
 * @internal
 */
export const withHistory =
  ({ actor, header, remote }: Where) => <A, E, R>(use: (history: History) => Effect.Effect<A, E, R>) =>
    Effect.gen(function*() {
      if (Option.isSome(remote)) {
        const server = yield* Remote.serverOf(remote.value, header)
        return yield* Effect.scoped(Effect.flatMap(elsewhere(server, actor), use))
      }
      if (header.length > 0) return yield* usage("NoRemote", "--header is for --remote <url>")
      return yield* App.provide(flags.as(actor)(Effect.flatMap(here, use)))
    })

const here = Effect.gen(function*() {
  const tracker = yield* HistoryTracker
  const context = yield* Effect.context<Effect.Services<typeof settle>>()
  const history: History = {
    ...tracker,
    all: tracker.allEntries,
    isOwn: (entry) => Effect.map(CurrentActor, (actor) => entry.actor === actor),
    settled: Effect.provideContext(settle, context)
  }
  return history
})

const elsewhere = (server: Remote.Server, actor: Option.Option<string>) =>
  Effect.map(Remote.connect(server), (client) => {
    const remote = makeRemoteInvoker(client, {
      session: "",
      actor: Option.getOrUndefined(actor),
      history: "server"
    })
    const tracker = makeRemoteHistory(remote, Effect.succeed(Object.fromEntries(server.headers)))
    const history: History = {
      ...tracker,
      all: tracker.entries,
      isOwn: () => Effect.succeed(true),
      settled: Effect.void
    }
    return history
  })
