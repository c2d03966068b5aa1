/**
 * How a folder is read. The file system is Effect's service: the platform's layer decides which one it is.
 */
import { Effect, FileSystem, Option, Path, type PlatformError } from "effect"
import { Digest } from "effect/crypto"
import { OperationContext, schedule } from "opbus"
import { DatabaseService } from "../../DatabaseService.ts"
import { FolderChanged, FolderNotReadable, makeId, type Note } from "../../model.ts"
import { ShowToast } from "../workspace/operations.ts"
import { Import } from "./operations.ts"

const largest = 1024 * 1024

/** How often progress is reported: about this many times for one folder. */
const reports = 50

const notReadable = (folder: string) => ({ reason }: PlatformError.PlatformError) =>
  new FolderNotReadable({
    folder,
    why: reason._tag === "NotFound"
      ? "there is no such folder"
      : reason._tag === "PermissionDenied"
      ? "you are not allowed to read it"
      : reason.message
  })

const findFiles = (folder: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const info = yield* fs.stat(folder)
    if (info.type !== "Directory") return yield* new FolderNotReadable({ folder, why: "it is not a folder" })
    const files = yield* fs.glob("**/*.{md,MD,markdown}", { root: folder, exclude: ["**/node_modules"] })
    if (files.length === 0) return yield* new FolderNotReadable({ folder, why: "there are no Markdown files in it" })
    return files
  }).pipe(Effect.catchTag("PlatformError", (error) => Effect.fail(notReadable(folder)(error))))

/** The text of a file, or nothing when it is too large or cannot be read. */
const readText = (file: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const info = yield* fs.stat(file)
    if (info.type !== "File" || info.size > largest) return Option.none()
    return Option.some(new TextDecoder().decode(yield* fs.readFile(file)))
  }).pipe(Effect.orElseSucceed(() => Option.none<string>()))

/** The first heading, without its markup. */
const titleOf = (text: string, file: string): string => {
  const heading = /^#{1,2}[ \t]+(.+)$/m.exec(text.slice(0, 5000))?.[1] ?? ""
  const plain = heading
    .replaceAll(/!\[[^\]]*\]\([^)]*\)/g, "")
    .replaceAll(/\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])/g, "$1")
    .replaceAll(/<[^>]*>|[`*_#]/g, "")
    .trim()
  return (plain === "" ? file : plain).slice(0, 200)
}

export const ImportHandlers = Import.toLayer({
  "import.folder": (input) =>
    Effect.gen(function*() {
      const db = yield* DatabaseService
      const digest = yield* Digest.Digest
      const path = yield* Path.Path
      const invocation = yield* OperationContext
      const sha256 = (text: string) => digest.digestHex(Digest.sha256, new TextEncoder().encode(text))

      const folder = path.resolve(input.folder)
      const name = input.name ?? path.basename(folder)
      const collection = input.collection ?? (yield* makeId)
      const files = yield* findFiles(folder)

      let done = 0
      const every = Math.ceil(files.length / reports)
      const read = (file: string) =>
        Effect.gen(function*() {
          const text = yield* readText(path.join(folder, file))
          const id = (yield* sha256(`${collection}/${file}`)).slice(0, 32)
          if (++done % every === 0 || done === files.length) yield* invocation.progress({ done, total: files.length })
          return Option.map(text, (body): Note => ({
            type: "note",
            id,
            title: titleOf(body, file),
            body,
            tags: [],
            collection,
            source: file
          }))
        })
      const found = yield* Effect.forEach(files, read, { concurrency: 16 })
      const notes = found.flatMap(Option.toArray)

      const content = yield* sha256(JSON.stringify(notes.map(({ body, source }) => [source, body])))
      if (input.sha256 !== undefined && input.sha256 !== content) return yield* new FolderChanged({ folder })

      yield* db.change({ add: [{ type: "collection", id: collection, name }, ...notes] })
      yield* schedule(ShowToast, { message: `${notes.length} notes imported from ${name}` })
      return {
        folder,
        name,
        collection,
        notes: notes.map(({ id }) => id),
        characters: notes.reduce((sum, { body }) => sum + body.length, 0),
        skipped: files.length - notes.length,
        sha256: content
      }
    }),

  "import.discard": ({ collection, notes }) =>
    DatabaseService.use((db) => db.change({ remove: [collection, ...notes] }))
})
