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
