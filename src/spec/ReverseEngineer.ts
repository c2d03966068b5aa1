/**
 * From TypeScript back to specs: what a generated file says, exactly; what hand-written code says, as far as it can be seen.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import * as Result from "effect/Result"
import type { CommandSpec } from "./CommandSpec.ts"
import type { ResolvedConfig } from "./GeneratorConfig.ts"
import { analyse, type Analysis, byPlace } from "./internal/tools/analysis.ts"
import { anyPlaces, rawCalls } from "./internal/tools/findings.ts"
import { findPlainCommands, plainSpecOf } from "./internal/tools/plain.ts"
import { load, type Project } from "./internal/tools/project.ts"
import { readSpecs, type SpecText } from "./internal/tools/specFiles.ts"
import type { ReadSpec } from "./internal/tools/specs.ts"
import { operationKey } from "./render/NamingConventions.ts"
import type { SourceParseError, SourceParser } from "./SourceParser.ts"
import { formatPath, type SpecProblem } from "./SpecError.ts"
import * as SpecReader from "./SpecReader.ts"
import * as TypeRegistry from "./TypeRegistry.ts"

/**
 * What could not be seen, or had to be decided.
 *
 * **Details**
 *
 * - `any`: a type says nothing.
 * - `missing-type`: something has no type or no description, or names a type that is not there.
 * - `computed`: a value is computed, so that its text does not say what it is.
 * - `unsupported`: a spec cannot say this.
 * - `pattern`: the code breaks a convention: no static accessor, a raw call.
 * - `dropped`: a spec has no place for this; the generated code does without.
 *
 * @category models
 * @since 0.1.0
 */
export interface Warning {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly code: "any" | "missing-type" | "computed" | "unsupported" | "pattern" | "dropped"
  readonly message: string
}

/**
 * A command that was found, with its spec.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReversedCommand {
  readonly spec: CommandSpec
  /** Where the spec belongs: `specs/gpu/stats.json`. */
  readonly file: string
  /** Where the command is defined. */
  readonly path: string
  readonly line: number
  /** The class or constant. */
  readonly name: string
  /** `generated`: it carries the note of a spec. `interfaces`: types and a class, no operation. */
  readonly kind: "generated" | "operation" | "interfaces"
}

/**
 * What was found.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reversed {
  /** In the order of names. */
  readonly commands: ReadonlyArray<ReversedCommand>
  /** In the order of files and lines. */
  readonly warnings: ReadonlyArray<Warning>
  /** Files that are no TypeScript. */
  readonly broken: ReadonlyArray<SourceParseError>
}

/**
 * What to read.
 *
 * @category models
 * @since 0.1.0
 */
export interface ReverseOptions {
  /** The project's root; all paths are relative to it. */
  readonly root: string
  readonly config: ResolvedConfig
  /** Files and folders; by default the configured sources. Imports are followed from there. */
  readonly sources?: ReadonlyArray<string> | undefined
}

/**
 * Reads the commands of existing code as specs.
 *
 * **When to use**
 *
 * Use to bring code that was written by hand under specs: review what comes out, write it to the specs folder, and generate.
 *
 * **Details**
 *
 * It reads what the compiler has generated, operations that are written with `Operation.make` and schemas, across files, and
 * pairs of interfaces `XParams` and `XResult` beside a class `X`. It sees what is written, not what is computed: that comes
 * back as a warning with its place.
 *
 * @category combinators
 * @since 0.1.0
 */
export const reverse: (
  options: ReverseOptions
) => Effect.Effect<Reversed, PlatformError, FileSystem.FileSystem | Path.Path | SourceParser> = Effect.fnUntraced(
  function*(options) {
    const { config, root } = options
    const project = yield* load(root, config, options.sources)
    const { specs } = yield* readSpecs(root, config.specs)
    return reverseProject(project, config, specs)
  }
)

const reverseProject = (project: Project, config: ResolvedConfig, specs: ReadonlyArray<SpecText>): Reversed => {
  // A key says less than a name: `modelPool.load` may be `model-pool/load`.
  const analysis = analyse(
    project,
    config.types,
    new Map(specs.map(({ spec }) => [operationKey(spec.name), spec.name]))
  )
  const sources = new Map(specs.map(({ source, spec }) => [spec.name, source]))
  const place = ({ spec }: ReadSpec) => ({
    spec: SpecReader.canonical(spec),
    file: sources.get(spec.name) ?? `${config.specs}/${spec.name}.json`
  })
  const commands: Array<ReversedCommand> = analysis.operations.map((operation) => ({
    ...place(analysis.read(operation)),
    path: operation.module.path,
    line: operation.module.position(operation.node.start).line,
    name: operation.name,
    kind: operation.source === undefined ? "operation" : "generated"
  }))
  for (const plain of findPlainCommands(project)) {
    commands.push({
      ...place(plainSpecOf(analysis.reader, plain)),
      path: plain.module.path,
      line: plain.module.position(plain.params.node.start).line,
      name: plain.name,
      kind: "interfaces"
    })
  }
  scan(analysis)
  commands.sort((a, b) => a.spec.name < b.spec.name ? -1 : a.spec.name > b.spec.name ? 1 : 0)
  return {
    commands,
    warnings: [...analysis.warnings(), ...refused(commands, config)].sort(byPlace),
    broken: project.broken
  }
}

/** What the compiler would not accept in the specs, each at the command that it comes from. */
const refused = (commands: ReadonlyArray<ReversedCommand>, config: ResolvedConfig): ReadonlyArray<Warning> => {
  const places = new Map(commands.map((command) => [command.file, command]))
  const warning = ({ message, path, source }: SpecProblem): ReadonlyArray<Warning> => {
    const command = places.get(source)
    if (command === undefined) return []
    const part = path.length === 0 ? "" : `${formatPath(path)}: `
    return [{
      path: command.path,
      line: command.line,
      column: 1,
      code: "unsupported",
      message: `the spec will be refused: ${part}${message}`
    }]
  }
  const read = commands.map(({ file, spec }) => ({
    source: file,
    result: SpecReader.parse(file, JSON.stringify(spec))
  }))
  const unread = read.flatMap(({ result }) => Result.isFailure(result) ? result.failure.problems : [])
  if (unread.length > 0) return unread.flatMap(warning)
  const files = read.flatMap(({ result, source }) => Result.isSuccess(result) ? [{ source, spec: result.success }] : [])
  const resolved = SpecReader.resolve(files, TypeRegistry.make(config.types))
  return Result.isFailure(resolved) ? resolved.failure.problems.flatMap(warning) : []
}

/** What breaks the conventions in the files of commands, beyond their definitions. */
const scan = ({ operations, project, reader, unreadable }: Analysis): void => {
  for (const { message, module, node } of unreadable) reader.warn(module, node, "computed", message)
  for (const module of new Set(operations.map((operation) => operation.module))) {
    for (const { message, node } of anyPlaces(project, module)) reader.warn(module, node, "any", message)
    for (const { message, node } of rawCalls(project, module)) reader.warn(module, node, "pattern", message)
  }
}
