import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { Command, Flag } from "../../internal/effect/cli.ts"
import {
  type Deployment,
  DeploymentRegistry,
  type DeploymentRegistryError,
  toMessage
} from "../../remote/DeploymentRegistry.ts"
import { allOf, registry, withRegistry } from "../internal/deployments.ts"
import { timeOf } from "../internal/entries.ts"
import { CliFailure, exitCodes, usage } from "../internal/failure.ts"
import { present } from "../internal/output.ts"
import { table } from "../internal/text.ts"

const config = {
  registry,
  remove: Flag.String("remove").pipe(
    Flag.withMetavar("<key>[@<version>]"),
    Flag.withDescription("Forget a deployment, or all versions of a key; what runs is not stopped"),
    Flag.optional
  )
}

/**
 * `opbus deployments`
 *
 * @internal
 */
export const deployments = Command.make(
  "deployments",
  config,
  ({ registry, remove }) =>
    withRegistry(registry, "read")(Effect.gen(function*() {
      const found = Option.isNone(remove) ? yield* Effect.mapError(allOf, failed) : yield* forget(remove.value)
      yield* present(found.map(toMessage), () => {
        if (found.length === 0) return "No deployments."
        const list = table(["KEY", "VERSION", "ID", "ENDPOINT", "DEPLOYED"], found.map(row))
        return Option.isNone(remove) ? list : `Forgotten:\n${list}`
      })
    }))
).pipe(
  Command.withDescription("List what is deployed where"),
  Command.withExamples([
    { command: "opbus deployments", description: "All versions of all operations" },
    { command: "opbus deployments --remove ai.analyzeText@1", description: "Forget one version" }
  ])
)

const row = ({ deployedAt, deployedFunctionId, endpoint, key, version }: Deployment) => [
  key,
  String(version),
  deployedFunctionId,
  endpoint,
  timeOf(deployedAt)
]

const failed = (error: DeploymentRegistryError) =>
  new CliFailure({ exitCode: exitCodes.failed, reason: error.reason, message: error.message, cause: error })

const forget = Effect.fnUntraced(function*(given: string) {
  const [, key, version] = /^(.+?)(?:@(\d+))?$/.exec(given) ?? []
  if (key === undefined) {
    return yield* usage("InvalidValue", "--remove takes a key, such as ai.analyzeText or ai.analyzeText@1")
  }
  const registry = yield* DeploymentRegistry
  const removed = yield* Effect.mapError(
    registry.remove(key, version === undefined ? undefined : Number(version)),
    failed
  )
  if (removed.length > 0) return removed
  return yield* new CliFailure({
    exitCode: exitCodes.notFound,
    reason: "RemoteFunctionNotFound",
    message: `${given} is not deployed; opbus deployments lists what is`
  })
})
