import type * as Stream from "effect/Stream"
import type { OperationError } from "../OperationError.ts"
import type { RemoteFailure } from "../RemoteInvoker.ts"

/**
 * What the bus needs of a transport beyond its public face.
 *
 * @internal
 */
export interface RemoteInternals {
  /** Who keeps the history of its calls. */
  readonly history: "server" | "client"
  /**
   * A stream of JSON data under a key that need not be an operation's. There is none where a transport leads to several
   * servers.
   */
  readonly streamKey?:
    | ((
      key: string,
      input: unknown,
      headers: Readonly<Record<string, string>>
    ) => Stream.Stream<unknown, OperationError | RemoteFailure>)
    | undefined
  /** Of a transport that keeps a connection: how that is, now and whenever it changes. */
  readonly connection?: ConnectionWatch | undefined
}

/** @internal */
export type ConnectionState = "connecting" | "connected" | "disconnected"

/**
 * How a connection is. It begins as `"connecting"`; once lost it is `"disconnected"` until it is there again.
 *
 * @internal
 */
export class ConnectionWatch {
  current: ConnectionState = "connecting"
  private readonly listeners = new Set<(state: ConnectionState) => void>()

  set(state: ConnectionState): void {
    if (state === this.current) return
    this.current = state
    for (const listener of this.listeners) listener(state)
  }

  listen(listener: (state: ConnectionState) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }
}

const InternalsTypeId = "~opbus/operation/RemoteInvoker/internals" as const

/** @internal */
export const withRemoteInternals = <A extends object>(service: A, internals: RemoteInternals): A =>
  Object.defineProperty(service, InternalsTypeId, { value: internals, enumerable: false })

/** Of a transport that is not ours nobody knows whether a server keeps the history: then it is kept here. */
const foreign: RemoteInternals = { history: "client" }

/** @internal */
export const remoteInternalsOf = (service: object): RemoteInternals =>
  (service as { readonly [InternalsTypeId]?: RemoteInternals })[InternalsTypeId] ?? foreign
