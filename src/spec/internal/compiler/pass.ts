import * as Result from "effect/Result"
import { AdapterError, type AdapterProblem } from "../../AdapterError.ts"
import type { AdapterRegistry } from "../../AdapterRegistry.ts"
import * as FileHeader from "../../FileHeader.ts"
import type { GeneratedFile } from "../../GeneratedFile.ts"
import type { GeneratorAdapter, GeneratorContext } from "../../GeneratorAdapter.ts"
import type { Compilation, CompileOptions, OutputFile } from "../../SpecCompiler.ts"
import type * as SpecIr from "../../SpecIr.ts"
import type * as SpecReader from "../../SpecReader.ts"
import * as outputPath from "./outputPath.ts"
import { Recollection } from "./recollection.ts"

/** What an adapter has found and made before, for one configuration. @internal */
export class Memories {
  readonly checks = new Recollection<ReadonlyArray<string>>()
  readonly files = new Recollection<ReadonlyArray<OutputFile>>()
  /** The lists that its files about everything were made of. */
  readonly lists = new Set<ListName>()
  /** By their paths, the last of each. */
  readonly outputs = new Map<string, OutputFile>()
}

type Project = NonNullable<GeneratorAdapter["project"]>
type All = Parameters<Project>[0]
type ListName = "commands" | "modules" | "all commands" | "all modules"

/** One pass over all commands. @internal */
export class Pass {
  private readonly options: CompileOptions
  private readonly resolved: SpecReader.Resolved
  private readonly specs: ReadonlyArray<SpecReader.SpecFile>
  private readonly memories: Map<GeneratorAdapter, Memories>
  private readonly commands: ReadonlyMap<string, SpecIr.Command>
  private readonly modules: ReadonlyMap<string, SpecIr.Module>
  private readonly problems: Array<AdapterProblem> = []
  private readonly files = new Map<string, OutputFile>()
  private readonly context: GeneratorContext
  private cause: unknown

  constructor(
    options: CompileOptions,
    resolved: SpecReader.Resolved,
    specs: ReadonlyArray<SpecReader.SpecFile>,
    memories: Map<GeneratorAdapter, Memories>
  ) {
    this.options = options
    this.resolved = resolved
    this.specs = specs
    this.memories = memories
    this.commands = new Map(resolved.commands.map((command) => [command.name, command]))
    this.modules = new Map(resolved.modules.map((module) => [module.service.path, module]))
    this.context = {
      config: options.config,
      command: (name) => this.commands.get(name),
      module: (path) => this.modules.get(path)
    }
  }

  compile(): Result.Result<Compilation, AdapterError> {
    const uses = this.uses()
    for (const [adapter, commands] of uses) {
      this.check(adapter, commands)
    }
    if (this.problems.length > 0) {
      return this.failed()
    }
    for (const [adapter, commands] of uses) {
      const modules = this.modulesOf(commands)
      for (const command of commands) {
        this.add(adapter, this.made(adapter, command, command.source, (context) => adapter.command(command, context)))
      }
      for (const module of adapter.module === undefined ? [] : modules) {
        this.add(
          adapter,
          this.made(adapter, module, module.service.path, (context) => adapter.module!(module, context))
        )
      }
      if (adapter.project !== undefined) {
        this.add(adapter, this.project(adapter, adapter.project, commands, modules))
      }
    }
    this.comparePaths()
    return this.problems.length > 0 ? this.failed() : Result.succeed({
      files: [...this.files.values()].sort((a, b) => a.path < b.path ? -1 : 1),
      commands: this.resolved.commands,
      modules: this.resolved.modules,
      specs: this.specs
    })
  }

  private failed() {
    return Result.fail(new AdapterError({ problems: this.problems, cause: this.cause }))
  }

  /** The commands of each adapter that has any. */
  private uses(): ReadonlyMap<GeneratorAdapter, ReadonlyArray<SpecIr.Command>> {
    const { adapters, config, only } = this.options
    const uses = new Map<GeneratorAdapter, Array<SpecIr.Command>>()
    const unknown = new Set<string>()
    for (const command of this.resolved.commands) {
      for (const name of new Set(only ?? [command.adapter, ...config.adapters])) {
        const adapter = adapters.get(name)
        if (adapter === undefined) {
          if (name !== command.adapter || only !== undefined) {
            if (unknown.has(name)) {
              continue
            }
            unknown.add(name)
          }
          this.problems.push({
            adapter: name,
            ...(name === command.adapter && only === undefined ? { source: command.source } : {}),
            message: missing(name, adapters)
          })
          continue
        }
        const commands = uses.get(adapter)
        if (commands === undefined) {
          uses.set(adapter, [command])
        } else {
          commands.push(command)
        }
      }
    }
    return uses
  }

  private modulesOf(commands: ReadonlyArray<SpecIr.Command>): ReadonlyArray<SpecIr.Module> {
    const paths = new Set(commands.map((command) => command.service?.path))
    return this.resolved.modules.filter((module) => paths.has(module.service.path))
  }

  private check(adapter: GeneratorAdapter, commands: ReadonlyArray<SpecIr.Command>): void {
    for (const command of adapter.check === undefined ? [] : commands) {
      const found = this.memoriesOf(adapter).checks.get({
        key: command,
        context: this.context,
        make: (context) => this.guard(adapter, command.source, () => [...adapter.check!(command, context)]) ?? [],
        isLasting: () => this.problems.length === 0
      })
      for (const message of found) {
        this.report(adapter, command.source, message)
      }
    }
  }

