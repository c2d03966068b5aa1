/**
 * What the services say, from the moment somebody first looks at them for as long as the page is open: a chart that starts
 * anew with every visit would show nothing of what happened in between.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { useSyncExternalStore } from "react"
import { isOperationError } from "../../../operation/OperationError.ts"
import { RemoteInvoker } from "../../../operation/RemoteInvoker.ts"
import type { Services as ServicesMessage } from "../../DevtoolsMessages.ts"
import { Services } from "../../DevtoolsOperations.ts"
import { tools } from "../connection.ts"
import { messageOf } from "../ui/ErrorText.tsx"
import { Snapshots, type SnapshotsView } from "./snapshots.ts"

/** What is known of the services. */
export interface Feed {
  /** `undefined` before the first snapshot. */
  readonly latest: ServicesMessage | undefined
  /** Why it failed, when it did for another reason than the connection. */
  readonly error: string | undefined
}

const snapshots = new Snapshots()
const listeners = new Set<() => void>()
let feed: Feed = { latest: undefined, error: undefined }
let started = false

const set = (change: Partial<Feed>): void => {
  feed = { ...feed, ...change }
  for (const listener of listeners) listener()
}

const elements = Stream.unwrap(
  Effect.map(RemoteInvoker, (invoker) => invoker.invokeStream(Services, undefined, {}))
)

/** Every element counts, because each carries the events since the one before. It never ends. */
const follow = Effect.suspend(() =>
  Effect.matchCauseEffect(
    Stream.runForEach(elements, (latest) =>
      Effect.sync(() => {
        if (latest.enabled) snapshots.push(latest)
        set({ latest, error: undefined })
      })),
    {
      onFailure: (cause) => {
        const error = Cause.squash(cause)
        const away = isOperationError(error) && error.reason._tag === "RemoteUnavailable"
        if (!away) set({ error: messageOf(error) })
        return Effect.sleep(away ? "500 millis" : "3 seconds")
      },
      onSuccess: () => Effect.sleep("500 millis")
    }
  )
).pipe(Effect.forever)

const subscribe = (listener: () => void): () => void => {
  listeners.add(listener)
  if (!started) {
    started = true
    void tools.runPromiseExit(follow)
  }
  return () => void listeners.delete(listener)
}

const current = (): Feed => feed

/** How the services are now. The first who asks starts it. */
export const useServices = (): Feed => useSyncExternalStore(subscribe, current)

/** How they were in the last ten minutes. */
export const useSnapshots = (): SnapshotsView => useSyncExternalStore(snapshots.subscribe, snapshots.get)

/** The same at one moment; empty when nobody has looked at the services. */
export const snapshotsNow = (): SnapshotsView => snapshots.get()
