/**
 * Puts generated files on disk: all of them or none, and never over what somebody else has written.
 *
 * **Invariants**
 *
 * - Nothing outside of the project's root is read or written, whatever links there are.
 * - A file that the compiler did not write, or that somebody has edited since, changes only with `force`, and a copy is kept.
 * - When a write fails, every file is as it was before.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { type Change, FileWriterError } from "./FileChange.ts"
import * as FileHeader from "./FileHeader.ts"
import * as manifests from "./internal/compiler/manifest.ts"
import { isInside } from "./internal/compiler/outputPath.ts"
import { publish, type Step } from "./internal/compiler/publish.ts"
import { findGenerated } from "./internal/compiler/stale.ts"
import { survey } from "./internal/compiler/survey.ts"
import type { OutputFile } from "./SpecCompiler.ts"

/**
 * Everything that a run wants to do, in the order of paths.
 *
 * @category models
 * @since 0.1.0
 */
export interface Plan {
  readonly root: string
  readonly changes: ReadonlyArray<Change>
  /** The list of generated files that cannot carry a header, as it will be. */
  readonly manifest: manifests.Manifest
}

/**
 * What a run has done.
 *
 * @category models
 * @since 0.1.0
 */
export interface Written {
  readonly created: ReadonlyArray<string>
  readonly updated: ReadonlyArray<string>
  readonly removed: ReadonlyArray<string>
  /** Copies of what was overwritten by force. */
  readonly backups: ReadonlyArray<string>
}

const failed = (what: string, path: string) => (cause: PlatformError) =>
  new FileWriterError({
    reason: "Failed",
    paths: [path],
    message: `${path} could not be ${what} (${cause.reason._tag}); nothing was changed`,
    cause
  })

/**
 * Compares what is wanted with what is there, and writes nothing.
 *
 * **When to use**
 *
 * Use before `write`, to show what a run would do, and to check that generated files are what their specs say.
 *
 * **Details**
 *
 * Stale files are looked for in `folders` only, and only when that is given: when `files` is everything that all specs make.
 *
 * @category constructors
 * @since 0.1.0
 */
export const plan = Effect.fnUntraced(function*(options: {
  readonly root: string
  readonly files: ReadonlyArray<OutputFile>
  readonly folders?: ReadonlyArray<string>
}): Effect.fn.Return<Plan, FileWriterError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const root = yield* Effect.mapError(fs.realPath(path.resolve(options.root)), failed("found", options.root))
  const manifest = yield* manifests.read(root)
  const outside = (path: string) =>
    new FileWriterError({
      reason: "Outside",
      paths: [path],
      message: `${path} is outside of the project, by its name or through a link; nothing was changed`
    })
  for (const file of options.files) {
    if (!isInside(file.path)) {
      return yield* outside(file.path)
    }
  }
  const there = yield* survey(root, options.files.map((file) => file.path))
  const changes = yield* Effect.forEach(
    options.files,
    (file): Effect.Effect<Change, FileWriterError> =>
      there.isInside(file.path)
        ? Effect.map(
          readExisting(fs, path.join(root, file.path), file.path, there.kindOf(file.path)),
          (existing) => compare(file, existing, manifest)
        )
        : Effect.fail(outside(file.path)),
    { concurrency: 32 }
  )
  const wanted = new Set(options.files.map((file) => file.path))
  const stale = options.folders === undefined ? [] : yield* findGenerated({
    root,
    folders: options.folders,
    wanted,
    manifest
  }).pipe(Effect.mapError((cause) => failed("read", options.folders!.join(", "))(cause)))
  return {
    root,
    changes: [...changes, ...stale].sort((a, b) => a.path < b.path ? -1 : 1),
    manifest: manifests.update(manifest, options.files)
  }
})

interface Existing {
  readonly text?: string
  readonly reason?: string
}

const readExisting = (
  fs: FileSystem.FileSystem,
  target: string,
  path: string,
  kind: FileSystem.File.Type | undefined
): Effect.Effect<Existing, FileWriterError> => {
  switch (kind) {
    case undefined:
      return Effect.succeed({})
    case "File":
      return fs.readFileString(target).pipe(
        Effect.map((text) => ({ text })),
        Effect.mapError(failed("read", path))
      )
    default:
      return Effect.succeed({ reason: kind === "SymbolicLink" ? "it is a symbolic link" : "it is no file" })
  }
}

