import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import { FileWriterError } from "../../FileChange.ts"

/**
 * One file to write or to remove.
 *
 * @internal
 */
export interface Step {
  readonly path: string
  /** `undefined`: the file is removed. */
  readonly text: string | undefined
  /** What was there when the plan was made; `undefined`: nothing. */
  readonly previous: string | undefined
  /** Whether a copy of what is there is kept beside it. */
  readonly backup: boolean
}

const prefix = "generate-"

/** Left behind by a process that was killed. */
const abandonedMillis = 60 * 60 * 1000

const failed = (path: string) => (cause: PlatformError) =>
  new FileWriterError({
    reason: "Failed",
    paths: [path],
    message: `${path} could not be written (${cause.reason._tag}); nothing was changed`,
    cause
  })

/**
 * Carries out all steps, or none. Every new text is on disk before the first file changes, so what is left are renames; when
 * one fails, those before it are undone. Returns the paths of the copies.
 *
 * @internal
 */
export const publish = Effect.fnUntraced(function*(
  root: string,
  steps: ReadonlyArray<Step>
): Effect.fn.Return<ReadonlyArray<string>, FileWriterError, FileSystem.FileSystem | Path.Path> {
  if (steps.length === 0) {
    return []
  }
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const home = path.join(root, ".opbus")
  const hadHome = yield* Effect.orElseSucceed(fs.exists(home), () => false)
  yield* Effect.mapError(fs.makeDirectory(home, { recursive: true }), failed(".opbus"))
  yield* Effect.ignore(sweep(home))
  const staging = yield* Effect.mapError(fs.makeTempDirectory({ directory: home, prefix }), failed(".opbus"))
  const cleanUp = Effect.gen(function*() {
    yield* fs.remove(staging, { recursive: true, force: true })
    if (!hadHome && (yield* fs.readDirectory(home)).length === 0) {
      yield* fs.remove(home, { recursive: true })
    }
  }).pipe(Effect.ignore)
  return yield* Effect.gen(function*() {
    yield* Effect.forEach(
      steps,
      (step, index) =>
        step.text === undefined
          ? Effect.void
          : Effect.mapError(fs.writeFileString(path.join(staging, String(index)), step.text), failed(step.path)),
      { concurrency: 16, discard: true }
    )
    return yield* Effect.uninterruptible(move(root, staging, steps))
  }).pipe(Effect.ensuring(cleanUp))
})

const sweep = Effect.fnUntraced(function*(home: string) {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const now = yield* Clock.currentTimeMillis
  for (const name of yield* fs.readDirectory(home)) {
    if (name.startsWith(prefix)) {
      const { mtime } = yield* fs.stat(path.join(home, name))
      if (Option.isSome(mtime) && now - mtime.value.getTime() > abandonedMillis) {
        yield* fs.remove(path.join(home, name), { recursive: true, force: true })
      }
    }
  }
})

const move = Effect.fnUntraced(function*(
  root: string,
  staging: string,
  steps: ReadonlyArray<Step>
): Effect.fn.Return<ReadonlyArray<string>, FileWriterError, FileSystem.FileSystem | Path.Path> {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const undo: Array<Effect.Effect<void, PlatformError, FileSystem.FileSystem>> = []
  const backups: Array<string> = []
  /** Folders that are there, and those of them that were not. */
  const folders = new Set<string>()
  const made = new Set<string>()

  /** Makes the folder of a file, and remembers what of it was not there. */
  const makeFolder = (folder: string): Effect.Effect<void, PlatformError, FileSystem.FileSystem> =>
    folders.has(folder) ? Effect.void : Effect.gen(function*() {
      folders.add(folder)
      const above = path.dirname(folder)
      // In a folder that is new there is nothing.
      if (!made.has(above) && (yield* fs.exists(folder))) return
      yield* makeFolder(above)
      yield* fs.makeDirectory(folder)
      made.add(folder)
      undo.push(removeEmpty(folder))
    })

  const one = (step: Step, index: number) =>
    Effect.gen(function*() {
      const target = path.join(root, step.path)
      const source = path.join(staging, String(index))
      yield* makeFolder(path.dirname(target))
      if (step.previous === undefined) {
        undo.push(yield* create(source, target, step.path))
        return
      }
      const current = yield* fs.readFileString(target)
      if (current !== step.previous) {
        return yield* changed(step.path)
      }
      if (step.backup) {
        const copy = yield* freeName(target)
        yield* fs.copyFile(target, copy)
        undo.push(fs.remove(copy))
        backups.push(path.relative(root, copy).split(path.sep).join("/"))
      }
      const restore = path.join(staging, `${index}.restore`)
      undo.push(Effect.andThen(fs.writeFileString(restore, current), Effect.suspend(() => fs.rename(restore, target))))
      yield* step.text === undefined ? fs.remove(target) : fs.rename(source, target)
    }).pipe(
      Effect.mapError((error) => error._tag === "FileWriterError" ? error : failed(step.path)(error))
    )

  return yield* Effect.forEach(steps, one, { discard: true }).pipe(
    Effect.as(backups),
    Effect.onError(() => Effect.forEach(undo.reverse(), (step) => Effect.ignore(step), { discard: true }))
  )
})

/** What somebody else has put there meanwhile stays. */
const removeEmpty = Effect.fnUntraced(function*(folder: string) {
  const fs = yield* FileSystem.FileSystem
  if ((yield* fs.readDirectory(folder)).length === 0) {
    yield* fs.remove(folder, { recursive: true })
  }
})

/** A link is only made where nothing is; where the file system has no links, looking first has to do. */
const create = Effect.fnUntraced(function*(
  source: string,
  target: string,
  path: string
): Effect.fn.Return<Effect.Effect<void, PlatformError>, FileWriterError | PlatformError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  yield* Effect.catch(
    fs.link(source, target),
    (error): Effect.Effect<void, FileWriterError | PlatformError> =>
      error.reason._tag === "AlreadyExists"
        ? changed(path)
        : Effect.flatMap(
          fs.exists(target),
          (there): Effect.Effect<void, FileWriterError | PlatformError> =>
            there ? changed(path) : fs.rename(source, target)
        )
  )
  return fs.remove(target)
})

const changed = (path: string): Effect.Effect<void, FileWriterError | PlatformError> =>
  Effect.fail(
    new FileWriterError({
      reason: "Changed",
      paths: [path],
      message: `${path} was changed by somebody else meanwhile; nothing was changed, run it again`
    })
  )

const freeName = Effect.fnUntraced(function*(
  target: string
): Effect.fn.Return<string, PlatformError, FileSystem.FileSystem> {
  const fs = yield* FileSystem.FileSystem
  let number = 1
  while (yield* fs.exists(`${target}.bak-${number}`)) {
    number++
  }
  return `${target}.bak-${number}`
})
