/**
 * Handlers as a worker: the `fetch` that workerd and Cloudflare call.
 *
 * A worker answers calls of exactly the operations it exposes, over HTTP: frames of `effect/rpc` at its path, and one
 * plain JSON call below it. What the platform gives it under names arrives as services.
 *
 * @since 0.1.0
 */
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type { FollowupScheduler } from "../operation/FollowupScheduler.ts"
import type * as Operation from "../operation/Operation.ts"
import type { OperationInvoker } from "../operation/OperationInvoker.ts"
import type { OperationRegistry } from "../operation/OperationRegistry.ts"
import type { Authorize, RemoteCall, Verdict } from "./internal/authorization.ts"
import { build } from "./internal/deploy/worker.ts"
import type { Limits } from "./internal/limits.ts"

export type { Limits, RemoteCall, Verdict }

/**
 * What the platform gives the worker: secrets, texts, KV namespaces, databases, by their names.
 *
 * **When to use**
 *
 * Use in Layers that make services of bindings; `secret`, `text`, `binding` and `layerBinding` read one by its name.
 *
 * @category services
 * @since 0.1.0
 */
export class Bindings extends Context.Service<Bindings, {
  readonly env: Readonly<Record<string, unknown>>
}>()("opbus/remote/EdgeWorker/Bindings") {
  /**
   * Bindings that are given here, for tests and for other platforms.
   *
   * @since 0.1.0
   */
  static readonly layer = (env: Readonly<Record<string, unknown>>): Layer.Layer<Bindings> =>
    Layer.succeed(Bindings, { env })
}

/**
 * A binding is missing, or something else than was expected.
 *
 * @category errors
 * @since 0.1.0
 */
export class BindingError extends Data.TaggedError("BindingError")<{
  readonly name: string
  readonly expected: string
}> {
  override get message(): string {
    return `The worker has no binding "${this.name}" that is ${this.expected}. Bind it in the worker's configuration.`
  }
}

/**
 * Reads a binding that a guard recognises.
 *
 * @category bindings
 * @since 0.1.0
 */
export const binding = <A>(
  name: string,
  is: (u: unknown) => u is A,
  expected: string
): Effect.Effect<A, BindingError, Bindings> =>
  Effect.flatMap(Bindings, ({ env }) => {
    const value = Object.hasOwn(env, name) ? env[name] : undefined
    return is(value) ? Effect.succeed(value) : Effect.fail(new BindingError({ name, expected }))
  })

/**
 * Reads a binding that is a text.
 *
 * @category bindings
 * @since 0.1.0
 */
export const text = (name: string): Effect.Effect<string, BindingError, Bindings> =>
  binding(name, (u): u is string => typeof u === "string", "a text")

/**
 * Reads a binding that is a secret. It shows as `<redacted>` wherever it is printed.
 *
 * @category bindings
 * @since 0.1.0
 */
export const secret = (name: string): Effect.Effect<Redacted.Redacted, BindingError, Bindings> =>
  Effect.map(
    binding(name, (u): u is string => typeof u === "string" && u !== "", "a secret"),
    (value) => Redacted.make(value, { label: name })
  )

/**
 * Makes a service of a binding.
 *
 * **When to use**
 *
 * Use for a KV namespace, a queue, or another worker: `layerBinding(Cache, "CACHE", "a KV namespace", (kv: KVNamespace) => …)`.
 *
 * **Gotchas**
 *
 * An object of the platform cannot be checked: its type is what the worker's configuration makes of it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerBinding = <I, S, B extends object>(
  service: Context.Key<I, S>,
  name: string,
  expected: string,
  make: (binding: B) => S
): Layer.Layer<I, BindingError, Bindings> =>
  Layer.effect(
    service,
    Effect.map(
      binding(name, (u): u is B => (typeof u === "object" && u !== null) || typeof u === "function", expected),
      make
    )
  )

/**
 * Makes a service of a secret.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSecret = <I>(
  service: Context.Key<I, Redacted.Redacted>,
  name: string
): Layer.Layer<I, BindingError, Bindings> => Layer.effect(service, secret(name))

/**
 * Lets `Config` read the bindings that are texts and secrets.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerConfig: Layer.Layer<never, never, Bindings> = ConfigProvider.layer(
  Effect.map(Bindings, ({ env }) =>
    ConfigProvider.fromEnv({
      env: Object.fromEntries(
        Object.entries(env).filter((entry): entry is [string, string] => typeof entry[1] === "string")
      )
    }))
)

/**
 * What a worker lets others do.
 *
 * @category models
 * @since 0.1.0
 */
