/**
 * Ships handlers without the application around them: bundles them as a worker, starts or uploads it, and records where
 * it is.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { toJson } from "../operation/OperationJson.ts"
import type { Binding, Deployable } from "../remote/Deployable.ts"
import {
  type Deployment,
  DeploymentRegistry,
  type DeploymentRegistryError,
  toMessage
} from "../remote/DeploymentRegistry.ts"
import { loadDeployables } from "./internal/deploy/app.ts"
import { bundle, type Target } from "./internal/deploy/bundle.ts"
import { firstAnswer, measure, type Measured } from "./internal/deploy/coldStart.ts"
import { unsupported, workerdConfiguration, wranglerConfiguration } from "./internal/deploy/configuration.ts"
import { DeployError, firstLine } from "./internal/deploy/failure.ts"
import * as processes from "./internal/deploy/process.ts"
import { upload as uploadFolder } from "./internal/deploy/wrangler.ts"

export { DeployError, type Measured, type Target }

/**
 * What to build.
 *
 * @category models
 * @since 0.1.0
 */
export interface BuildOptions {
  /** The module that exports `deployables`. */
  readonly app: string
  /** The keys of the operations. */
  readonly operations: ReadonlyArray<string>
  readonly target: Target
  /** The folder to write to. Default `.opbus/deploy/<name>`. */
  readonly out?: string | undefined
  /** The name of the worker. Default: the first key and its version. */
  readonly name?: string | undefined
  /** The name of the binding that holds the callers' secret. Default `"OPBUS_SECRET"`. */
  readonly secret?: string | undefined
  /** Default `true`. */
  readonly minify?: boolean | undefined
  /** Compile schemas ahead of time. Default `true`. */
  readonly compile?: boolean | undefined
}

/**
 * A worker on disk.
 *
 * @category models
 * @since 0.1.0
 */
export interface Built {
  readonly name: string
  readonly target: Target
  readonly folder: string
  /** Bytes of the bundle. */
  readonly size: { readonly raw: number; readonly gzip: number }
  /** The files that the bundle is made of, with their bytes in it, the largest first. */
  readonly modules: ReadonlyArray<readonly [file: string, bytes: number]>
  /** What can be called, without an endpoint as long as it does not run. */
  readonly functions: ReadonlyArray<Omit<Deployment, "endpoint" | "deployedAt">>
}

/** The path of a worker's address. */
const rpcPath = "/rpc"

/**
 * Bundles handlers as a worker and writes it with its configuration.
 *
 * **Details**
 *
 * The folder gets `worker.js` with `workerd.capnp` or `wrangler.jsonc`, or `server.js`, and `deployment.json`, which says
 * what is in it. The id of each function is made of its key, its version and the bundle: other code has another id.
 *
 * @category deploying
 * @since 0.1.0
 */
export const build = Effect.fnUntraced(function*(options: BuildOptions): Effect.fn.Return<Built, DeployError> {
  const { app, target } = options
  const secret = options.secret ?? "OPBUS_SECRET"
  const deployables = yield* loadDeployables(app, options.operations)
  const bindings = yield* bindingsOf(deployables, secret, target)
  const name = options.name ?? defaultName(deployables)
  if (!/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) {
    return yield* new DeployError({
      reason: "InvalidOptions",
      message: `"${name}" cannot be the name of a worker; use small letters, digits and dashes`
    })
  }
  const { code, gzip, modules } = yield* bundle({
    app,
    target,
    deployables,
    secret,
    minify: options.minify ?? true,
    compile: options.compile ?? true
  })
  const digest = createHash("sha256").update(code).digest("hex").slice(0, 12)
  const folder = path.resolve(options.out ?? path.join(".opbus", "deploy", name))
  const built: Built = {
    name,
    target,
    folder,
    size: { raw: code.length, gzip },
    modules,
    functions: yield* Effect.forEach(deployables, (deployable) => describe(deployable, digest))
  }
  yield* Effect.try({
    try: () => write(built, code, bindings),
    catch: (cause) =>
      new DeployError({ reason: "Write", message: `${folder} cannot be written: ${firstLine(cause)}`, cause })
  })
  return built
})

/**
 * A worker that runs.
 *
 * @category models
 * @since 0.1.0
 */
export interface Running {
  readonly endpoint: string
  readonly port: number
  readonly pid: number
  /** Milliseconds from the start of the process until it listened, and until its first answer. */
  readonly listeningMillis: number
  readonly answerMillis: number
  /** Waits for its end, which is a failure: it runs until the scope closes. */
  readonly exited: Effect.Effect<never, DeployError>
}

/**
 * Starts a worker that was built for workerd or Node, on this machine's loopback interface, until the scope closes.
 *
 * **Details**
 *
 * It is up when it has answered once, with the layers of its handlers built. Secrets are taken from the environment.
 *
 * @category deploying
 * @since 0.1.0
 */
