import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Result from "effect/Result"
import type { SourceParser } from "../../spec/SourceParser.ts"
import { CliFailure, exitCodes, usage } from "./failure.ts"

/**
 * The project that the working directory belongs to, and files and folders that were named, seen from its root.
 *
 * @internal
 */
export const specProject = Effect.fnUntraced(function*(sources: ReadonlyArray<string> = []) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  // Takes modules that only the commands around specs need.
  const [{ findRoot }, { fileName, parse }] = yield* Effect.promise(() =>
    Promise.all([import("../../spec/SpecCompiler.ts"), import("../../spec/GeneratorConfig.ts")])
  )
  const root = yield* findRoot(".")
  const file = path.join(root, fileName)
  const text = (yield* fs.exists(file)) ? yield* fs.readFileString(file) : "{}"
  const config = parse(text)
  if (Result.isFailure(config)) return yield* usage("InvalidConfig", config.failure.message, config.failure)
  const named = sources.map((source) => path.relative(root, path.resolve(source)).split(path.sep).join("/") || ".")
  const outside = named.find((source) => source === ".." || source.startsWith("../"))
  if (outside !== undefined) return yield* usage("InvalidValue", `${outside} is outside of the project in ${root}`)
  return { root, config: config.success, ...(named.length > 0 && { sources: named }) }
})

/**
 * Provides the parser of TypeScript, which other commands do without.
 *
 * @internal
 */
export const withParser = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | CliFailure, Exclude<R, SourceParser>> =>
  Effect.flatMap(
    Effect.promise(() => import("../../node/NodeSourceParser.ts")),
    ({ layer }) =>
      Effect.provide(
        effect,
        layer.pipe(
          Layer.catchTag("SourceParserMissing", (error) =>
            Layer.effectContext(usage("MissingTool", error.message, error)))
        )
      )
  )

/**
 * Says which file or folder could not be read.
 *
 * @internal
 */
export const unreadable = (error: PlatformError): CliFailure =>
  new CliFailure({
    exitCode: exitCodes.usage,
    reason: error.reason._tag,
    message: error.reason._tag === "NotFound"
      ? `there is no ${
        error.reason.pathOrDescriptor ?? "such file"
      }; name files and folders here, or in "sources" of opbus.config.json`
      : error.message,
    cause: error
  })
