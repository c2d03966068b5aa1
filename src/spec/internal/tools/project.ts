import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { type SourceParseError, SourceParser } from "../../SourceParser.ts"
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

export interface ProjectOptions {
  /** Where paths start from. */
  readonly root: string
  /** Files and folders, relative to the root; a folder means all TypeScript files in it but tests and declarations. */
  readonly sources: ReadonlyArray<string>
  readonly runtime: string | undefined
}

/** The largest file that is read. */
export const maxFileSize = 4_000_000

/** The most files that one run reads. */
export const maxFiles = 20_000

const isSource = (name: string): boolean =>
  /\.[mc]?tsx?$/.test(name) && !/\.d\.[mc]?ts$/.test(name) && !/\.(test|spec|tst|bench)\.[mc]?tsx?$/.test(name)

const skipped = new Set(["node_modules", "dist", "target"])

/** Reads the files of a project, and follows their imports. */
export const load = Effect.fnUntraced(function*(
  options: ProjectOptions
): Effect.fn.Return<Project, PlatformError, FileSystem.FileSystem | Path.Path | SourceParser> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const parser = yield* SourceParser
  const root = path.resolve(options.root)
  const relative = (file: string) => path.relative(root, file).split(path.sep).join("/")

  const files: Array<string> = []
  const visit = (file: string): Effect.Effect<void, PlatformError> =>
    Effect.gen(function*() {
      const info = yield* fs.stat(file)
      if (info.type === "File") {
        if (isSource(file)) files.push(relative(file))
      } else if (info.type === "Directory") {
        for (const name of (yield* fs.readDirectory(file)).sort()) {
          if (name.startsWith(".") || skipped.has(name)) continue
          // A link may lead back to where it is: the names of folders are enough.
          const below = path.join(file, name)
          if (isSource(name)) files.push(relative(below))
          else if (!name.includes(".")) yield* Effect.catch(visit(below), () => Effect.void)
        }
      }
    })
  for (const source of options.sources) yield* visit(path.join(root, source))
  const roots = [...new Set(files)].sort().slice(0, maxFiles)

  const modules = new Map<string, Module>()
  const broken: Array<SourceParseError> = []
  const missing = new Set<string>()
  const pending = [...roots]
  const seen = new Set(roots)
  for (let file = pending.pop(); file !== undefined; file = pending.pop()) {
    const text = yield* Effect.option(readLimited(fs, path.join(root, file)))
    if (text._tag === "None") {
      missing.add(file)
      continue
    }
    const parsed = yield* Effect.result(parser.parse(file, text.value))
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
        if (candidate.startsWith("../") || seen.size >= maxFiles) continue
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
    broken,
    resolve: (from, specifier) => candidates(from, specifier).find((candidate) => modules.has(candidate)),
    runtime: options.runtime
  }
})

const readLimited = (fs: FileSystem.FileSystem, file: string) =>
  Effect.gen(function*() {
    const info = yield* fs.stat(file)
    if (info.type !== "File" || Number(info.size) > maxFileSize) return yield* Effect.fail("TooLarge" as const)
    return yield* fs.readFileString(file)
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
