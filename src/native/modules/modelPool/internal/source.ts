/**
 * Where the bytes of models come from: a number, or a file in the folder of models.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import type * as Scope from "effect/Scope"
import { BLOCK, fillSeeded } from "./content.ts"

/** As the spec says it. */
export type Source =
  | { readonly _tag: "Seeded"; readonly seed: number; readonly sizeMb: number }
  | { readonly _tag: "File"; readonly file: string }

/** Why a source gives no bytes. */
export type Problem = "not-configured" | "not-allowed" | "missing" | "unreadable" | "empty" | "no-memory"

/** A source that was found, and is ready to be read. */
export interface Reader {
  readonly bytes: number
  /** Fills `target`, which is the block of this number. */
  readonly fill: (block: number, target: Uint8Array) => Effect.Effect<void, Problem>
}

/** Whether both give the same bytes. */
export const same = (a: Source, b: Source): boolean =>
  a._tag === "Seeded" ?
    b._tag === "Seeded" && a.seed === b.seed && a.sizeMb === b.sizeMb
    : b._tag === "File" && a.file === b.file

/** Finds a source; its file is closed with the scope. */
export const open = (
  source: Source,
  folder: string | undefined,
  files: FileSystem.FileSystem
): Effect.Effect<Reader, Problem, Scope.Scope> =>
  source._tag === "File" ? openFile(source.file, folder, files) : Effect.succeed({
    bytes: source.sizeMb * BLOCK,
    fill: (block, target) => Effect.sync(() => fillSeeded(source.seed, block, target))
  })

const openFile = Effect.fnUntraced(function*(name: string, folder: string | undefined, files: FileSystem.FileSystem) {
  const path = yield* locate(name, folder, files)
  const unreadable = Effect.mapError((): Problem => "unreadable")
  const { size, type } = yield* unreadable(files.stat(path))
  if (type !== "File") return yield* Effect.fail<Problem>("unreadable")
  const bytes = Number(size)
  if (bytes === 0) return yield* Effect.fail<Problem>("empty")
  const file = yield* unreadable(files.open(path, { flag: "r" }))
  const fill = Effect.fnUntraced(function*(block: number, target: Uint8Array) {
    let done = 0
    while (done < target.byteLength) {
      const position = BigInt(block) * BigInt(BLOCK) + BigInt(done)
      const count = yield* unreadable(file.read(target.subarray(done), { position }))
      if (count === 0) return yield* Effect.fail<Problem>("unreadable")
      done += count
    }
  })
  return { bytes, fill }
})

/** The file, wherever links lead: it has to lie in the folder. */
const locate = Effect.fnUntraced(function*(name: string, folder: string | undefined, files: FileSystem.FileSystem) {
  if (folder === undefined) return yield* Effect.fail<Problem>("not-configured")
  if (/[/\\\0]/.test(name) || name === "." || name === "..") return yield* Effect.fail<Problem>("not-allowed")
  const missing = Effect.mapError((): Problem => "missing")
  const root = yield* missing(files.realPath(folder))
  const path = yield* missing(files.realPath(`${root}/${name}`))
  // Both are canonical; the separator is the one that the system puts between them.
  const inside = path.startsWith(root) && (/[/\\]$/.test(root) || /^[/\\]/.test(path.slice(root.length)))
  return inside ? path : yield* Effect.fail<Problem>("not-allowed")
})
