/**
 * From the texts of specs to the files that they make: reading, resolving, asking the adapters.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import * as Result from "effect/Result"
import type { AdapterError } from "./AdapterError.ts"
import { AdapterLoader } from "./AdapterLoader.ts"
import * as AdapterRegistry from "./AdapterRegistry.ts"
import type * as CommandSpec from "./CommandSpec.ts"
import type { FileWriterError } from "./FileChange.ts"
import * as FileWriter from "./FileWriter.ts"
import type { GeneratedFile } from "./GeneratedFile.ts"
import type { GeneratorAdapter } from "./GeneratorAdapter.ts"
import type { ResolvedConfig } from "./GeneratorConfig.ts"
import * as folders from "./internal/compiler/folders.ts"
import { type Memories, Pass } from "./internal/compiler/pass.ts"
import { SpecError, type SpecProblem } from "./SpecError.ts"
import type * as SpecIr from "./SpecIr.ts"
import * as SpecReader from "./SpecReader.ts"
import * as TypeRegistry from "./TypeRegistry.ts"

/**
 * The text of a spec, and the file that it is from.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpecText {
  /** Relative to the project's root, with forward slashes. */
  readonly source: string
  readonly text: string
}

/**
 * What the compiler is given.
 *
 * @category models
 * @since 0.1.0
 */
export interface CompileOptions {
  /** All specs of the project: names may belong to other specs, and services consist of several commands. */
  readonly specs: ReadonlyArray<SpecText>
  readonly config: ResolvedConfig
  readonly adapters: AdapterRegistry.AdapterRegistry
  /** These adapters in place of each spec's own and those of the config. */
  readonly only?: ReadonlyArray<string>
}

/**
 * A file with its header, as it belongs on disk.
 *
 * @category models
 * @since 0.1.0
 */
export interface OutputFile extends GeneratedFile {
  readonly text: string
}

/**
 * What the compiler makes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Compilation {
  /** In the order of their paths. */
  readonly files: ReadonlyArray<OutputFile>
  readonly commands: ReadonlyArray<SpecIr.Command>
  readonly modules: ReadonlyArray<SpecIr.Module>
  readonly specs: ReadonlyArray<SpecReader.SpecFile>
}

/**
 * Compiles again and again, and does only what has changed since.
 *
 * @category models
 * @since 0.1.0
 */
export interface Compiler {
  readonly compile: (options: CompileOptions) => Result.Result<Compilation, SpecError | AdapterError>
}

/**
 * Compiles a set of specs. Pure: the same options give the same files.
 *
 * @category constructors
 * @since 0.1.0
 */
export const compile = (options: CompileOptions): Result.Result<Compilation, SpecError | AdapterError> =>
  make().compile(options)

/**
 * Makes a compiler that remembers: texts that it has read, and files that it has rendered.
 *
 * **When to use**
 *
 * Use in a process that compiles more than once, such as a watch. What it gives is what `compile` gives.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (): Compiler => {
  const parsed = new Map<string, { readonly text: string; readonly spec: CommandSpec.CommandSpec }>()
  const memories = new Map<GeneratorAdapter, Memories>()
  let config: ResolvedConfig | undefined
  let types = TypeRegistry.make(new Map())
  return {
    compile: (options) => {
      if (config !== options.config) {
        memories.clear()
        config = options.config
        types = TypeRegistry.make(config.types)
      }
      return Result.flatMap(
        parseAll(options.specs, parsed),
        (specs) =>
          Result.flatMap(
            SpecReader.resolve(specs, types),
            (resolved) => new Pass(options, resolved, specs, memories).compile()
          )
      )
    }
  }
}

const parseAll = (
  texts: ReadonlyArray<SpecText>,
  parsed: Map<string, { readonly text: string; readonly spec: CommandSpec.CommandSpec }>
): Result.Result<ReadonlyArray<SpecReader.SpecFile>, SpecError> => {
  const specs: Array<SpecReader.SpecFile> = []
  const problems: Array<SpecProblem> = []
  const sources = new Set<string>()
  for (const { source, text } of texts) {
    sources.add(source)
    const known = parsed.get(source)
    if (known?.text === text) {
      specs.push({ source, spec: known.spec })
      continue
    }
    const result = SpecReader.parse(source, text)
    if (Result.isFailure(result)) {
      problems.push(...result.failure.problems)
    } else {
      parsed.set(source, { text, spec: result.success })
      specs.push({ source, spec: result.success })
    }
  }
  for (const source of parsed.keys()) {
    if (!sources.has(source)) {
      parsed.delete(source)
    }
  }
  return problems.length === 0 ? Result.succeed(specs) : Result.fail(new SpecError({ problems }))
}

// ---------------------------------------------------------------------------
// projects
// ---------------------------------------------------------------------------

/**
 * What can go wrong between the files of specs and the files that they make.
 *
 * @category errors
 * @since 0.1.0
 */
export type GenerateError = SpecError | AdapterError | FileWriterError

/**
 * What of a project is generated, and how far that may go.
 *
 * @category models
 * @since 0.1.0
 */
