/**
 * Loads the native modules of a project, and of opbus.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { type Candidate, fromCandidates, NativeModule } from "../native/NativeModule.ts"

/**
 * Where native modules are looked for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The project's folder; the nearest one above the working directory that has a package.json unless it says so. */
  readonly project?: string | undefined
  /** These files and no others. */
  readonly files?: ReadonlyArray<string> | undefined
}

/**
 * What this machine is called in the names of files: `"linux-x64"`.
 *
 * @category getters
 * @since 0.1.0
 */
export const platform: string = `${process.platform}-${process.arch}`

/**
 * The file of a project's native module: `native/dist/<platform>-<arch>.node`.
 *
 * @category getters
 * @since 0.1.0
 */
export const fileOf = (project: string): string => path.join(project, "native", "dist", `${platform}.node`)

/** The folder that opbus itself is in. */
const own = fileURLToPath(new URL("../..", import.meta.url))

/**
 * The native modules of the project and of opbus, loaded when the layer is made.
 *
 * **When to use**
 *
 * Provide it to services made by `layerRust` or `layer`, once per thread: workers load the modules for themselves.
 *
 * **Details**
 *
 * Never fails. A file that is not there, or that cannot be loaded, is named by the services that miss it.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<NativeModule> =>
  Layer.effect(
    NativeModule,
    Effect.sync(() => {
      const files = options?.files?.map((file) => path.resolve(file)) ??
        [fileOf(options?.project === undefined ? projectOf(process.cwd()) : path.resolve(options.project)), fileOf(own)]
      const node = `${platform}, Node-API ${process.versions.napi}`
      return fromCandidates(Array.from(new Set(files), (file) => load(file)), node)
    })
  )

/** @internal */
export const projectOf = (folder: string): string => {
  if (fs.existsSync(path.join(folder, "package.json"))) return folder
  const parent = path.dirname(folder)
  return parent === folder ? process.cwd() : projectOf(parent)
}

const require = createRequire(import.meta.url)

const load = (file: string): Candidate => {
  if (!fs.existsSync(file)) return { file, problem: `there is no file ${file}` }
  const loaded = Result.try(() => require(file) as unknown)
  if (Result.isSuccess(loaded)) return { file, exports: loaded.success }
  const [line] = String(loaded.failure instanceof Error ? loaded.failure.message : loaded.failure).split("\n")
  return { file, problem: `${file} could not be loaded: ${line}` }
}
