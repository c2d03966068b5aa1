/**
 * The interface of everything that turns specs into files.
 *
 * @since 0.1.0
 */
import type { GeneratedFile } from "./GeneratedFile.ts"
import type { ResolvedConfig } from "./GeneratorConfig.ts"
import type * as SpecIr from "./SpecIr.ts"

/**
 * What an adapter can ask about its surroundings.
 *
 * @category models
 * @since 0.1.0
 */
export interface GeneratorContext {
  readonly config: ResolvedConfig
  /** Finds a command of this run by its name; for types that belong to another spec. */
  readonly command: (name: string) => SpecIr.Command | undefined
  /** Finds the module of a service by its path. */
  readonly module: (path: string) => SpecIr.Module | undefined
}

/**
 * Turns the intermediate representation into files.
 *
 * **When to use**
 *
 * Use to make the compiler speak another language, or to follow the conventions of another project. An npm package whose
 * default export is an adapter, or an array of them, is named in `plugins` of `opbus.config.json`.
 *
 * **Details**
 *
 * The functions are pure: the same representation gives the same files, whatever else is in the run, on every machine. That
 * is what makes `opbus enforce` able to compare, and a one-line change touch only its own files. Throwing becomes a typed
 * failure that names the adapter and the spec, and nothing is written.
 *
 * @category models
 * @since 0.1.0
 */
export interface GeneratorAdapter {
  /** As in a spec's `adapter`, for example `"rust-ipc"`. */
  readonly name: string
  readonly description: string
  /** Raised whenever the same spec gives other files; part of what decides whether a spec has to be generated again. */
  readonly version: number
  /** What the adapter cannot express in this command, each in one sentence; checked before anything is written. */
  readonly check?: (command: SpecIr.Command, context: GeneratorContext) => ReadonlyArray<string>
  /** The files of one command. */
  readonly command: (command: SpecIr.Command, context: GeneratorContext) => ReadonlyArray<GeneratedFile>
  /** The files of a service: of all commands with the same `rust.module` or `service.module` that this adapter makes. */
  readonly module?: (module: SpecIr.Module, context: GeneratorContext) => ReadonlyArray<GeneratedFile>
  /** Files that list all services or commands that this adapter makes, for example a `mod.rs`. */
  readonly project?: (
    all: {
      readonly commands: ReadonlyArray<SpecIr.Command>
      readonly modules: ReadonlyArray<SpecIr.Module>
      /** Those of the other adapters too: two adapters that share a list make the same one. */
      readonly everything: {
        readonly commands: ReadonlyArray<SpecIr.Command>
        readonly modules: ReadonlyArray<SpecIr.Module>
      }
    },
    context: GeneratorContext
  ) => ReadonlyArray<GeneratedFile>
}
