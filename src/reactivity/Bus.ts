/**
 * The bus for those who show it: values that change, and functions that never reject.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import type * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"
import type { ConnectionState } from "../operation/internal/remoteInternals.ts"
import type { Single, Streaming } from "../operation/OperationInvoker.ts"
import type { BusClient } from "./BusClient.ts"
import type { HistoryHandle, HistoryOptions } from "./HistoryView.ts"
import { Cell } from "./internal/cell.ts"
import { inNextFrame } from "./internal/frames.ts"
import { History } from "./internal/historyHandle.ts"
import { Host, type HostState } from "./internal/host.ts"
import { latest } from "./internal/latest.ts"
import { Handle } from "./internal/operationHandle.ts"
import { Query } from "./internal/queryHandle.ts"
import { Refreshes } from "./internal/refreshes.ts"
import { Shared } from "./internal/shared.ts"
import { type InvocationFilter, type InvocationRow, InvocationTable, matching } from "./InvocationTable.ts"
import type { LatestOptions, LatestState } from "./LatestState.ts"
import type { Observable } from "./Observable.ts"
import type { OperationHandle, OperationOptions } from "./OperationState.ts"
import type { QueryHandle, QueryOptions } from "./QueryState.ts"

/**
 * Whether the layer of a bus is there.
 *
 * @category models
 * @since 0.1.0
 */
export type BusState = HostState

/**
 * The bus, without React and without effects.
 *
 * **When to use**
 *
 * Use one per page. Nothing starts before it is needed: the layer is built for the first subscription, call or `start`.
 * Components of React get it through `OpbusProvider`.
 *
 * **Details**
 *
 * What changes many times within a frame is heard once.
 *
 * @category models
 * @since 0.1.0
 */
export interface Bus<in R = BusClient> {
  /** Whether the layer is there. */
  readonly state: Observable<BusState>
  /** Builds the layer, if that has not begun. */
  readonly start: () => void
  /** An operation to invoke. Each handle has calls of its own. */
  readonly operation: <Op extends Single>(operation: Op, options?: OperationOptions<Op>) => OperationHandle<Op>
  /** The history, of all scopes or of one. */
  readonly history: (scope?: string, options?: HistoryOptions) => HistoryHandle
  /** What happens from now on, in the order in which it started. */
  readonly invocations: (filter?: InvocationFilter) => Observable<ReadonlyArray<InvocationRow>>
  /** What an operation that only reads gives, kept fresh. */
  readonly query: <Op extends Single>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: QueryOptions
  ) => QueryHandle<Op>
  /** The newest element of a stream operation, followed anew when the connection comes back. */
  readonly latest: <Op extends Streaming>(
    operation: Op,
    input: Op["input"]["Type"],
    options?: LatestOptions
  ) => Observable<LatestState<Op>>
  /** The way to the server. */
  readonly connection: Observable<ConnectionState>
  /** Runs an effect with the services of the layer. Never rejects. */
  readonly run: <A, E>(
    effect: Effect.Effect<A, E, R>,
    options?: { readonly signal?: AbortSignal | undefined }
  ) => Promise<Exit.Exit<A, E>>
  /** Interrupts what runs, and closes the layer if the bus built it. */
  readonly dispose: () => Promise<void>
}

/**
 * Where the services of a bus come from. A layer is built, and closed, by the bus.
 *
 * @category models
 * @since 0.1.0
 */
export type Source<R> =
  | Layer.Layer<R, unknown>
  | ManagedRuntime.ManagedRuntime<R, unknown>
  | Context.Context<R>

const noRows: ReadonlyArray<InvocationRow> = []

/**
 * Makes a bus.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <R>(source: Source<R | BusClient>): Bus<R | BusClient> => {
  const host = new Host(source)
  const refreshes = new Refreshes(host)
  const shared = new Shared()

  const invocations = (filter: InvocationFilter): Cell<ReadonlyArray<InvocationRow>> => {
    const { keys, limit, rootId, side } = filter
    const matches = matching(filter)
    const cell: Cell<ReadonlyArray<InvocationRow>> = new Cell(noRows, () => {
      const table = new InvocationTable(limit)
      // Rows are filtered once for all that came within a frame.
      const show = { flush: () => cell.setNow(table.rows.filter(matches)) }
      const stop = host.follow((client) =>
        Stream.runForEach(client.invocations({ keys, rootId, side }), (message) =>
          Effect.sync(() => {
            if (table.add(message)) inNextFrame(show)
          }))
      )
      return () => {
        stop()
        cell.forget()
      }
    })
    return cell
  }

  const connection: Cell<ConnectionState> = new Cell<ConnectionState>(
    "connecting",
    () =>
      host.follow((client) => Stream.runForEach(client.connection, (state) => Effect.sync(() => connection.set(state))))
  )

  return {
    state: host.state,
    start: () => host.start(),
    operation: (operation, options) => new Handle(host, operation, options),
    history: (scope, options = {}) =>
      shared.get(
        ["history", scope ?? null, options.side ?? null, options.entries === true],
        () => new History(host, scope, options, refreshes.touched)
      ),
    invocations: (filter = {}) => shared.get(["invocations", filter], () => invocations(filter)),
    query: (operation, input, options = {}) => new Query(host, refreshes, operation, input, options),
    latest: (operation, input, options = {}) => latest(host, operation, input, options),
    connection,
    run: (effect, options) =>
      new Promise((resolve) => {
        const signal = options?.signal
        const fiber = host.fork(effect, (exit) => {
          signal?.removeEventListener("abort", stop)
          resolve(exit)
        })
        function stop(): void {
          fiber.interruptUnsafe()
        }
        if (signal?.aborted === true) stop()
        else signal?.addEventListener("abort", stop)
      }),
    dispose: () => host.dispose()
  }
}
