import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Stream from "effect/Stream"
import type * as Operation from "../Operation.ts"
import type { RemoteOptions } from "../RemoteInvoker.ts"
import type { InvocationHook, InvokeInternalOptions } from "./frame.ts"
import type { Registration } from "./registration.ts"

/**
 * What the history needs of an invoker beyond its public face.
 *
 * @internal
 */
export interface InvokerInternals {
  /** Names this run of the process in invocation ids and events. */
  readonly epoch: string
  /** Installs the hook until the scope closes. There is one hook; a second one is a defect. */
  readonly installHook: (hook: InvocationHook) => Effect.Effect<void, never, Scope.Scope>
  /** Type side in and out, like `invoke`. */
  readonly invokeWith: (
    operation: Operation.Any,
    input: unknown,
    options: InvokeInternalOptions
  ) => Effect.Effect<unknown, unknown>
  /** Encoded side in and out, like `invokeKey`. */
  readonly invokeKeyWith: (
    key: string,
    input: unknown,
    options: InvokeInternalOptions
  ) => Effect.Effect<unknown, unknown>
  /** Type side in and out, like `invokeRemote`. */
  readonly invokeRemoteWith: (
    operation: Operation.Any,
    input: unknown,
    options: RemoteOptions,
    internal: InvokeInternalOptions
  ) => Effect.Effect<unknown, unknown>
  /** Whether what is called remotely in this context has a way out. */
  readonly hasTransport: (context: Context.Context<never>) => boolean
  /** Type side in and out, like `invokeStream`. */
  readonly streamWith: (
    operation: Operation.Any,
    input: unknown,
    options: InvokeInternalOptions
  ) => Stream.Stream<unknown, unknown>
  /** Encoded side in and out, like `invokeKeyStream`. */
  readonly streamKeyWith: (
    key: string,
    input: unknown,
    options: InvokeInternalOptions
  ) => Stream.Stream<unknown, unknown>
  /** The registration that would serve the key now. */
  readonly lookup: (key: string) => Registration | undefined
}

const InternalsTypeId = "~opbus/operation/OperationInvoker/internals" as const

/** @internal */
export interface WithInternals {
  readonly [InternalsTypeId]: InvokerInternals
}

/** @internal */
export const withInternals = <A extends object>(service: A, internals: InvokerInternals): A & WithInternals =>
  Object.defineProperty(service, InternalsTypeId, { value: internals, enumerable: false }) as A & WithInternals

/** @internal */
export const internalsOf = (service: object): InvokerInternals => (service as WithInternals)[InternalsTypeId]
