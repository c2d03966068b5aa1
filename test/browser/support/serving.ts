import { type ChildProcess, spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { isAbsolute, join } from "node:path"
import { root } from "../../../scripts/shared/command.ts"
import { atEnd } from "./resources.ts"

/** A server in a process of its own, ended with the test (or, started outside of one, with the file). */
export interface Server {
  /** Such as `http://127.0.0.1:41234`, without a slash at the end. It stays the same over a restart. */
  readonly url: string
  readonly devtools: string
  /** Where its data is; gone with the test. */
  readonly directory: string
  /** What it has printed since it was started first. */
  readonly output: () => string
  /** Ends it, by SIGKILL unless another signal is named, and waits until it has ended. */
  readonly kill: (signal?: NodeJS.Signals) => Promise<void>
  /** `SIGSTOP` lets it hang, `SIGCONT` go on. */
  readonly signal: (signal: NodeJS.Signals) => void
  /** Starts it again: the same port, the same data. */
  readonly restart: () => Promise<void>
}

export interface ServeOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly args?: ReadonlyArray<string>
}

/** Longer than a start takes on a busy machine. */
const startMillis = 60_000

type Command = (port: number) => readonly [file: string, args: ReadonlyArray<string>]

const running = new Set<ChildProcess>()

/** The process with what it has started itself. */
const signal = (child: ChildProcess, name: NodeJS.Signals): void => {
  try {
    process.kill(-child.pid!, name)
  } catch {
    // It has ended.
  }
}

process.on("exit", () => {
  for (const child of running) signal(child, "SIGKILL")
})

const serve = async (command: Command, env: Readonly<Record<string, string>>): Promise<Server> => {
  const directory = await mkdtemp(join(tmpdir(), "opbus-browser-"))
  let output = ""
  let child: ChildProcess | undefined
  let ended: Promise<unknown> = Promise.resolve()

  const start = (port: number): Promise<string> =>
    new Promise((resolve, reject) => {
      const [file, args] = command(port)
      const from = output.length
      child = spawn(file, args, {
        cwd: root,
        env: { ...process.env, OPBUS_NOTEBOOK_DIR: directory, NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
        stdio: ["ignore", "pipe", "pipe"],
        detached: true
      })
      const started = child
      running.add(started)
      const give = (why: string) => reject(new Error(`${file} ${args.join(" ")}: ${why}\n${output.slice(from)}`))
      const timer = setTimeout(() => give(`no address within ${startMillis} ms`), startMillis)
      const read = (text: string) => {
        output += text
        const address = /\bhttp:\/\/(?:127\.0\.0\.1|localhost):\d+/.exec(output.slice(from))
        if (address === null) return
        clearTimeout(timer)
        resolve(address[0])
      }
      started.stdout!.setEncoding("utf8").on("data", read)
      started.stderr!.setEncoding("utf8").on("data", read)
      ended = new Promise((resolve) => {
        started.on("error", (error) => {
          give(error.message)
          resolve(undefined)
        })
        started.on("close", (code) => {
          running.delete(started)
          clearTimeout(timer)
          give(`it ended with ${code}`)
          resolve(undefined)
        })
      })
    })

  const kill = async (name: NodeJS.Signals = "SIGKILL"): Promise<void> => {
    if (child !== undefined) signal(child, name)
    await ended
  }

  atEnd(async () => {
    await kill()
    await rm(directory, { recursive: true, force: true })
  })
  const url = await start(0)
  return {
    url,
    devtools: `${url}/_opbus`,
    directory,
    output: () => output,
    kill,
    signal: (name) => {
      if (child !== undefined) signal(child, name)
    },
    restart: async () => {
      await kill()
      await start(Number(new URL(url).port))
    }
  }
}

const source = "--conditions=opbus-source"

/** The notebook as `npm start` runs it, with an empty notebook. */
export const serveNotebook = ({ args = [], env = {} }: ServeOptions = {}): Promise<Server> =>
  serve(
    (port) => [process.execPath, [source, "examples/notebook/main.ts", "--port", String(port), ...args]],
    env
  )

/** `npm start` itself, with what it does before. */
export const npmStart = ({ args = [], env = {} }: ServeOptions = {}): Promise<Server> =>
  serve((port) => ["npm", ["start", "--", "--port", String(port), ...args]], env)

/** An application module behind `opbus serve`; `file` is a path from the root of the repository, or an absolute one. */
export const serveApp = (file: string, { args = [], env = {} }: ServeOptions = {}): Promise<Server> =>
  serve((port) => {
    const app = isAbsolute(file) ? file : join(root, file)
    return [process.execPath, [source, "src/cli/bin.ts", "serve", "--app", app, "--port", String(port), ...args]]
  }, env)
