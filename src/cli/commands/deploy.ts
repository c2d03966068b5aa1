import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Command, Flag } from "../../internal/effect/cli.ts"
import type * as Deployer from "../../node/Deployer.ts"
import { registry, withRegistry } from "../internal/deployments.ts"
import { CliFailure, exitCodes, usage } from "../internal/failure.ts"
import * as flags from "../internal/flags.ts"
import { App } from "../internal/globals.ts"
import { present, remark } from "../internal/output.ts"

const config = {
  operations: Flag.String("operations").pipe(
    Flag.withMetavar("<keys>"),
    Flag.withDescription("The keys of the operations, with commas between them"),
    Flag.withDefault("")
  ),
  target: Flag.Literals("target", ["workerd", "cloudflare", "node"]).pipe(
    Flag.withDescription("Where they are to run"),
    Flag.withDefault("workerd" as const)
  ),
  out: Flag.String("out").pipe(
    Flag.withMetavar("<folder>"),
    Flag.withDescription("Where the worker is written (default: .opbus/deploy/<name>)"),
    Flag.optional
  ),
  name: Flag.String("name").pipe(
    Flag.withMetavar("<name>"),
    Flag.withDescription("The worker's name (default: the first key and its version)"),
    Flag.optional
  ),
  registry,
  port: Flag.Int("port").pipe(
    Flag.withMetavar("<number>"),
    Flag.withDescription("Where to listen on 127.0.0.1; 0 takes a free one"),
    Flag.withDefault(0)
  ),
  secret: Flag.String("secret").pipe(
    Flag.withMetavar("<variable>"),
    Flag.withDescription("The variable with the secret that callers have to send; its value is never written"),
    Flag.withDefault("OPBUS_SECRET")
  ),
  endpoint: Flag.String("endpoint").pipe(
    Flag.withMetavar("<url>"),
    Flag.withDescription("Where an uploaded worker is called, if not on workers.dev"),
    Flag.optional
  ),
  buildOnly: Flag.Boolean("build-only").pipe(
    Flag.withDescription("Write the worker, and neither start nor record it"),
    Flag.withDefault(false)
  ),
  coldStart: Flag.Boolean("cold-start").pipe(
    Flag.withDescription("Measure the cold start against a bare worker (workerd only)"),
    Flag.withDefault(false)
  ),
  dryRun: flags.dryRun.pipe(Flag.withDescription("Run wrangler deploy --dry-run: nothing is uploaded or recorded"))
}

/**
 * `opbus deploy`
 *
 * @internal
 */
export const deploy = Command.make("deploy", config, (options) =>
  Effect.gen(function*() {
    const app = Option.getOrUndefined(yield* App)
    if (app === undefined) {
      return yield* usage(
        "MissingApp",
        "which application? Give the module that exports its deployables with --app <module>, or in the variable OPBUS_APP"
      )
    }
    if (options.port < 0 || options.port > 65_535) {
      return yield* usage("InvalidValue", `a port is between 0 and 65535, not ${options.port}`)
    }
    // Takes modules that only this command needs.
    const deployer = yield* Effect.promise(() => import("../../node/Deployer.ts"))
    const { target } = options
    const built = yield* deployer.build({
      app,
      operations: options.operations.split(",").map((key) => key.trim()).filter((key) => key !== ""),
      target,
      out: Option.getOrUndefined(options.out),
      name: Option.getOrUndefined(options.name),
      secret: options.secret
    })
    const coldStart = options.coldStart && target === "workerd" ? yield* deployer.coldStart(built) : undefined
    const show = (more: Partial<Shown>) => {
      const shown: Shown = { ...more, built, coldStart, secret: options.secret }
      return present([record(shown)], () => render(shown))
    }
    if (options.buildOnly) return yield* show({})
    if (target === "cloudflare") {
      const { endpoint } = yield* deployer.upload(built, {
        dryRun: options.dryRun,
        endpoint: Option.getOrUndefined(options.endpoint)
      })
      if (options.dryRun) return yield* show({ accepted: true })
      if (endpoint === undefined) {
        return yield* usage(
          "MissingEndpoint",
          "the worker is uploaded, but wrangler did not say where; record it with --endpoint <url>"
        )
      }
      yield* withRegistry(options.registry, "write")(deployer.record(built, endpoint))
      return yield* show({ endpoint, registry: options.registry })
    }
    if (options.dryRun) return yield* usage("InvalidValue", "--dry-run is for --target cloudflare; use --build-only")
    yield* Effect.scoped(Effect.gen(function*() {
      const running = yield* deployer.start(built, { port: options.port })
      yield* withRegistry(options.registry, "write")(deployer.record(built, running.endpoint))
      yield* show({ running, endpoint: running.endpoint, registry: options.registry })
      yield* remark("Listening", "it runs until this command is ended", { pid: running.pid })
      yield* running.exited
    }))
  }).pipe(
    Effect.catchTag(["DeployError", "DeploymentRegistryError"], (error) =>
      Effect.fail(
        new CliFailure({
          exitCode: exitCodeOf(error.reason),
          reason: error.reason,
          message: error.message,
          cause: error
        })
      ))
  )).pipe(
    Command.withDescription(`Deploy the handlers of some operations, and nothing else of the application

  The application is a module that exports its "deployables"; see docs/deploying-to-an-edge-worker.md.`),
    Command.withExamples([
      { command: "opbus -a ./app.ts deploy --operations ai.analyzeText", description: "Run it on a local workerd" },
      {
        command: "opbus -a ./app.ts deploy --operations ai.analyzeText --target cloudflare --dry-run",
        description: "See whether Cloudflare would take it"
      }
    ])
  )

