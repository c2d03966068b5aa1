/**
 * Loads a module that the user names, and says in one line why it cannot.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as fs from "node:fs"
import * as path from "node:path"
import { pathToFileURL } from "node:url"

/**
 * Why a module could not be loaded.
 *
 * @category errors
 * @since 0.1.0
 */
export class NodeModuleError extends Data.TaggedError("NodeModuleError")<{
  readonly reason: "NotFound" | "NotAFile" | "Threw" | "NoDefault"
  readonly module: string
  readonly message: string
  readonly cause?: unknown
}> {}

/**
 * What a module exports.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exports {
  readonly default: unknown
  readonly [name: string]: unknown
}

/**
 * Loads a JavaScript or TypeScript file that has a default export, and returns all its exports. A relative path starts at
 * the working directory.
 *
 * @category constructors
 * @since 0.1.0
 */
export const load = Effect.fnUntraced(
  function*(module: string): Effect.fn.Return<Exports, NodeModuleError> {
    const file = path.resolve(module)
    const stat = fs.statSync(file, { throwIfNoEntry: false })
    if (stat === undefined) {
      return yield* new NodeModuleError({
        reason: "NotFound",
        module,
        message: `there is no file ${module}${path.isAbsolute(module) ? "" : ` in ${process.cwd()}`}; check the path`
      })
    }
    if (!stat.isFile()) {
      return yield* new NodeModuleError({
        reason: "NotAFile",
        module,
        message: `${module} is not a file; give the path of a module, such as ${path.join(module, "app.ts")}`
      })
    }
    const exports = yield* Effect.tryPromise({
      try: () => import(pathToFileURL(file).href) as Promise<object>,
      catch: (cause) =>
        new NodeModuleError({
          reason: "Threw",
          module,
          message: `${module} could not be imported: ${firstLine(cause)}; correct the module`,
          cause
        })
    })
    if (!("default" in exports)) {
      const names = Object.keys(exports)
      return yield* new NodeModuleError({
        reason: "NoDefault",
        module,
        message: `${module} has no default export${names.length === 0 ? "" : `, only ${names.slice(0, 5).join(", ")}`}`
      })
    }
    return exports as Exports
  }
)

/**
 * Loads the default export of a JavaScript or TypeScript file. A relative path starts at the working directory.
 *
 * @category constructors
 * @since 0.1.0
 */
export const loadDefault = (module: string): Effect.Effect<unknown, NodeModuleError> =>
  Effect.map(load(module), (exports) => exports.default)

/** Imports of a user's file fail with errors of many lines, the first of which says what. */
const firstLine = (cause: unknown): string => {
  const text = cause instanceof Error
    ? cause.message === "" ? cause.name : `${cause.name}: ${cause.message}`
    : String(cause)
  return text.trim().split("\n", 1)[0]!.slice(0, 300)
}
