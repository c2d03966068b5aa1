import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as fs from "node:fs"
import * as path from "node:path"
import { Flag } from "../../internal/effect/cli.ts"
import { DeploymentRegistry } from "../../remote/DeploymentRegistry.ts"
import { usage } from "./failure.ts"

/** @internal */
export const registry = Flag.String("registry").pipe(
  Flag.withMetavar("<file>"),
  Flag.withDescription("The database of the deployments"),
  Flag.withDefault(path.join(".opbus", "deployments.db"))
)

/**
 * Runs an effect with the deployments of a file. One that is only read has to be there.
 *
 * @internal
 */
export const withRegistry = (file: string, mode: "read" | "write") => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function*() {
    if (mode === "read" && !fs.existsSync(file)) {
      return yield* usage("NoDeployments", `there is no file ${file}; deploy something first, or give --registry`)
    }
    // Take modules that only these commands need.
    const { LibsqlClient, SqlDeploymentRegistry } = yield* Effect.promise(async () => ({
      LibsqlClient: await import("../../sql/LibsqlClient.ts"),
      ...await import("../../remote/SqlDeploymentRegistry.ts")
    }))
    const layer = SqlDeploymentRegistry.layer.pipe(Layer.provide(LibsqlClient.layer({ url: `file:${file}` })))
    return yield* Effect.scoped(Effect.gen(function*() {
      yield* Effect.sync(() => fs.mkdirSync(path.dirname(path.resolve(file)), { recursive: true }))
      const context = yield* Effect.mapError(
        Layer.build(layer),
        (error) => usage("Registry", `${file} cannot be used: ${String(error.message).split("\n")[0]}`, error)
      )
      return yield* Effect.provideContext(effect, context)
    }))
  })

/** @internal */
export const allOf = Effect.flatMap(DeploymentRegistry, (deployments) => deployments.list)
