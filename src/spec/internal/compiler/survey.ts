import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { FileWriterError } from "../../FileChange.ts"

/** What is where files are to be written. @internal */
export interface Survey {
  /** Tells whether a path stays below the root when links are followed. */
  readonly isInside: (path: string) => boolean
  /** `undefined`: nothing is there. */
  readonly kindOf: (path: string) => FileSystem.File.Type | undefined
}

interface Folder {
  readonly isInside: boolean
  readonly entries: ReadonlyMap<string, FileSystem.File.Type>
}

const nothing: ReadonlyMap<string, FileSystem.File.Type> = new Map()

const failed = (folder: string) => (cause: PlatformError) =>
  new FileWriterError({
    reason: "Failed",
    paths: [folder],
    message: `${folder} could not be read (${cause.reason._tag}); nothing was changed`,
    cause
  })

const parentOf = (path: string): string => path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : ""

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1)

/** Some file systems do not tell these apart. */
const fold = (name: string): string => name.normalize("NFC").toLowerCase()

/**
 * Lists each folder of some files once, those above before those below: what is not in a list need not be asked for.
 *
 * @internal
 */
export const survey = Effect.fnUntraced(function*(
  root: string,
  files: Iterable<string>
): Effect.fn.Return<Survey, FileWriterError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const known = new Map<string, Folder>()
  const list = (folder: string): Effect.Effect<Folder, FileWriterError> =>
    fs.readDirectoryEntries(path.join(root, folder)).pipe(
      Effect.map((entries) => ({ isInside: true, entries: new Map(entries.map(({ name, type }) => [name, type])) })),
      Effect.catch((error) =>
        error.reason._tag === "NotFound"
          ? Effect.succeed({ isInside: true, entries: nothing })
          : Effect.fail(failed(folder)(error))
      )
    )
  const follow = (folder: string): Effect.Effect<Folder, FileWriterError> =>
    fs.realPath(path.join(root, folder)).pipe(
      Effect.matchEffect({
        onSuccess: (real) =>
          real === root || real.startsWith(root + path.sep)
            ? list(folder)
            : Effect.succeed({ isInside: false, entries: nothing }),
        onFailure: (error) =>
          error.reason._tag === "NotFound"
            ? Effect.succeed({ isInside: true, entries: nothing })
            : Effect.fail(failed(folder)(error))
      })
    )
  const look = (folder: string): Effect.Effect<Folder, FileWriterError> => {
    if (folder === "") {
      return list(folder)
    }
    const above = known.get(parentOf(folder))!
    const name = nameOf(folder)
    switch (above.isInside ? above.entries.get(name) : undefined) {
      case undefined:
        return above.isInside && [...above.entries.keys()].some((other) => fold(other) === fold(name))
          ? follow(folder)
          : Effect.succeed({ isInside: above.isInside, entries: nothing })
      case "SymbolicLink":
        return follow(folder)
      default:
        return list(folder)
    }
  }
  for (const level of levelsOf(files)) {
    yield* Effect.forEach(
      level,
      (folder) => Effect.map(look(folder), (found) => known.set(folder, found)),
      { concurrency: 32, discard: true }
    )
  }
  return {
    isInside: (file) => known.get(parentOf(file))!.isInside,
    kindOf: (file) => known.get(parentOf(file))!.entries.get(nameOf(file))
  }
})

/** The folders above files, by how deep they are. */
const levelsOf = (files: Iterable<string>): ReadonlyArray<ReadonlyArray<string>> => {
  const levels: Array<Array<string>> = [[""]]
  const seen = new Set([""])
  const add = (folder: string): number => {
    if (folder === "") {
      return 0
    }
    const depth = add(parentOf(folder)) + 1
    if (!seen.has(folder)) {
      seen.add(folder)
      levels[depth] ??= []
      levels[depth].push(folder)
    }
    return depth
  }
  for (const file of files) {
    add(parentOf(file))
  }
  return levels
}