  private memoriesOf(adapter: GeneratorAdapter): Memories {
    let memories = this.memories.get(adapter)
    if (memories === undefined) {
      memories = new Memories()
      this.memories.set(adapter, memories)
    }
    return memories
  }

  /** What an adapter makes of a command or a service. */
  private made(
    adapter: GeneratorAdapter,
    subject: SpecIr.Command | SpecIr.Module,
    source: string,
    make: (context: GeneratorContext) => ReadonlyArray<GeneratedFile>
  ): ReadonlyArray<OutputFile> {
    return this.memoriesOf(adapter).files.get({
      key: subject,
      context: this.context,
      make: (context) => this.ask(adapter, source, () => make(context)),
      isLasting: () => this.problems.length === 0
    })
  }

  /** What an adapter makes of everything: again when one of the lists that it looks at is another. */
  private project(
    adapter: GeneratorAdapter,
    make: Project,
    commands: ReadonlyArray<SpecIr.Command>,
    modules: ReadonlyArray<SpecIr.Module>
  ): ReadonlyArray<OutputFile> {
    const { files, lists } = this.memoriesOf(adapter)
    const everything = this.resolved
    const all = new Map<ListName, ReadonlyArray<object>>([
      ["commands", commands],
      ["modules", modules],
      ["all commands", everything.commands],
      ["all modules", everything.modules]
    ])
    const looked = <A>(name: ListName, list: A): A => {
      lists.add(name)
      return list
    }
    const listening: All = {
      get commands() {
        return looked("commands", commands)
      },
      get modules() {
        return looked("modules", modules)
      },
      everything: {
        get commands() {
          return looked("all commands", everything.commands)
        },
        get modules() {
          return looked("all modules", everything.modules)
        }
      }
    }
    return files.get({
      key: adapter,
      parts: () => [...lists].flatMap((name) => [name, ...all.get(name)!]),
      context: this.context,
      make: (context) => this.ask(adapter, undefined, () => make(listening, context)),
      isLasting: () => this.problems.length === 0
    })
  }

  private ask(
    adapter: GeneratorAdapter,
    source: string | undefined,
    make: () => ReadonlyArray<GeneratedFile>
  ): ReadonlyArray<OutputFile> {
    const files: unknown = this.guard(adapter, source, make) ?? []
    if (!Array.isArray(files)) {
      this.report(adapter, source, "gave something that is no array of files; report it to its author")
      return []
    }
    return files.flatMap((file: GeneratedFile) => {
      const wrong = outputPath.flaw(file)
      if (wrong === undefined) {
        return [this.output(adapter, file)]
      }
      this.report(adapter, source, wrong)
      return []
    })
  }

  /** A file that comes out as it did before is the same object. */
  private output(adapter: GeneratorAdapter, file: GeneratedFile): OutputFile {
    const { outputs } = this.memoriesOf(adapter)
    const before = outputs.get(file.path)
    if (before !== undefined && isSame(before, file)) {
      return before
    }
    const output = { ...file, text: FileHeader.render(file) }
    outputs.set(file.path, output)
    return output
  }

  private report(adapter: GeneratorAdapter, source: string | undefined, message: string): void {
    this.problems.push({ adapter: adapter.name, ...(source === undefined ? {} : { source }), message })
  }

  /** Adapters come from anywhere; what one throws is its failure, not the compiler's. */
  private guard<A>(adapter: GeneratorAdapter, source: string | undefined, run: () => A): A | undefined {
    const result = Result.try(run)
    if (Result.isSuccess(result)) {
      return result.success
    }
    const error = result.failure
    this.cause ??= error
    const text = String(error instanceof Error ? error.message : error).split("\n", 1)[0]
    this.report(adapter, source, `has thrown: ${text}; report it to its author`)
    return undefined
  }

  private add(adapter: GeneratorAdapter, files: ReadonlyArray<OutputFile>): void {
    for (const file of files) {
      const other = this.files.get(file.path)
      if (other === undefined) {
        this.files.set(file.path, file)
      } else if (other.text !== file.text) {
        this.problems.push({
          adapter: adapter.name,
          ...(file.sources[0] === undefined ? {} : { source: file.sources[0] }),
          message: `makes ${file.path}, which ${
            other.sources.join(", ")
          } makes with other contents; rename one of the specs`
        })
      }
    }
  }

  /** Two files that are one where the file system does not tell capitals apart. */
  private comparePaths(): void {
    const paths = new Map<string, OutputFile>()
    for (const file of this.files.values()) {
      const other = paths.get(file.path.toLowerCase())
      if (other !== undefined) {
        this.problems.push({
          adapter: file.path,
          ...(file.sources[0] === undefined ? {} : { source: file.sources[0] }),
          message:
            `would be one file with ${other.path} on systems that do not tell capitals apart; rename one of the specs`
        })
      }
      paths.set(file.path.toLowerCase(), file)
    }
  }
}

const isSame = (a: GeneratedFile, b: GeneratedFile): boolean =>
  a.contents === b.contents && a.hash === b.hash && a.kind === b.kind && a.comment === b.comment &&
  a.sources.length === b.sources.length && a.sources.every((source, index) => source === b.sources[index])

const missing = (name: string, adapters: AdapterRegistry): string => {
  const guesses = adapters.suggest(name)
  return `does not exist${
    guesses.length > 0
      ? `; did you mean ${guesses.map((guess) => `"${guess}"`).join(" or ")}?`
      : `; there are ${adapters.all.map((adapter) => adapter.name).join(", ")}, and those of the packages in "plugins"`
  }`
}