export const start = (
  built: Built,
  options?: { readonly port?: number | undefined }
): Effect.Effect<Running, DeployError, Scope.Scope> =>
  Effect.gen(function*() {
    if (built.target === "cloudflare") {
      return yield* new DeployError({
        reason: "InvalidOptions",
        message: "a worker for cloudflare is uploaded, not started; use upload, or the target workerd"
      })
    }
    const launch = built.target === "node" ? processes.node : processes.workerd
    const listening = yield* launch(built.folder, options?.port ?? 0)
    const endpoint = `http://127.0.0.1:${listening.port}${rpcPath}`
    const answer = yield* Effect.raceFirst(firstAnswer(endpoint), listening.exited)
    return { ...listening, endpoint, answerMillis: listening.listeningMillis + answer }
  })

/**
 * Uploads a worker that was built for cloudflare, with `wrangler deploy`, and returns where it is. A dry run uploads
 * nothing.
 *
 * @category deploying
 * @since 0.1.0
 */
export const upload = (
  built: Built,
  options?: { readonly dryRun?: boolean | undefined; readonly endpoint?: string | undefined }
): Effect.Effect<{ readonly endpoint: string | undefined; readonly output: string }, DeployError> =>
  Effect.map(uploadFolder(built.folder, options?.dryRun ?? false), ({ output, url }) => ({
    endpoint: options?.endpoint ?? (url === undefined ? undefined : `${url.replace(/\/$/, "")}${rpcPath}`),
    output
  }))

/**
 * Records where the functions of a worker can be called.
 *
 * @category deploying
 * @since 0.1.0
 */
export const record = (
  built: Built,
  endpoint: string
): Effect.Effect<ReadonlyArray<Deployment>, DeploymentRegistryError, DeploymentRegistry> =>
  Effect.gen(function*() {
    const registry = yield* DeploymentRegistry
    const deployedAt = yield* Clock.currentTimeMillis
    return yield* Effect.forEach(built.functions, (one) => {
      const deployment: Deployment = { ...one, endpoint, deployedAt }
      return Effect.as(registry.put(deployment), deployment)
    })
  })

/**
 * Measures the cold start of a worker that was built for workerd, against one that only answers, started in turn.
 *
 * @category measuring
 * @since 0.1.0
 */
export const coldStart = (
  built: Built,
  options?: { readonly rounds?: number | undefined }
): Effect.Effect<Measured, DeployError> => measure(built.folder, rpcPath, options?.rounds ?? 5)

const defaultName = ([first]: ReadonlyArray<Deployable>): string => {
  const { key, meta } = first!.operation
  const name = `${key}-v${meta.version ?? 1}`.replace(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase()
  return name.replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 63)
}

const bindingsOf = (
  deployables: ReadonlyArray<Deployable>,
  secret: string,
  target: Target
): Effect.Effect<ReadonlyMap<string, Binding>, DeployError> => {
  const refuse = (message: string) => Effect.fail(new DeployError({ reason: "InvalidOptions", message }))
  const bindings = new Map<string, Binding>([[secret, { type: "secret" }]])
  for (const { bindings: wanted, operation } of deployables) {
    for (const [name, binding] of wanted) {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
        return refuse(`the binding ${JSON.stringify(name)} of ${operation.key} is no name; use letters, digits and "_"`)
      }
      const known = bindings.get(name)
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(binding)) {
        return refuse(
          `the binding ${name} of ${operation.key} is something else already; give one of them another name`
        )
      }
      bindings.set(name, binding)
    }
  }
  const [missing] = target === "cloudflare" ? [] : unsupported(bindings)
  return missing === undefined
    ? Effect.succeed(bindings)
    : refuse(
      `${missing[0]} is ${
        missing[1]
      }, which ${target} does not have; use the target cloudflare, or provide another layer`
    )
}

const describe = (
  { operation, services }: Deployable,
  digest: string
): Effect.Effect<Built["functions"][number], DeployError> =>
  Effect.try({
    try: () => {
      const { description, error, input, key, label, output, stream, version } = toJson(operation)
      return {
        key,
        name: label ?? key,
        ...(description === undefined ? undefined : { description }),
        version,
        deployedFunctionId: `${key}@${version}-${digest}`,
        services,
        stream,
        input,
        output,
        error
      }
    },
    catch: (cause) => new DeployError({ reason: "InvalidApp", message: firstLine(cause), cause })
  })

const write = (built: Built, code: Uint8Array, bindings: ReadonlyMap<string, Binding>): void => {
  const { folder, functions, name, size, target } = built
  const file = (name: string, contents: string | Uint8Array) => fs.writeFileSync(path.join(folder, name), contents)
  fs.mkdirSync(folder, { recursive: true })
  file(target === "node" ? "server.js" : "worker.js", code)
  if (target === "workerd") file("workerd.capnp", workerdConfiguration(bindings))
  if (target === "cloudflare") file("wrangler.jsonc", wranglerConfiguration(name, bindings))
  // What was there before this is no module type of its own.
  file("package.json", `${JSON.stringify({ name, private: true, type: "module" }, null, 2)}\n`)
  const described = functions.map((one) => {
    const { deployedAt: _, endpoint: __, ...message } = toMessage({ ...one, endpoint: "", deployedAt: 0 })
    return message
  })
  file("deployment.json", `${JSON.stringify({ name, target, size, functions: described }, null, 2)}\n`)
}
