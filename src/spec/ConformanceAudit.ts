/**
 * How far a project keeps to its specs: figures, and every place that breaks a rule.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import type { ResolvedConfig } from "./GeneratorConfig.ts"
import { analyse, byPlace } from "./internal/tools/analysis.ts"
import { commandViolations } from "./internal/tools/audit/commands.ts"
import type { Rule, Violation } from "./internal/tools/audit/model.ts"
import { resourceViolations } from "./internal/tools/audit/services.ts"
import { load } from "./internal/tools/project.ts"
import { readSpecs } from "./internal/tools/specFiles.ts"
import { operationKey } from "./render/NamingConventions.ts"
import type { SourceParser } from "./SourceParser.ts"

export type {
  /**
   * What can be broken.
   *
   * **Details**
   *
   * - `spec`: a command without a spec.
   * - `accessor`: an operation without a static `invoke` that invokes it.
   * - `any`: the type, or `Schema.Any`, in what commands are made of.
   * - `raw-call`: `invokeKey` with a literal key.
   * - `managed-service`: something owns resources and is no `ManagedService`.
   * - `heal`: a service whose `heal` is a constant, or is not there.
   * - `unreadable`: an operation that is computed, or a spec or file that cannot be read.
   *
   * @category models
   * @since 0.1.0
   */
  Rule,
  /**
   * A place that breaks a rule.
   *
   * @category models
   * @since 0.1.0
   */
  Violation
}

/**
 * What breaks rules in one folder.
 *
 * @category models
 * @since 0.1.0
 */
export interface Folder {
  readonly folder: string
  /** How many commands are defined in it. */
  readonly commands: number
  /** How many of them break a rule. */
  readonly violating: number
  readonly counts: ReadonlyArray<{ readonly rule: Rule; readonly count: number }>
}

/**
 * What an audit has found.
 *
 * @category models
 * @since 0.1.0
 */
export interface Report {
  readonly commands: number
  /** Commands that break no rule. */
  readonly conforming: number
  readonly withSpec: number
  readonly withAccessor: number
  readonly anyPlaces: number
  /** Commands that an `any` is in the types of. */
  readonly anyCommands: number
  readonly rawCalls: number
  /** Modules that own resources: services, and files that acquire something outside of them. */
  readonly resourceOwning: number
  readonly managed: number
  readonly healing: number
  /** In the order of files and lines. */
  readonly violations: ReadonlyArray<Violation>
  /** The worst first. */
  readonly folders: ReadonlyArray<Folder>
}

/**
 * What to look at.
 *
 * @category models
 * @since 0.1.0
 */
export interface AuditOptions {
  /** The project's root; all paths are relative to it. */
  readonly root: string
  readonly config: ResolvedConfig
  /** Files and folders; by default the configured sources. */
  readonly sources?: ReadonlyArray<string> | undefined
}

/**
 * Looks at all commands of a project.
 *
 * **When to use**
 *
 * Use in continuous integration, and to see what is left to do after specs have been introduced.
 *
 * @category combinators
 * @since 0.1.0
 */
export const audit: (
  options: AuditOptions
) => Effect.Effect<Report, PlatformError, FileSystem.FileSystem | Path.Path | SourceParser> = Effect.fnUntraced(
  function*(options) {
    const { config, root } = options
    const project = yield* load(root, config, options.sources)
    const specs = yield* readSpecs(root, config.specs)
    const analysis = analyse(project, config.types)
    const keys = new Set(specs.specs.map(({ spec }) => operationKey(spec.name)))
    const resources = yield* resourceViolations(analysis, specs.specs, root, config)
    const violations: Array<Violation> = [
      ...commandViolations(analysis, keys),
      ...resources.violations,
      ...project.broken.map(({ column, line, message, path }): Violation => (
        { rule: "unreadable", path, line, column, commands: [], message }
      )),
      ...specs.broken
    ].sort(byPlace)
    const broken = new Set(violations.flatMap(({ commands }) => commands))
    const places = new Map(analysis.operations.map(({ key, module }) => [key, folderOf(module.path)]))
    const count = (rule: Rule) => violations.filter((violation) => violation.rule === rule).length
    const commands = places.size
    return {
      commands,
      conforming: [...places.keys()].filter((key) => !broken.has(key)).length,
      withSpec: commands - count("spec"),
      withAccessor: commands - count("accessor"),
      anyPlaces: count("any"),
      anyCommands: new Set(violations.filter(({ rule }) => rule === "any").flatMap(({ commands }) => commands)).size,
      rawCalls: count("raw-call"),
      resourceOwning: resources.owning,
      managed: resources.managed,
      healing: resources.healing,
      violations,
      folders: foldersOf(violations, places)
    }
  }
)

