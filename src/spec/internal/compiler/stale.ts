import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import type { Change } from "../../FileChange.ts"
import * as FileHeader from "../../FileHeader.ts"
import * as manifests from "./manifest.ts"

const skipped = new Set(["node_modules", "target", "dist"])
const maxSize = 4_000_000
const maxFiles = 50_000

/** What `--force` has kept. */
const isCopy = (name: string): boolean => /\.bak-\d+$/.test(name)

/**
 * Finds generated files that nothing asks for any more.
 *
 * @internal
 */
export const findGenerated = Effect.fnUntraced(function*(options: {
  readonly root: string
  readonly folders: ReadonlyArray<string>
  readonly wanted: ReadonlySet<string>
  readonly manifest: manifests.Manifest
}): Effect.fn.Return<ReadonlyArray<Change>, PlatformError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const candidates = new Set<string>()
  const visit = (folder: string): Effect.Effect<void, PlatformError> =>
    Effect.gen(function*() {
      const entries = yield* Effect.catch(
        fs.readDirectoryEntries(path.join(options.root, folder)),
        (error) => error.reason._tag === "NotFound" ? Effect.succeed([]) : Effect.fail(error)
      )
      const below: Array<string> = []
      for (const { name, type } of entries) {
        const child = folder === "" ? name : `${folder}/${name}`
        if (type === "Directory" && !name.startsWith(".") && !skipped.has(name)) {
          below.push(child)
        } else if (type === "File" && !isCopy(name) && !options.wanted.has(child) && candidates.size < maxFiles) {
          candidates.add(child)
        }
      }
      yield* Effect.forEach(below, visit, { concurrency: 8, discard: true })
    })
  // A folder inside another would be walked twice.
  for (const folder of new Set(options.folders)) {
    if (!options.folders.some((other) => other !== folder && folder.startsWith(`${other}/`))) {
      yield* visit(folder === "." ? "" : folder)
    }
  }
  for (const listed of options.manifest.hashes.keys()) {
    if (!options.wanted.has(listed)) {
      candidates.add(listed)
    }
  }
  const found = yield* Effect.forEach(candidates, (candidate) =>
    Effect.gen(function*() {
      const file = path.join(options.root, candidate)
      const info = yield* fs.stat(file)
      return info.type !== "File" || Number(info.size) > maxSize
        ? []
        : judge(candidate, yield* fs.readFileString(file), options.manifest)
    }).pipe(Effect.catch(() => Effect.succeed<ReadonlyArray<Change>>([]))), { concurrency: 32 })
  return found.flat()
})

const judge = (path: string, text: string, manifest: manifests.Manifest): ReadonlyArray<Change> => {
  const stale = { path, action: "stale", previous: text } as const
  if (manifest.hashes.has(path)) {
    const reason = manifests.ownership(manifest, path, text)
    return [reason === undefined ? stale : { ...stale, reason }]
  }
  const header = FileHeader.parse(text)
  return header === undefined ? [] : [
    FileHeader.isIntact(header)
      ? stale
      : { ...stale, reason: "it has been edited by hand" }
  ]
}
