/**
 * Loads adapters from the npm packages of a project.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { createRequire } from "node:module"
import * as path from "node:path"
import { pathToFileURL } from "node:url"
import { AdapterError } from "../spec/AdapterError.ts"
import { AdapterLoader, fromExport } from "../spec/AdapterLoader.ts"

/**
 * Finds packages as a module in the project's root would.
 *
 * **When to use**
 *
 * Use with `SpecCompiler.open` and `SpecCompiler.run` in a program of your own; the command line does.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never> = Layer.succeed(AdapterLoader, {
  load: (packages, root) =>
    Effect.map(Effect.forEach(packages, (name) => loadOne(name, root)), (adapters) => adapters.flat())
})

const loadOne = Effect.fnUntraced(function*(name: string, root: string) {
  const failed = (message: string, cause?: unknown) =>
    new AdapterError({ problems: [{ adapter: name, message }], cause })
  const file = yield* Effect.try({
    // `import.meta.resolve` starts at this file; a project's packages are seen from the project.
    try: () => createRequire(path.join(root, "package.json")).resolve(name),
    catch: (cause) =>
      isMissing(cause)
        ? failed(`is not installed; run npm install ${name}, or remove it from "plugins"`, cause)
        : failed(`cannot be found: ${firstLine(cause)}`, cause)
  })
  const exports = yield* Effect.tryPromise({
    try: () => import(pathToFileURL(file).href) as Promise<{ readonly default?: unknown }>,
    catch: (cause) => failed(`could not be imported: ${firstLine(cause)}`, cause)
  })
  return yield* Effect.fromResult(fromExport(name, exports.default))
})

const isMissing = (cause: unknown): boolean =>
  cause instanceof Error && (cause as NodeJS.ErrnoException).code === "MODULE_NOT_FOUND"

const firstLine = (cause: unknown): string =>
  String(cause instanceof Error ? cause.message : cause).split("\n", 1)[0]!.slice(0, 300)
