/**
 * One story at a time: it compares the notebook with what it was, which another one would be changing. Everything else
 * may run beside it, in as many processes as there are.
 */
import { Data, Effect, FileSystem, Path } from "effect"
import { NotebookDirectory } from "./app.ts"

class AlreadyRunning extends Data.TaggedError("AlreadyRunning")<{ readonly message: string }> {}

export const alone = Effect.gen(function*() {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const file = path.resolve(yield* NotebookDirectory, "story.pid")

  const write = fs.writeFileString(file, String(process.pid), { flag: "wx" })
  const takeOver = Effect.gen(function*() {
    const pid = Number(yield* fs.readFileString(file))
    if (isAlive(pid)) {
      return yield* new AlreadyRunning({
        message:
          `Process ${pid} is telling the story of this notebook. Wait for it, or set OPBUS_NOTEBOOK_DIR to another folder.`
      })
    }
    yield* fs.remove(file)
    yield* write
  })
  yield* Effect.acquireRelease(
    Effect.catchIf(write, ({ reason }) => reason._tag === "AlreadyExists", () => takeOver),
    () => Effect.ignore(fs.remove(file))
  )
})

export const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"
  }
}
