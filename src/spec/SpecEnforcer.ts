/**
 * What keeps a project at its specs: for a pre-commit hook, and for continuous integration.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Result from "effect/Result"
import type { AdapterRegistry } from "./AdapterRegistry.ts"
import * as BreakingChange from "./BreakingChange.ts"
import type { Action, FileWriterError } from "./FileChange.ts"
import * as FileWriter from "./FileWriter.ts"
import type { ResolvedConfig } from "./GeneratorConfig.ts"
import { outputs } from "./internal/compiler/folders.ts"
import { analyse, byPlace } from "./internal/tools/analysis.ts"
import { placeInSpec } from "./internal/tools/breaking/place.ts"
import * as git from "./internal/tools/git.ts"
import { makeModule } from "./internal/tools/module.ts"
import { findOperations } from "./internal/tools/operations.ts"
import { load, type Project } from "./internal/tools/project.ts"
import { readSpecs, type SpecText } from "./internal/tools/specFiles.ts"
import { operationKey } from "./render/NamingConventions.ts"
import { SourceParser } from "./SourceParser.ts"
import * as SpecCompiler from "./SpecCompiler.ts"
import * as SpecReader from "./SpecReader.ts"
import * as TypeRegistry from "./TypeRegistry.ts"

/**
 * Why the project cannot be looked at: there is no git, no repository, or no such revision.
 *
 * @category errors
 * @since 0.1.0
 */
export const GitError = git.GitError

/**
 * Why the project cannot be looked at: there is no git, no repository, or no such revision.
 *
 * @category errors
 * @since 0.1.0
 */
export type GitError = git.GitError

/**
 * Something to do.
 *
 * **Details**
 *
 * - `spec`: a command without a spec; an error for one that is new, a warning for an old one.
 * - `generated`: a generated file is not what its spec says.
 * - `breaking`: a spec has changed so that callers break.
 * - `unreadable`: a spec or a file cannot be read.
 *
 * @category models
 * @since 0.1.0
 */
export interface Finding {
  readonly level: "error" | "warning"
  readonly rule: "spec" | "generated" | "breaking" | "unreadable"
  readonly path: string
  readonly line: number
  readonly column: number
  readonly message: string
}

/**
 * What was found.
 *
 * @category models
 * @since 0.1.0
 */
export interface Enforcement {
  readonly commands: number
  /** Commands that the revision does not know. */
  readonly added: number
  /** How many generated files were compared. */
  readonly generated: number
  /** In the order of files and lines. */
  readonly findings: ReadonlyArray<Finding>
  readonly errors: number
  readonly warnings: number
}

/**
 * What to look at.
 *
 * @category models
 * @since 0.1.0
 */
export interface EnforceOptions {
  /** The project's root, in a working tree of git; all paths are relative to it. */
  readonly root: string
  readonly config: ResolvedConfig
  readonly adapters: AdapterRegistry
  /** The revision that changes are seen from. Default `HEAD`, and then without looking for breaking changes. */
  readonly since?: string | undefined
  /** Breaking changes are warnings. */
  readonly allowBreaking?: boolean | undefined
}

/**
 * Looks whether new commands have specs, whether generated files are what their specs say, and, with `since`, whether specs
 * have changed so that callers break.
 *
 * **When to use**
 *
 * Use before a commit and in continuous integration. It looks at the working tree, and writes nothing.
 *
 * @category combinators
 * @since 0.1.0
 */
export const enforce: (options: EnforceOptions) => Effect.Effect<
  Enforcement,
  PlatformError | GitError | FileWriterError,
  FileSystem.FileSystem | Path.Path | SourceParser | ChildProcessSpawner
> = Effect.fnUntraced(function*(options) {
  const { config, root } = options
  const commit = yield* git.revision(root, options.since ?? "HEAD")
  const project = yield* load(root, config)
  const { broken, specs } = yield* readSpecs(root, config.specs)
  const findings: Array<Finding> = [
    ...project.broken.map((error): Finding => ({ level: "error", rule: "unreadable", ...placeOf(error) })),
    ...broken.map((violation): Finding => ({ level: "error", rule: "unreadable", ...placeOf(violation) }))
  ]
  const { commands, found, known } = yield* unspecified(options, project, commit, specs)
  findings.push(...found)
  const compared = yield* regenerated(options, specs, broken.length > 0)
  findings.push(...compared.findings)
  if (options.since !== undefined && broken.length === 0) findings.push(...yield* breaking(options, commit, specs))
  findings.sort(byPlace)
  const errors = findings.filter(({ level }) => level === "error").length
  return {
    commands,
    added: commands - known,
    generated: compared.files,
    findings,
    errors,
    warnings: findings.length - errors
  }
})

const placeOf = ({ column, line, message, path }: Omit<Finding, "level" | "rule">) => ({ path, line, column, message })

