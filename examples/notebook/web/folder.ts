/**
 * The folder that `npm start -- folder` names: its Markdown files are in the notebook when it opens, once.
 */
import { Console, Effect, FileSystem, Path } from "effect"
import { Digest } from "effect/crypto"
import { invoke } from "opbus"
import { FolderNotReadable } from "../model.ts"
import { ListCollections } from "../plugins/collections/operations.ts"
import { ImportFolder } from "../plugins/import/operations.ts"
import { counted } from "../terminal.ts"

/** A folder that cannot be read is said before anything is started. */
export const toImport = (folder: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const absolute = path.resolve(folder)
    const info = yield* Effect.mapError(
      fs.stat(absolute),
      ({ reason }) =>
        new FolderNotReadable({
          folder,
          why: reason._tag === "NotFound" ? "there is no such folder" : "you are not allowed to read it"
        })
    )
    if (info.type !== "Directory") return yield* new FolderNotReadable({ folder, why: "it is not a folder" })
    return absolute
  })

/**
 * The id of its collection follows from the path, so that the next start finds it there. Whoever undoes the import, or
 * deletes the collection, gets it again by naming the folder again.
 */
export const importOnce = (folder: string) =>
  Effect.gen(function*() {
    const digest = yield* Digest.Digest
    const hash = yield* digest.digestHex(Digest.sha256, new TextEncoder().encode(folder))
    const collection = `folder-${hash.slice(0, 32)}`
    const known = (yield* invoke(ListCollections, undefined)).find(({ id }) => id === collection)
    if (known !== undefined) return yield* Console.log(`${folder} is in it already, as the collection "${known.name}".`)
    const { name, notes, skipped } = yield* invoke(ImportFolder, { folder, collection })
    const left = skipped === 0 ? "" : `; ${counted(skipped, "file")} left out, too large or not readable`
    yield* Console.log(`${counted(notes.length, "note")} imported from ${folder}, as the collection "${name}"${left}.`)
  }).pipe(
    Effect.catch(({ message }) => Console.error(`notebook: ${message} The notebook is open without it.`))
  )
