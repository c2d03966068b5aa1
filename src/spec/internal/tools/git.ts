import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as ChildProcess from "effect/process/ChildProcess"
import { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Stream from "effect/Stream"

/** Why git did not answer. */
export class GitError extends Data.TaggedError("GitError")<{ readonly message: string; readonly cause?: unknown }> {}

/** The most that is read of one answer. */
const maxOutput = 64_000_000

/** Runs git in a folder and gives what it prints, as bytes. */
const run = Effect.fnUntraced(
  function*(root: string, args: ReadonlyArray<string>, stdin?: string) {
    const spawner = yield* ChildProcessSpawner
    const command = ChildProcess.make("git", ["--no-optional-locks", ...args], {
      cwd: root,
      // Messages in one language, no pager, no questions.
      env: { LC_ALL: "C", GIT_TERMINAL_PROMPT: "0" },
      extendEnv: true,
      ...(stdin === undefined
        ? { stdin: "ignore" as const }
        : { stdin: Stream.succeed(new TextEncoder().encode(stdin)) })
    })
    const handle = yield* spawner.spawn(command)
    const [out, err] = yield* Effect.all([collect(handle.stdout), collect(handle.stderr)], { concurrency: 2 })
    const code = yield* handle.exitCode
    return { out, err: new TextDecoder().decode(err), code: Number(code) }
  },
  Effect.scoped,
  Effect.catchTag(
    "PlatformError",
    (cause) =>
      Effect.fail(
        new GitError({ message: "git cannot be run; enforce needs it, in a working tree of a repository", cause })
      )
  )
)

const collect = Effect.fnUntraced(function*<E, R>(stream: Stream.Stream<Uint8Array, E, R>) {
  let size = 0
  const chunks = yield* Stream.runCollect(Stream.takeWhile(stream, (chunk) => (size += chunk.length) <= maxOutput))
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.length
  }
  return all
})

const lines = Effect.fnUntraced(function*(root: string, args: ReadonlyArray<string>) {
  const { code, err, out } = yield* run(root, args)
  if (code !== 0) return yield* new GitError({ message: `git ${args[0]}: ${firstLine(err)}` })
  // Names end with NUL: any other character may be in them.
  return new TextDecoder().decode(out).split("\0").filter((name) => name !== "")
})

const firstLine = (text: string): string => text.trim().split("\n", 1)[0] ?? ""

/** The commit that a revision means; fails when there is none. */
export const revision = Effect.fnUntraced(function*(root: string, name: string) {
  const { code, err, out } = yield* run(root, [
    "rev-parse",
    "--verify",
    "--quiet",
    "--end-of-options",
    `${name}^{commit}`
  ])
  if (code === 0) return new TextDecoder().decode(out).trim()
  return yield* new GitError({
    message: firstLine(err) === ""
      ? `there is no revision "${name}" in this repository`
      : `git rev-parse: ${firstLine(err)}`
  })
})

/** The paths of a revision below a folder, relative to `root`. */
export const pathsAt = (root: string, commit: string, folder: string) =>
  lines(root, ["ls-tree", "-r", "-z", "--name-only", commit, "--", `${folder}/`])

/** The files that are not as in a revision: changed, new, not tracked. Relative to `root`. */
export const changedSince = Effect.fnUntraced(function*(root: string, commit: string, folders: ReadonlyArray<string>) {
  const changed = yield* lines(root, [
    "diff",
    "--name-only",
    "-z",
    "--no-renames",
    "--relative",
    commit,
    "--",
    ...folders
  ])
  const untracked = yield* lines(root, ["ls-files", "-z", "--others", "--exclude-standard", "--", ...folders])
  return new Set([...changed, ...untracked])
})

/** The texts of files at a revision; files that were not there are left out. */
export const textsAt = Effect.fnUntraced(function*(root: string, commit: string, paths: ReadonlyArray<string>) {
  const texts = new Map<string, string>()
  // A line each: no path with a line end can be asked for.
  const asked = paths.filter((path) => !path.includes("\n"))
  if (asked.length === 0) return texts
  const stdin = asked.map((path) => `${commit}:./${path}\n`).join("")
  const { code, err, out } = yield* run(root, ["cat-file", "--batch"], stdin)
  if (code !== 0) return yield* new GitError({ message: `git cat-file: ${firstLine(err)}` })
  const decoder = new TextDecoder()
  let at = 0
  for (const path of asked) {
    const end = out.indexOf(10, at)
    if (end === -1) break
    const size = /^[0-9a-f]+ blob (\d+)$/.exec(decoder.decode(out.subarray(at, end)))?.[1]
    at = end + 1
    if (size === undefined) continue
    texts.set(path, decoder.decode(out.subarray(at, at + Number(size))))
    at += Number(size) + 1
  }
  return texts
})
