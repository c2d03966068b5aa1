/**
 * A process that is killed takes nothing with it: the worker that it had started runs on, and nobody would end it. So who
 * started which worker is written down, and the next one who starts a worker ends what was left behind.
 */
import { Effect, FileSystem, Path } from "effect"
import { execFile } from "node:child_process"
import { isAlive } from "./alone.ts"

const fileOf = (folder: string) => Effect.map(Path.Path, (path) => path.join(folder, "worker.pid"))

/** Whether the process is a worker still: its number may be somebody else's by now. */
const isWorker = (pid: number): Effect.Effect<boolean> =>
  Effect.callback<boolean>((resume) => {
    execFile("ps", ["-o", "command=", "-p", String(pid)], (error, stdout) => {
      resume(Effect.succeed(error === null && /workerd\S* serve/.test(stdout)))
    })
  })

/** Ends the worker of a process that is gone. */
export const endOrphan = (folder: string) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const [owner = 0, worker = 0] = (yield* fs.readFileString(yield* fileOf(folder))).split(" ").map(Number)
    if (!(owner > 0 && worker > 0) || isAlive(owner) || !(yield* isWorker(worker))) return
    yield* Effect.sync(() => process.kill(worker))
  }).pipe(Effect.ignore)

export const note = (folder: string, worker: number) =>
  Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    yield* fs.writeFileString(yield* fileOf(folder), `${process.pid} ${worker}`)
  }).pipe(Effect.ignore)
