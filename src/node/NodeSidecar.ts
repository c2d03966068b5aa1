/**
 * Sidecars as child processes of Node.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Command, type Listener, type Process, SidecarProcess } from "../native/SidecarProcess.ts"
import { LineReader } from "./internal/sidecar/lines.ts"
import { platform, projectOf } from "./NodeNativeModule.ts"

/**
 * Where sidecars are, and how long they may take to end.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** The project's folder; the nearest one above the working directory that has a package.json unless it says so. */
  readonly project?: string | undefined
  /** Programs that are preferred to those of the project and of opbus. */
  readonly commands?: ReadonlyArray<Command> | undefined
  /** The most bytes that one message has. Default 64 MiB. */
  readonly maxFrameBytes?: number | undefined
  /** How long a process may take to end after its input has, before it is killed. Default 2000. */
  readonly patienceMillis?: number | undefined
}

/**
 * Starts sidecars as child processes.
 *
 * **When to use**
 *
 * Provide it where a service's `layerSidecar` is used.
 *
 * **Details**
 *
 * The programs are `native/dist/<platform>-<arch>-sidecar` of the project, then that of opbus. A process that writes more
 * than it may, or does not end when its input does, is killed. It ends by itself when this process does, however that ends.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options?: Options): Layer.Layer<SidecarProcess> =>
  Layer.sync(SidecarProcess, () => {
    const name = `${platform}-sidecar${process.platform === "win32" ? ".exe" : ""}`
    const opbus = fileURLToPath(new URL("../..", import.meta.url))
    const files = [options?.project ?? projectOf(process.cwd()), opbus].map((root) =>
      join(root, "native", "dist", name)
    )
    const maxFrameBytes = options?.maxFrameBytes ?? 64 * 1024 * 1024
    const patienceMillis = options?.patienceMillis ?? 2_000
    return {
      commands: Effect.sync(() => [
        ...options?.commands ?? [],
        ...Array.from(new Set(files)).filter((file) => existsSync(file)).map((file) => ({ file, args: [] }))
      ]),
      hint: `It is looked for in ${files.join(" and ")}. Build it with: opbus build-native`,
      start: (command, listener) => start(command, listener, maxFrameBytes, patienceMillis)
    }
  })

const start = (
  command: Command,
  listener: Listener,
  maxFrameBytes: number,
  patienceMillis: number
): Effect.Effect<Process, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => new Child(command, listener, maxFrameBytes)),
      (child) => child.end(patienceMillis)
    ),
    (child) => ({ maxFrameBytes, write: (line) => child.write(line) })
  )

/** How much of the error output is kept. */
const logBytes = 8 * 1024

class Child {
  private readonly process: ChildProcessWithoutNullStreams
  private readonly listener: Listener
  private log = ""
  private ended = false
  /** Why it is killed, if it is. */
  private fault: string | undefined
  private corked = false

  constructor({ args, file }: Command, listener: Listener, maxFrameBytes: number) {
    this.listener = listener
    this.process = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"], windowsHide: true })
    const lines = new LineReader(maxFrameBytes, listener.onLine)
    this.process.stdout.on("data", (chunk: Buffer) => {
      if (this.ended || this.fault !== undefined || lines.push(chunk)) return
      this.fault = `it wrote a message of more than ${maxFrameBytes} bytes`
      this.process.kill("SIGKILL")
    })
    this.process.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.log = (this.log + text).slice(-logBytes)
    })
    // What cannot be written or read any more is told by the end of the process.
    for (const stream of [this.process.stdin, this.process.stdout, this.process.stderr]) stream.on("error", () => {})
    this.process.on("error", (error) => this.finish(`it could not be started (${error.message})`))
    this.process.on(
      "close",
      (code, signal) =>
        this.finish(this.fault ?? (signal === null ? `it exited with code ${code}` : `it was ended by ${signal}`))
    )
  }

  write(line: string): void {
    if (this.ended) return
    // What is written within one turn goes out together.
    if (!this.corked) {
      this.corked = true
      this.process.stdin.cork()
      queueMicrotask(() => {
        this.corked = false
        this.process.stdin.uncork()
      })
    }
    this.process.stdin.write(line)
  }

  end(patienceMillis: number): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (this.ended) return resume(Effect.void)
      const timer = setTimeout(() => {
        this.process.kill("SIGKILL")
        // A process that it started itself may hold the other ends.
        this.process.stdout.destroy()
        this.process.stderr.destroy()
      }, patienceMillis)
      this.process.once("close", () => {
        clearTimeout(timer)
        resume(Effect.void)
      })
      this.process.stdin.end()
    })
  }

  private finish(why: string): void {
    if (this.ended) return
    this.ended = true
    this.listener.onEnd(why, this.log)
  }
}
