import { type ChildProcess, fork } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { ServerKind } from "./subjects.ts"

interface Answer {
  readonly port?: number
  readonly cpu?: number
  readonly profile?: string
}

/** The processor time of this process so far, in nanoseconds. */
export const cpuOfThis = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) * 1000
}

/** A server in a process of its own, which ends with this one. */
export class ServerProcess {
  readonly port: number
  private readonly child: ChildProcess

  private constructor(child: ChildProcess, port: number) {
    this.child = child
    this.port = port
  }

  static async start(kind: ServerKind): Promise<ServerProcess> {
    const child = fork(fileURLToPath(new URL("server.ts", import.meta.url)), [kind], {
      execArgv: ["--conditions=opbus-source"],
      stdio: ["ignore", 2, 2, "ipc"]
    })
    child.once("exit", (code) => {
      if (code !== 0) throw new Error(`The ${kind} server ended with code ${code}.`)
    })
    return new ServerProcess(child, (await answer(child)).port!)
  }

  /** Its processor time so far, in nanoseconds. */
  async cpu(): Promise<number> {
    this.child.send("cpu")
    return (await answer(this.child)).cpu!
  }

  /** Starts a CPU profile, or ends it and gives its text. */
  async profile(): Promise<string> {
    this.child.send("profile")
    return (await answer(this.child)).profile!
  }
}

const answer = (child: ChildProcess): Promise<Answer> =>
  new Promise((resolve) => child.once("message", (message) => resolve(message as Answer)))