const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/"))) || "."

const foldersOf = (
  violations: ReadonlyArray<Violation>,
  places: ReadonlyMap<string, string>
): ReadonlyArray<Folder> => {
  const folders = new Map<string, { commands: Set<string>; counts: Map<Rule, number> }>()
  for (const { commands, path, rule } of violations) {
    const folder = folderOf(path)
    const known = folders.get(folder) ?? { commands: new Set(), counts: new Map() }
    folders.set(folder, known)
    for (const command of commands) if (places.get(command) === folder) known.commands.add(command)
    known.counts.set(rule, (known.counts.get(rule) ?? 0) + 1)
  }
  const total = ({ counts }: Folder) => counts.reduce((sum, { count }) => sum + count, 0)
  return [...folders].map(([folder, { commands, counts }]): Folder => ({
    folder,
    commands: [...places.values()].filter((place) => place === folder).length,
    violating: commands.size,
    counts: [...counts].map(([rule, count]) => ({ rule, count })).sort((a, b) => b.count - a.count)
  })).sort((a, b) => total(b) - total(a) || (a.folder < b.folder ? -1 : 1))
}

const labels: { readonly [rule in Rule]: (count: number) => string } = {
  spec: (count) => `${count} without a spec`,
  accessor: (count) => `${count} without a static accessor`,
  any: (count) => `${count} any`,
  "raw-call": (count) => `${count} raw ${count === 1 ? "call" : "calls"}`,
  "managed-service": (count) => `${count} not a ManagedService`,
  heal: (count) => `${count} without a heal`,
  unreadable: (count) => `${count} unreadable`
}

/**
 * Writes a report for people: the figures, and the folders that break most rules.
 *
 * @category formatting
 * @since 0.1.0
 */
export const text = (report: Report, options?: { readonly top?: number | undefined }): string => {
  const { commands } = report
  const figures = [
    `${report.withSpec}/${commands} commands with a spec`,
    `${report.withAccessor}/${commands} commands with a static accessor`,
    `${report.anyPlaces} any in the types of ${report.anyCommands} ${
      report.anyCommands === 1 ? "command" : "commands"
    }`,
    `${report.rawCalls} raw ${report.rawCalls === 1 ? "call" : "calls"}`,
    `resource-owning modules with ManagedService ${report.managed}/${report.resourceOwning}, ` +
    `heal coverage ${report.healing}/${report.resourceOwning}`,
    `${report.conforming}/${commands} commands conform`
  ]
  if (report.folders.length === 0) return figures.join("\n")
  const shown = report.folders.slice(0, options?.top ?? 10)
  const more = report.folders.length - shown.length
  return [
    ...figures,
    "",
    "Top violations:",
    ...shown.map(({ counts, folder, violating }) =>
      `  ${folder}/* (${violating} ${violating === 1 ? "command" : "commands"}): ${
        counts.map(({ count, rule }) => labels[rule](count)).join(", ")
      }`
    ),
    ...(more > 0 ? [`  and ${more} more ${more === 1 ? "folder" : "folders"}`] : [])
  ].join("\n")
}
