import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import type { ResolvedConfig } from "../../GeneratorConfig.ts"
import { SourceParseError, SourceParser } from "../../SourceParser.ts"
import { makeModule, type Module } from "./module.ts"

/** All files that were asked for, with all that they import from the project. */
export interface Project {
  readonly modules: ReadonlyMap<string, Module>
  /** The files that were asked for, sorted. */
  readonly roots: ReadonlyArray<string>
  /** Files that could not be read. */
  readonly broken: ReadonlyArray<SourceParseError>
  /** The file that a relative import means. */
  readonly resolve: (from: string, specifier: string) => string | undefined
  /** The folder that holds the sources of opbus itself, for a project that imports them relatively. */
  readonly runtime: string | undefined
}

/** The largest file that is read. */
const maxFileSize = 4_000_000

/** The most files that one run reads. */
const maxFiles = 20_000

const isSource = (name: string): boolean =>
  /\.[mc]?tsx?$/.test(name) && !/\.d\.[mc]?ts$/.test(name) && !/\.(test|spec|tst|bench)\.[mc]?tsx?$/.test(name)

const skipped = new Set(["node_modules", "dist", "target"])

/**
 * Reads the files of a project, and follows their imports. The sources are files and folders, relative to the root; a folder
 * means all TypeScript files in it but tests and declarations.
 */
export const load = Effect.fnUntraced(function*(
  projectRoot: string,
  config: ResolvedConfig,
  sources: ReadonlyArray<string> = config.sources
): Effect.fn.Return<Project, PlatformError, FileSystem.FileSystem | Path.Path | SourceParser> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const parser = yield* SourceParser
  const root = path.resolve(projectRoot)
  const relative = (file: string) => path.relative(root, file).split(path.sep).join("/")

  const files: Array<string> = []
  // Links are not followed: they may lead back to where they are, or out of the project.
  const visit = (folder: string): Effect.Effect<void, PlatformError> =>
    Effect.flatMap(fs.readDirectoryEntries(folder), (entries) =>
      Effect.forEach(entries, ({ name, type }) => {
        const below = path.join(folder, name)
        if (type === "File" && isSource(name)) files.push(relative(below))
        return type === "Directory" && !name.startsWith(".") && !skipped.has(name) ? visit(below) : Effect.void
      }, { discard: true }))
  for (const source of sources) {
    const file = path.join(root, source)
    if ((yield* fs.stat(file)).type === "Directory") yield* visit(file)
    else files.push(relative(file))
  }
  const roots = [...new Set(files)].sort()

  const modules = new Map<string, Module>()
  const broken: Array<SourceParseError> = []
  const missing = new Set<string>()
  const pending = [...roots]
  const wanted = new Set(roots)
  const seen = new Set(roots)
  const refuse = (path: string, message: string) =>
    broken.push(new SourceParseError({ path, line: 1, column: 1, message }))
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    const text = yield* Effect.result(fs.readFileString(path.join(root, file)))
    if (text._tag === "Failure") {
      missing.add(file)
      if (wanted.has(file)) refuse(file, `it cannot be read (${text.failure.reason._tag})`)
      continue
    }
    if (text.success.length > maxFileSize) {
      refuse(file, `it has more than ${maxFileSize} characters, which no hand-written file has`)
      continue
    }
    if (modules.size === maxFiles) {
      refuse(file, `there are more than ${maxFiles} files; name the folders that hold commands in "sources"`)
      break
    }
    const parsed = yield* Effect.result(parser.parse(file, text.success))
    if (parsed._tag === "Failure") {
      broken.push(parsed.failure)
      continue
    }
    const module = makeModule(parsed.success)
    modules.set(file, module)
    for (const specifier of module.specifiers) {
      for (const candidate of candidates(file, specifier)) {
        if (seen.has(candidate)) {
          if (missing.has(candidate)) continue
          break
        }
        // Outside of the root nothing is read.
        if (candidate.startsWith("../")) continue
        seen.add(candidate)
        if (yield* Effect.orElseSucceed(fs.exists(path.join(root, candidate)), () => false)) {
          pending.push(candidate)
          break
        }
        missing.add(candidate)
      }
    }
  }
  return {
    modules,
    roots: roots.filter((file) => modules.has(file)),
    broken: broken.sort((a, b) => (a.path < b.path ? -1 : 1)),
    resolve: (from, specifier) => candidates(from, specifier).find((candidate) => modules.has(candidate)),
    runtime: config.typescript.runtime === "opbus" ? undefined : config.typescript.runtime
  }
})

/** The files that a relative import may mean, best first. */
const candidates = (from: string, specifier: string): ReadonlyArray<string> => {
  if (!specifier.startsWith("./") && !specifier.startsWith("../")) return []
  const target = joined(from, specifier)
  return /\.[mc]?tsx?$/.test(target)
    ? [target]
    : /\.[mc]?jsx?$/.test(target)
    ? [target.replace(/js(x?)$/, "ts$1")]
    : [`${target}.ts`, `${target}.tsx`, `${target}/index.ts`]
}

/** Joins paths with forward slashes. */
export const joined = (from: string, specifier: string): string => {
  const parts = from.split("/").slice(0, -1)
  for (const part of specifier.split("/")) {
    if (part === "..") {
      if (parts.length === 0 || parts.at(-1) === "..") parts.push("..")
      else parts.pop()
    } else if (part !== ".") parts.push(part)
  }
  return parts.join("/")
}