/** Commands without a spec: those that the revision has are only named. */
const unspecified = Effect.fnUntraced(function*(
  { config, root }: EnforceOptions,
  project: Project,
  commit: string,
  specs: ReadonlyArray<SpecText>
) {
  const { operations } = analyse(project, config.types)
  const specified = new Set(specs.map(({ spec }) => operationKey(spec.name)))
  const changed = yield* git.changedSince(root, commit, config.sources)
  const old = yield* keysAt(root, commit, project, [...changed])
  const isOld = ({ key, module }: (typeof operations)[number]) => !changed.has(module.path) || old.has(key)
  const found = operations.filter(({ key }) => !specified.has(key)).map((operation): Finding => {
    const { key, module, node } = operation
    const place = { path: module.path, ...module.position(node.start) }
    return isOld(operation)
      ? { level: "warning", rule: "spec", ...place, message: `"${key}" has no spec: opbus reverse can write one` }
      : {
        level: "error",
        rule: "spec",
        ...place,
        message: `the new command "${key}" has no spec: write ${config.specs}/${key.split(".").join("/")}.json, ` +
          "then run opbus generate"
      }
  })
  return { commands: operations.length, known: operations.filter(isOld).length, found }
})

/** The keys of the commands that files defined at a revision. */
const keysAt = Effect.fnUntraced(
  function*(root: string, commit: string, project: Project, paths: ReadonlyArray<string>) {
    const parser = yield* SourceParser
    const keys = new Set<string>()
    const texts = yield* git.textsAt(root, commit, paths.filter((path) => /\.[mc]?tsx?$/.test(path)))
    for (const [path, text] of texts) {
      const parsed = yield* Effect.option(parser.parse(path, text))
      if (parsed._tag === "None") continue
      for (const { key } of findOperations(project, makeModule(parsed.value)).operations) keys.add(key)
    }
    return keys
  }
)

const reasons = new Map<Action, (reason: string | undefined) => string>([
  ["create", () => "is missing: run opbus generate"],
  ["update", () => "is not what its spec says: run opbus generate"],
  [
    "conflict",
    (reason) =>
      `is in the way of a generated file: ${reason}; move it away, or run opbus generate --force, which keeps a copy`
  ],
  ["stale", () => "belongs to no spec any more: run opbus generate --prune"]
])

/** Compiles all specs, and compares with what is on disk. */
const regenerated = Effect.fnUntraced(function*(
  { adapters, config, root }: EnforceOptions,
  specs: ReadonlyArray<SpecText>,
  unreadable: boolean
) {
  // Without one of the specs everything that refers to it would seem wrong as well.
  if (unreadable) return { files: 0, findings: [] }
  const compiled = SpecCompiler.compile({ specs, config, adapters })
  if (Result.isFailure(compiled)) {
    const { failure } = compiled
    const problems = failure._tag === "SpecError"
      ? failure.problems.map(({ column = 1, line = 1, message, source }) => ({ path: source, line, column, message }))
      : failure.problems.map(({ adapter, message, source }) => (
        { path: source ?? config.specs, line: 1, column: 1, message: `the adapter ${adapter} ${message}` }
      ))
    return {
      files: 0,
      findings: problems.map((problem): Finding => ({ level: "error", rule: "unreadable", ...problem }))
    }
  }
  const { files } = compiled.success
  const { changes } = yield* FileWriter.plan({ root, files, folders: outputs(config) })
  return {
    files: files.length,
    findings: changes.flatMap(({ action, path, reason }): ReadonlyArray<Finding> => {
      const message = reasons.get(action)?.(reason)
      return message === undefined ? [] : [{ level: "error", rule: "generated", path, line: 1, column: 1, message }]
    })
  }
})

/** Compares the specs of a revision with those that are there now. */
const breaking = Effect.fnUntraced(function*(
  { allowBreaking = false, config, root, since }: EnforceOptions,
  commit: string,
  specs: ReadonlyArray<SpecText>
) {
  const paths = (yield* git.pathsAt(root, commit, config.specs)).filter((path) => path.endsWith(".json"))
  const texts = yield* git.textsAt(root, commit, paths)
  const now = new Map(specs.map(({ source, text }) => [source, text]))
  if (texts.size === now.size && [...texts].every(([path, text]) => now.get(path) === text)) return []
  const registry = TypeRegistry.make(config.types)
  const resolve = (all: ReadonlyArray<readonly [source: string, text: string]>) =>
    Result.flatMap(
      Result.all(all.map(([source, text]) => Result.map(SpecReader.parse(source, text), (spec) => ({ source, spec })))),
      (files) => SpecReader.resolve(files, registry)
    )
  const before = resolve([...texts])
  const after = resolve([...now])
  if (Result.isFailure(before)) {
    const finding: Finding = {
      level: "warning",
      rule: "breaking",
      path: config.specs,
      line: 1,
      column: 1,
      message: `the specs at ${since} cannot be read any more, so breaking changes cannot be seen: ` +
        before.failure.message.split("\n", 1)[0]
    }
    return [finding]
  }
  // What is wrong with the specs of today has been said.
  if (Result.isFailure(after)) return []
  return BreakingChange.compare(before.success.commands, after.success.commands).map((change): Finding => ({
    level: allowBreaking ? "warning" : "error",
    rule: "breaking",
    path: change.source,
    ...placeInSpec(now.get(change.source) ?? "", change.path),
    message: `${change.command}: ${change.path === "" ? "" : `${change.path} `}${change.message}`
  }))
})
