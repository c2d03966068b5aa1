import * as Result from "effect/Result"
import { AdapterError, type AdapterProblem } from "../../AdapterError.ts"
import type { AdapterRegistry } from "../../AdapterRegistry.ts"
import * as FileHeader from "../../FileHeader.ts"
import type { GeneratedFile } from "../../GeneratedFile.ts"
import type { GeneratorAdapter, GeneratorContext } from "../../GeneratorAdapter.ts"
import type { Compilation, CompileOptions, OutputFile } from "../../SpecCompiler.ts"
import type * as SpecIr from "../../SpecIr.ts"
import type * as SpecReader from "../../SpecReader.ts"
import { foreignTypes } from "./foreignTypes.ts"
import * as outputPath from "./outputPath.ts"

/** The files that an adapter made of a command or a service, and all that it looked at to make them. @internal */
export interface Rendered {
  readonly key: string
  readonly seen: ReadonlyMap<string, string>
  readonly files: ReadonlyArray<OutputFile>
}

/** One pass over all commands. @internal */
export class Pass {
  private readonly options: CompileOptions
  private readonly resolved: SpecReader.Resolved
  private readonly specs: ReadonlyArray<SpecReader.SpecFile>
  private readonly rendered: Map<string, Rendered>
  private readonly commands: ReadonlyMap<string, SpecIr.Command>
  private readonly modules: ReadonlyMap<string, SpecIr.Module>
  private readonly problems: Array<AdapterProblem> = []
  private readonly files = new Map<string, OutputFile>()
  private readonly keys = new Map<object, string>()
  private cause: unknown

  constructor(
    options: CompileOptions,
    resolved: SpecReader.Resolved,
    specs: ReadonlyArray<SpecReader.SpecFile>,
    rendered: Map<string, Rendered>
  ) {
    this.options = options
    this.resolved = resolved
    this.specs = specs
    this.rendered = rendered
    this.commands = new Map(resolved.commands.map((command) => [command.name, command]))
    this.modules = new Map(resolved.modules.map((module) => [module.service.path, module]))
  }

  compile(): Result.Result<Compilation, AdapterError> {
    const uses = this.uses()
    for (const [adapter, commands] of uses) {
      this.check(adapter, commands)
    }
    if (this.problems.length > 0) {
      return this.failed()
    }
    const used = new Set<string>()
    for (const [adapter, commands] of uses) {
      const modules = this.modulesOf(commands)
      for (const command of commands) {
        this.add(
          adapter,
          this.cached(
            used,
            adapter,
            `command ${command.name}`,
            command,
            command.source,
            (context) => adapter.command(command, context)
          )
        )
      }
      for (const module of adapter.module === undefined ? [] : modules) {
        this.add(
          adapter,
          this.cached(
            used,
            adapter,
            `module ${module.service.path}`,
            module,
            module.service.path,
            (context) => adapter.module!(module, context)
          )
        )
      }
      if (adapter.project !== undefined) {
        this.add(
          adapter,
          this.ask(
            adapter,
            undefined,
            () => adapter.project!({ commands, modules, everything: this.resolved }, this.context())
          )
        )
      }
    }
    for (const name of this.rendered.keys()) {
      if (!used.has(name)) {
        this.rendered.delete(name)
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
      const found = this.guard(adapter, command.source, () => [...adapter.check!(command, this.context())])
      for (const message of found ?? []) {
        this.report(adapter, command.source, message)
      }
    }
  }

  /** What an adapter made last time, unless something that it looked at has changed. */
  private cached(
    used: Set<string>,
    adapter: GeneratorAdapter,
    name: string,
    subject: SpecIr.Command | SpecIr.Module,
    source: string,
    make: (context: GeneratorContext) => ReadonlyArray<GeneratedFile>
  ): ReadonlyArray<OutputFile> {
    const id = `${adapter.name} ${name}`
    used.add(id)
    const key = this.keyOf(subject)
    const known = this.rendered.get(id)
    if (known?.key === key && [...known.seen].every(([what, seen]) => this.seenNow(what) === seen)) {
      return known.files
    }
    const seen = new Map<string, string>()
    const files = this.ask(adapter, source, () => make(this.context(seen)))
    this.rendered.set(id, { key, seen, files })
    return files
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
        return [{ ...file, text: FileHeader.render(file) }]
      }
      this.report(adapter, source, wrong)
      return []
    })
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

  private context(seen?: Map<string, string>): GeneratorContext {
    const look = (what: string) => seen?.set(what, this.seenNow(what))
    return {
      config: this.options.config,
      command: (name) => {
        look(`command ${name}`)
        return this.commands.get(name)
      },
      module: (path) => {
        look(`module ${path}`)
        return this.modules.get(path)
      }
    }
  }

  private seenNow(what: string): string {
    const space = what.indexOf(" ")
    const name = what.slice(space + 1)
    const subject = what.startsWith("command ") ? this.commands.get(name) : this.modules.get(name)
    return subject === undefined ? "" : this.keyOf(subject)
  }

  /** A text that two commands, or two services, share only if they are the same to every adapter. */
  private keyOf(subject: SpecIr.Command | SpecIr.Module): string {
    let key = this.keys.get(subject)
    if (key === undefined) {
      key = "commands" in subject
        ? subject.commands.map((command) => this.keyOf(command)).join("\n")
        : [subject.hash, subject.source, ...foreignTypes(subject)].join(" ")
      this.keys.set(subject, key)
    }
    return key
  }
}

const missing = (name: string, adapters: AdapterRegistry): string => {
  const guesses = adapters.suggest(name)
  return `does not exist${
    guesses.length > 0
      ? `; did you mean ${guesses.map((guess) => `"${guess}"`).join(" or ")}?`
      : `; there are ${adapters.all.map((adapter) => adapter.name).join(", ")}, and those of the packages in "plugins"`
  }`
}
