import type { ChildProcess } from "node:child_process"
import { onTestFinished } from "vitest"
import { opbus, type Options, type Result } from "./command.ts"

export interface Served {
  readonly http: string
  readonly socket: string
  readonly child: ChildProcess
  readonly output: () => string
  readonly ended: Promise<Result>
}

/** Starts `opbus serve` on a free port, and waits until it says where. */
export const serve = (args: ReadonlyArray<string>, options: Options = {}): Promise<Served> =>
  new Promise((resolve, reject) => {
    let output = ""
    let process: ChildProcess | undefined
    const ended = opbus(["serve", "--port", "0", ...args], {
      ...options,
      onOutput: (text, child) => {
        output = text
        if (process !== undefined || !text.includes("; Ctrl-C ends it")) return
        process = child
        const url = (protocol: string) => new RegExp(`^${protocol}://127\\.0\\.0\\.1:\\d+`, "m").exec(text)![0]
        resolve({ http: url("http"), socket: url("ws"), child, output: () => output, ended })
      }
    })
    onTestFinished(() => void process?.kill("SIGKILL"))
    ended.then((result) => reject(new Error(`it ended: ${result.stderr}`)), reject)
  })
