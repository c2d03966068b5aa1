import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import { createRequire } from "node:module"
import * as path from "node:path"
import { performance } from "node:perf_hooks"
import type { Readable } from "node:stream"
import { pathToFileURL } from "node:url"
import { DeployError, firstLine } from "./failure.ts"

/**
 * A worker that listens.
 *
 * @internal
 */
export interface Listening {
  readonly pid: number
  readonly port: number
  /** From the start of the process until it listens. */
  readonly listeningMillis: number
  /** Completes when the process ends, with what it said last. */
  readonly exited: Effect.Effect<never, DeployError>
}

/** How a platform starts what is in a folder. */
interface Start {
  readonly what: string
  readonly command: string
  readonly args: ReadonlyArray<string>
  readonly folder: string
  readonly env: Readonly<Record<string, string | undefined>>
}

const startLimit = 15_000

/**
 * Finds a package of the user's project, or beside opbus.
 *
 * @internal
 */
export const locate = (name: string): Effect.Effect<string, DeployError> =>
  Effect.suspend(() => {
    for (const from of [pathToFileURL(path.join(process.cwd(), "_")).href, import.meta.url]) {
      try {
        return Effect.succeed(createRequire(from).resolve(name))
      } catch {
        // Looked for in the next place.
      }
    }
    const tool = name.split("/")[0]!
    return Effect.fail(
      new DeployError({ reason: "MissingTool", message: `${tool} is not installed; npm install -D ${tool}` })
    )
  })

/** @internal */
export const workerd = (
  folder: string,
  port: number,
  configuration = "workerd.capnp"
): Effect.Effect<Listening, DeployError, Scope.Scope> =>
  Effect.flatMap(Effect.flatMap(locate("workerd"), binaryOf), (command) =>
    start({
      what: "workerd",
      command,
      args: ["serve", configuration, `--socket-addr=http=127.0.0.1:${port}`, "--control-fd=3"],
      folder,
      env: process.env
    }))

/** The package throws where there is no binary for the machine. */
const binaryOf = (module: string): Effect.Effect<string, DeployError> =>
  Effect.try({
    try: () => (createRequire(module)(module) as { readonly default: string }).default,
    catch: (cause) =>
      new DeployError({ reason: "MissingTool", message: `workerd does not run here: ${firstLine(cause)}`, cause })
  })

/** @internal */
export const node = (folder: string, port: number): Effect.Effect<Listening, DeployError, Scope.Scope> =>
  start({
    what: "the server",
    command: process.execPath,
    args: ["server.js"],
    folder,
    env: { ...process.env, NODE_OPTIONS: "", PORT: String(port), OPBUS_CONTROL_FD: "3" }
  })

/** Starts a process that ends with the scope, and waits until it says on its fourth descriptor that it listens. */
const start = ({ args, command, env, folder, what }: Start): Effect.Effect<Listening, DeployError, Scope.Scope> =>
  Effect.gen(function*() {
    const started = performance.now()
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(command, args, { cwd: folder, env, stdio: ["ignore", "inherit", "pipe", "pipe"] })),
      end
    )
    let said = ""
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-4_000)
      process.stderr.write(text)
    })
    const exited = Effect.callback<never, DeployError>((resume) => {
      const report = (why: string) =>
        resume(Effect.fail(new DeployError({ reason: "Start", message: `${what} ended: ${lastLine(said) ?? why}` })))
      if (child.exitCode !== null || child.signalCode !== null) return report(`code ${child.exitCode}`)
      child.once("error", (error) => report(firstLine(error)))
      child.once("exit", (code, signal) => report(signal === null ? `code ${code}` : signal))
    })
    const port = yield* Effect.raceFirst(
      Effect.timeoutOrElse(listening(child.stdio[3] as Readable), {
        duration: startLimit,
        orElse: () =>
          Effect.fail(new DeployError({ reason: "Start", message: `${what} did not listen within ${startLimit} ms` }))
      }),
      exited
    )
    return { pid: child.pid!, port, listeningMillis: performance.now() - started, exited }
  })

const listening = (control: Readable): Effect.Effect<number> =>
  Effect.callback<number>((resume) => {
    let text = ""
    control.setEncoding("utf8").on("data", (more: string) => {
      text += more
      const port = /"event"\s*:\s*"listen"[^\n]*"port"\s*:\s*(\d+)/.exec(text)?.[1]
      if (port !== undefined) resume(Effect.succeed(Number(port)))
    })
  })

const lastLine = (said: string): string | undefined => {
  const line = said.trim().split("\n").findLast((one) => /error|fatal|fail/i.test(one)) ??
    said.trim().split("\n").at(-1)
  return line === undefined || line === "" ? undefined : line.slice(0, 300)
}

/** Asks it to end, and sees to it after two seconds. */
const end = (child: ChildProcess): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resume(Effect.void)
    const timer = setTimeout(() => child.kill("SIGKILL"), 2_000)
    child.once("exit", () => {
      clearTimeout(timer)
      resume(Effect.void)
    })
    child.kill("SIGTERM")
  })