const exitCodeOf = (reason: string): number =>
  ["InvalidApp", "UnknownOperation", "InvalidOptions", "MissingTool", "Invalid"].includes(reason)
    ? exitCodes.usage
    : exitCodes.failed

interface Shown {
  readonly built: Deployer.Built
  readonly secret: string
  readonly coldStart?: Deployer.Measured | undefined
  readonly running?: Deployer.Running
  readonly endpoint?: string
  readonly registry?: string
  /** A dry run has succeeded. */
  readonly accepted?: boolean
}

const record = ({ accepted, built, coldStart, endpoint, registry, running }: Shown) => ({
  _tag: endpoint === undefined ? "Built" : "Deployed",
  name: built.name,
  target: built.target,
  folder: built.folder,
  operations: built.functions.map(({ deployedFunctionId, key, services, version }) => ({
    key,
    version,
    deployedFunctionId,
    services
  })),
  bundle: built.size,
  ...(coldStart === undefined ? undefined : { coldStart }),
  ...(running === undefined ? undefined : {
    pid: running.pid,
    listeningMillis: running.listeningMillis,
    answerMillis: running.answerMillis
  }),
  ...(endpoint === undefined ? undefined : { endpoint }),
  ...(registry === undefined ? undefined : { registry }),
  ...(accepted === undefined ? undefined : { dryRun: "accepted" })
})

const render = ({ accepted, built, coldStart, endpoint, registry, running, secret }: Shown): string => {
  const { functions, size } = built
  const facts: ReadonlyArray<readonly [string, string | undefined]> = [
    ...functions.map(({ deployedFunctionId }) => ["operation", deployedFunctionId] as const),
    ["folder", built.folder],
    ["bundle", `${kilobytes(size.raw)}, ${kilobytes(size.gzip)} gzip`],
    [
      "cold start",
      coldStart === undefined ? undefined : `${between(coldStart.worker)}; a bare worker: ${between(coldStart.bare)}`
    ],
    [
      "started in",
      running === undefined ? undefined : between({ listening: running.listeningMillis, answer: running.answerMillis })
    ],
    ["dry run", accepted === true ? "wrangler accepts it; nothing was uploaded" : undefined],
    ["endpoint", endpoint],
    ["callers", endpoint === undefined ? undefined : callers(built, secret)],
    ["recorded in", registry]
  ]
  const width = Math.max(...facts.map(([name]) => name.length))
  return facts.filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(width)}  ${value}`).join("\n")
}

const callers = ({ target }: Deployer.Built, secret: string): string =>
  target !== "cloudflare" && (process.env[secret] ?? "") === ""
    ? `this machine only; set ${secret} to ask for a secret`
    : `with "Authorization: Bearer <the value of ${secret}>"`

const kilobytes = (bytes: number): string => `${(bytes / 1_000).toFixed(1)} KB`

const between = ({ answer, listening }: { readonly listening: number; readonly answer: number }): string =>
  `${Math.round(listening)} ms to listening, ${Math.round(answer)} ms to the first answer`
