import { spawn } from "node:child_process"
import { delimiter, join } from "node:path"
import { fileURLToPath } from "node:url"

/** The root of the repository. */
export const root = fileURLToPath(new URL("../..", import.meta.url))

/** The path of a package's command in `node_modules/.bin`. */
export const bin = (name: string): string => join(root, "node_modules", ".bin", name)

export interface Outcome {
  /** 124 when the time was up. */
  readonly code: number
  readonly stdout: string
  /** Both streams, in the order in which they were written. */
  readonly output: string
  readonly millis: number
}

/** Runs a command to its end; never rejects for a failing one. */
export const command = (
  file: string,
  args: ReadonlyArray<string>,
  options: { readonly cwd?: string; readonly env?: Record<string, string>; readonly timeoutMillis?: number } = {}
): Promise<Outcome> => {
  const started = performance.now()
  const path = `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH}`
  return new Promise((resolve) => {
    const child = spawn(file, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, PATH: path, NO_COLOR: "1", FORCE_COLOR: undefined, ...options.env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    let stdout = ""
    let output = ""
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill("SIGKILL")
    }, options.timeoutMillis ?? 600_000)
    const end = (code: number) => {
      clearTimeout(timer)
      resolve({ code, stdout, output, millis: performance.now() - started })
    }
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
      output += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => output += text)
    child.on("error", (error) => {
      output += `${error.message}\n`
      end(127)
    })
    child.on("close", (code) => {
      if (late) output += `Stopped after ${Math.round(performance.now() - started)} ms.\n`
      end(late ? 124 : code ?? 1)
    })
  })
}

/** Runs Node, the same as this one, with the sources of opbus in sight. */
export const node = (args: ReadonlyArray<string>, options?: Parameters<typeof command>[2]): Promise<Outcome> =>
  command(process.execPath, ["--conditions=opbus-source", ...args], options)
