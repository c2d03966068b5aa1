/**
 * The two ways from this page to its server: the application's bus, of which it sees what everybody sees, and the bus of
 * the devtools themselves.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Socket from "effect/socket/Socket"
import * as Stream from "effect/Stream"
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react"
import type * as Operation from "../../operation/Operation.ts"
import { isOperationError, type OperationError } from "../../operation/OperationError.ts"
import { OperationInvoker } from "../../operation/OperationInvoker.ts"
import { OperationRegistry } from "../../operation/OperationRegistry.ts"
import { RemoteInvoker } from "../../operation/RemoteInvoker.ts"
import * as Bus from "../../reactivity/Bus.ts"
import { BusClient, type ConnectionState } from "../../reactivity/BusClient.ts"
import * as Transport from "../../remote/RemoteInvoker.ts"
import { messageOf } from "./ui/ErrorText.tsx"

/** The actor of what is invoked from this page. */
export const actor = "devtools"

const address = (name: string): string => {
  const path = location.pathname.replace(/\/+$/, "")
  return `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${path}/${name}`
}

const runtimeOf = (name: string) =>
  ManagedRuntime.make(
    BusClient.layer.pipe(
      Layer.provideMerge(
        Transport.layerWebSocket({ url: address(name), actor, pingInterval: "5 seconds" }).pipe(
          Layer.provide(Socket.layerWebSocketConstructorGlobal)
        )
      ),
      Layer.provide(OperationInvoker.layer),
      Layer.provide(OperationRegistry.layer)
    )
  )

/** The application's bus: exactly what it exposes. */
export const app = runtimeOf("app")

/** The bus of the devtools. */
export const tools = runtimeOf("tools")

/** The application's bus, for hooks. */
export const appBus: Bus.Bus = Bus.make(app)

/** Whether the server can be reached. */
export type Connection = ConnectionState

// ---------------------------------------------------------------------------
// the newest element of a stream
// ---------------------------------------------------------------------------

/** The newest element of a stream operation of the devtools. */
export interface Latest<A> {
  /** `undefined` before the first one; kept while the connection is away. */
  readonly value: A | undefined
  readonly connection: Connection
  /** Why it failed, when it did for another reason than the connection. */
  readonly error: string | undefined
}

class LatestStore<A> {
  private state: Latest<A> = { value: undefined, connection: "connecting", error: undefined }
  private readonly listeners = new Set<() => void>()
  private readonly elements: Stream.Stream<A, unknown, RemoteInvoker>
  private stop: (() => void) | undefined

  constructor(elements: Stream.Stream<A, unknown, RemoteInvoker>) {
    this.elements = elements
  }

  readonly get = (): Latest<A> => this.state

  readonly subscribe = (listener: () => void): () => void => {
    this.listeners.add(listener)
    if (this.stop === undefined) {
      const controller = new AbortController()
      this.stop = () => controller.abort()
      void tools.runPromiseExit(this.follow, { signal: controller.signal })
    }
    return () => {
      this.listeners.delete(listener)
      // Whoever comes from one panel to the next, or mounts twice, keeps the subscription.
      setTimeout(() => {
        if (this.listeners.size > 0) return
        this.stop?.()
        this.stop = undefined
      }, 1_000)
    }
  }

  private readonly set = (change: Partial<Latest<A>>): void => {
    this.state = { ...this.state, ...change }
    for (const listener of this.listeners) listener()
  }

  /** Never ends: a stream that broke is asked for anew. */
  private readonly follow = Effect.suspend(() =>
    Effect.matchCauseEffect(
      Stream.runForEach(this.elements, (value) =>
        Effect.sync(() => this.set({ value, connection: "connected", error: undefined }))),
      {
        onFailure: (cause) => {
          if (Cause.hasInterruptsOnly(cause)) {
            return Effect.interrupt
          }
          const error = Cause.squash(cause)
          const away = isOperationError(error) && error.reason._tag === "RemoteUnavailable"
          this.set(away ? { connection: "disconnected" } : { error: messageOf(error) })
          return Effect.sleep(away ? "500 millis" : "3 seconds")
        },
        onSuccess: () =>
          Effect.sleep("500 millis")
      }
    )
  ).pipe(Effect.forever)
}

const stores = new Map<string, LatestStore<unknown>>()

/** The newest element of a stream operation of the devtools; all who ask for the same share one subscription. */
export const useLatest = <Op extends Operation.Any>(operation: Op, input: Op["input"]["Type"]): Latest<
  Op["output"]["Type"]
> => {
  const key = `${operation.key} ${JSON.stringify(input) ?? ""}`
  let store = stores.get(key) as LatestStore<Op["output"]["Type"]> | undefined
  if (store === undefined) {
    store = new LatestStore(
      Stream.unwrap(Effect.map(RemoteInvoker, (invoker) => invoker.invokeStream(operation, input, {})))
    )
    stores.set(key, store as LatestStore<unknown>)
  }
  return useSyncExternalStore(store.subscribe, store.get)
}

// ---------------------------------------------------------------------------
// single operations
// ---------------------------------------------------------------------------

/** An operation of the devtools, and what became of its last invocation. */
export interface ToolCall<Op extends Operation.Any> {
  /** Never rejects. */
  readonly invoke: (
    input: Op["input"]["Type"]
  ) => Promise<Exit.Exit<Op["output"]["Type"], Op["error"]["Type"] | OperationError>>
  readonly pending: boolean
  /** In one line; gone with the next invocation. */
  readonly error: string | undefined
  readonly reset: () => void
}

/** Invokes an operation of the devtools. */
export const useTools = <Op extends Operation.Any>(operation: Op): ToolCall<Op> => {
  const [state, setState] = useState<{ readonly pending: number; readonly error: string | undefined }>({
    pending: 0,
    error: undefined
  })
  const mounted = useRef(true)
  useEffect(() => {
    mounted.current = true
    return () => {
      mounted.current = false
    }
  }, [])
  const invoke = useCallback(
    (input: Op["input"]["Type"]): Promise<Exit.Exit<Op["output"]["Type"], Op["error"]["Type"] | OperationError>> => {
      setState(({ pending }) => ({ pending: pending + 1, error: undefined }))
      const call = Effect.flatMap(RemoteInvoker, (invoker) => invoker.invoke(operation, input, {}))
      return tools.runPromiseExit(call).then((exit) => {
        if (mounted.current) {
          const error = exit._tag === "Failure" ? messageOf(Cause.squash(exit.cause)) : undefined
          setState(({ pending }) => ({ pending: pending - 1, error }))
        }
        return exit
      })
    },
    [operation]
  )
  const reset = useCallback(() => setState(({ pending }) => ({ pending, error: undefined })), [])
  return { invoke, pending: state.pending > 0, error: state.error, reset }
}