export interface WorkerOptions {
  /** What is reachable: operations or keys. Nothing else is. */
  readonly expose: ReadonlyArray<Operation.Any | string>
  /** Decides about each call. Without it and without a `secret`, every call is refused. */
  readonly authorize?: ((call: RemoteCall) => Effect.Effect<Verdict>) | undefined
  /** The name of the binding whose text callers have to send as `Authorization: Bearer …`. */
  readonly secret?: string | undefined
  /**
   * The worker listens on the loopback interface only: calls by its name are local, and need no secret as long as none is
   * bound. Never for a worker that is deployed. Default `false`.
   */
  readonly loopback?: boolean | undefined
  /** The path of its address. Default `"/rpc"`. */
  readonly path?: string | undefined
  readonly limits?: Partial<Limits> | undefined
  /** Called with each operation before its handler is registered; `opbus deploy` installs compiled schemas here. */
  readonly prepare?: ((operation: Operation.Any) => void) | undefined
}

/**
 * What keeps a worker alive after it has answered.
 *
 * @category models
 * @since 0.1.0
 */
export interface ExecutionContext {
  readonly waitUntil: (promise: Promise<unknown>) => void
}

/**
 * What a worker's module exports as default.
 *
 * @category models
 * @since 0.1.0
 */
export interface Worker {
  readonly fetch: (
    request: Request,
    env: Readonly<Record<string, unknown>>,
    context?: ExecutionContext
  ) => Promise<Response>
}

/**
 * Makes a worker of the layers of handlers.
 *
 * **When to use**
 *
 * Use in a worker's module: `export default EdgeWorker.make(AnalyzeTextHandler, { expose: ["ai.analyzeText"], secret:
 * "OPBUS_SECRET" })`. `opbus deploy` writes such a module.
 *
 * **Details**
 *
 * The layers are built by the first request and serve all that follow. When they cannot be built the request is answered
 * with 503, the worker's log says why, and the next request tries again. Follow-ups that are scheduled by handlers are
 * waited for after the answer.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <A, E>(
  layer: Layer.Layer<A, E, OperationRegistry | OperationInvoker | FollowupScheduler | Bindings>,
  options: WorkerOptions
): Worker => {
  const path = options.path ?? "/rpc"
  const { loopback = false, secret: secretName } = options
  return build({
    layer: (env) => Layer.provide(layer, Bindings.layer(env)),
    path,
    exposed: new Set(options.expose.map((item) => typeof item === "string" ? item : item.key)),
    limits: options.limits,
    prepare: options.prepare,
    access: (env) => {
      if (options.authorize !== undefined) return { authorize: options.authorize, anyHost: true }
      const expected = secretName === undefined ? undefined : env[secretName]
      if (typeof expected === "string" && expected !== "") return { authorize: bearer(expected), anyHost: true }
      if (loopback) return { authorize: local, anyHost: false }
      const why = secretName === undefined
        ? "the worker has neither a secret nor an authorizer"
        : `the worker's secret ${secretName} is not set`
      return { authorize: () => Effect.succeed({ denied: why }), anyHost: true }
    }
  })
}

/**
 * An authorizer that wants a secret in the header `authorization`.
 *
 * @category authorization
 * @since 0.1.0
 */
export const bearer = (expected: string | Redacted.Redacted): Authorize => {
  const encoder = new TextEncoder()
  const wanted = encoder.encode(`Bearer ${typeof expected === "string" ? expected : Redacted.value(expected)}`)
  return ({ headers }) =>
    Effect.sync(() => {
      const given = encoder.encode(headers.get("authorization") ?? "")
      // Takes the same time wherever the first wrong byte is.
      let wrong = given.length ^ wanted.length
      for (let i = 0; i < wanted.length; i++) wrong |= wanted[i]! ^ (given[i] ?? 0)
      return wrong === 0 ? true : { denied: "the call carries no valid secret" }
    })
}

const forwarding = ["forwarded", "x-forwarded-for", "x-real-ip", "cf-connecting-ip"]

/** The door has looked at the name already; what came through a proxy is not local. */
const local: Authorize = ({ headers }) =>
  Effect.succeed(
    forwarding.some((name) => headers.has(name))
      ? { denied: "the worker has no secret, so only its own machine may call it" }
      : true
  )