const compare = (file: OutputFile, existing: Existing, manifest: manifests.Manifest): Change => {
  const { path } = file
  const { reason, text } = existing
  if (reason !== undefined) {
    return { path, file, action: "conflict", reason }
  }
  if (text === undefined) {
    return { path, file, action: "create" }
  }
  if (file.kind === "once") {
    return { path, file, action: "keep", previous: text }
  }
  if (FileHeader.normalise(text) === file.text) {
    return { path, file, action: "unchanged", previous: text }
  }
  const foreign = ownership(path, text, FileHeader.has(file), manifest)
  return foreign === undefined
    ? { path, file, action: "update", previous: text }
    : { path, file, action: "conflict", reason: foreign, previous: text }
}

/** Why a file is not the compiler's to overwrite. */
const ownership = (
  path: string,
  text: string,
  hasHeader: boolean,
  manifest: manifests.Manifest
): string | undefined => {
  if (!hasHeader) {
    return manifests.ownership(manifest, path, text)
  }
  const header = FileHeader.parse(text)
  return header === undefined
    ? "it was not generated by opbus"
    : FileHeader.isIntact(header)
    ? undefined
    : "it has been edited by hand"
}

/**
 * How far a write may go.
 *
 * @category models
 * @since 0.1.0
 */
export interface WriteOptions {
  /** Overwrites other files, and keeps a copy of each as `<file>.bak-<n>`. */
  readonly force?: boolean
  /** Removes generated files that nothing asks for any more; those that were edited only with `force`. */
  readonly prune?: boolean
}

/**
 * Carries out a plan: all of it, or nothing.
 *
 * @category constructors
 * @since 0.1.0
 */
export const write = Effect.fnUntraced(function*(
  plan: Plan,
  options: WriteOptions = {}
): Effect.fn.Return<Written, FileWriterError, FileSystem.FileSystem | Path.Path> {
  const { force = false, prune = false } = options
  const conflicts = plan.changes.filter((change) => change.action === "conflict")
  // A stale file that somebody has edited stays.
  const stale = plan.changes.filter((change) =>
    prune && change.action === "stale" && (force || change.reason === undefined)
  )
  const blocked = conflicts.filter((change) => !force || change.previous === undefined)
  if (blocked.length > 0) {
    return yield* new FileWriterError({
      reason: "Conflict",
      paths: blocked.map((change) => change.path),
      message: conflictMessage(blocked)
    })
  }
  const steps: Array<Step> = []
  for (const change of plan.changes) {
    const { action, file, path, previous, reason } = change
    if (action === "create" || action === "update" || action === "conflict") {
      steps.push({ path, text: file!.text, previous, backup: action === "conflict" })
    } else if (stale.includes(change)) {
      steps.push({ path, text: undefined, previous, backup: reason !== undefined })
    }
  }
  const removed = new Set(stale.map((change) => change.path))
  const manifest = manifests.render(plan.manifest, removed)
  if (manifest !== plan.manifest.text) {
    steps.push({ path: manifests.fileName, text: manifest, previous: plan.manifest.text, backup: false })
  }
  const backups = yield* publish(plan.root, steps)
  return {
    created: steps.filter((step) => step.text !== undefined && step.previous === undefined).map(({ path }) => path),
    updated: steps.filter((step) => step.text !== undefined && step.previous !== undefined).map(({ path }) => path),
    removed: steps.filter((step) => step.text === undefined).map(({ path }) => path),
    backups
  }
})

const shown = 5

const conflictMessage = (blocked: ReadonlyArray<Change>): string => {
  const list = blocked.slice(0, shown).map((change) => `${change.path} (${change.reason})`).join(", ")
  const more = blocked.length > shown ? ` and ${blocked.length - shown} more` : ""
  const forced = blocked.every((change) => change.previous !== undefined)
  return `nothing was written, because of ${list}${more}; move ${blocked.length === 1 ? "it" : "them"} away${
    forced ? ", or overwrite with --force, which keeps copies" : ""
  }`
}