export interface GenerateOptions extends FileWriter.WriteOptions {
  /** Only what these specs make: their names, or their files. All specs are read all the same. */
  readonly specs?: ReadonlyArray<string>
  /** These adapters in place of each spec's own and those of the config. */
  readonly only?: ReadonlyArray<string>
  /** Writes nothing. */
  readonly dryRun?: boolean
  /** Looks at files only where what they should be has changed since the last time, as long as the specs are the same. */
  readonly incremental?: boolean
  /** Only these files of specs are read again, those of the last time are taken for the others. */
  readonly changed?: ReadonlySet<string>
  /** Is told what comes next. */
  readonly onProgress?: (step: "compile" | "compare" | "write", count: number) => void
}

/**
 * What a run wanted to do, and what it has done.
 *
 * @category models
 * @since 0.1.0
 */
export interface Generated {
  /** What the specs said. */
  readonly texts: ReadonlyArray<SpecText>
  readonly compilation: Compilation
  readonly plan: FileWriter.Plan
  /** Absent for a dry run. */
  readonly written?: FileWriter.Written
}

/**
 * A project: a folder with specs and, if it likes, an `opbus.config.json`.
 *
 * @category models
 * @since 0.1.0
 */
export interface Project {
  readonly root: string
  readonly config: ResolvedConfig
  readonly adapters: AdapterRegistry.AdapterRegistry
  /** The texts of all specs, as they are now. */
  readonly read: Effect.Effect<ReadonlyArray<SpecText>, SpecError, FileSystem.FileSystem | Path.Path>
  readonly generate: (
    options?: GenerateOptions
  ) => Effect.Effect<Generated, GenerateError, FileSystem.FileSystem | Path.Path>
  /** Rewrites specs of version 1 as version 2, and gives their paths. */
  readonly migrate: Effect.Effect<
    ReadonlyArray<string>,
    SpecError | FileWriterError,
    FileSystem.FileSystem | Path.Path
  >
}

/**
 * Opens a project: reads its configuration, and loads its adapters.
 *
 * **When to use**
 *
 * Use in a process that generates more than once; `run` does it once.
 *
 * @category constructors
 * @since 0.1.0
 */
export const open = Effect.fnUntraced(function*(options: {
  readonly root: string
  /** In place of `opbus.config.json`. */
  readonly config?: ResolvedConfig
}): Effect.fn.Return<Project, SpecError | AdapterError, FileSystem.FileSystem | Path.Path> {
  const { root } = options
  const config = options.config ?? (yield* folders.readConfig(root))
  const plugins = yield* (yield* AdapterLoader).load(config.plugins, root)
  const adapters = yield* Effect.fromResult(AdapterRegistry.make(plugins))
  const compiler = make()
  const read = folders.readSpecs(root, config)
  let last: ReadonlyArray<SpecText> = []
  /** What is known to be on disk, for incremental runs. */
  const known = new Map<string, string>()
  const generate = Effect.fnUntraced(function*(
    options: GenerateOptions = {}
  ): Effect.fn.Return<Generated, GenerateError, FileSystem.FileSystem | Path.Path> {
    const { onProgress, only, specs } = options
    const texts = options.changed === undefined || last.length === 0
      ? yield* read
      : yield* folders.readAgain(root, config, last, options.changed)
    // What a removed spec leaves behind is only seen by looking at all files.
    const incremental = options.incremental === true && texts.length === last.length &&
      texts.every(({ source }, index) => source === last[index]!.source)
    last = texts
    onProgress?.("compile", texts.length)
    const compilation = yield* Effect.fromResult(
      compiler.compile({ specs: texts, config, adapters, ...(only === undefined ? {} : { only }) })
    )
    const chosen = specs === undefined ? undefined : yield* folders.choose(specs, compilation.commands)
    const files = compilation.files.filter((file) =>
      (chosen === undefined || file.sources.some((source) => chosen.has(source))) &&
      !(incremental && known.get(file.path) === file.text)
    )
    const whole = chosen === undefined && only === undefined && !incremental
    onProgress?.("compare", files.length)
    const plan = yield* FileWriter.plan({ root, files, ...(whole ? { folders: folders.outputs(config) } : {}) })
    if (options.dryRun === true) {
      return { texts, compilation, plan }
    }
    onProgress?.("write", plan.changes.length)
    const written = yield* FileWriter.write(plan, options)
    for (const file of files) {
      known.set(file.path, file.text)
    }
    return { texts, compilation, plan, written }
  })
  const migrate = Effect.flatMap(read, (texts) => folders.migrate(root, texts))
  return { root, config, adapters, read, generate, migrate }
})

/**
 * Reads the specs of a project, compiles them, and writes what they make: all of it, or nothing.
 *
 * @category running
 * @since 0.1.0
 */
export const run = Effect.fnUntraced(function*(
  options: GenerateOptions & { readonly root: string; readonly config?: ResolvedConfig }
): Effect.fn.Return<Generated, GenerateError, FileSystem.FileSystem | Path.Path> {
  return yield* (yield* open(options)).generate(options)
})

/**
 * The folder of the project that a folder belongs to: the nearest at or above it with an `opbus.config.json`, or itself.
 *
 * @category running
 * @since 0.1.0
 */
export const findRoot: (
  from: string
) => Effect.Effect<string, never, FileSystem.FileSystem | Path.Path> = folders.findRoot
