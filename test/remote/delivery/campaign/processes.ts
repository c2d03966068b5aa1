/** The processes of the campaign: how they are made, started, listened to and killed. */
import { build } from "esbuild"
import { type ChildProcess, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"

export type Who = "client" | "server"

/**
 * Both programs in one file each, beside the packages they need: hundreds of processes are started, and reading the
 * sources anew takes each of them most of its life.
 */
export const bundle = async (): Promise<string> => {
  const caches = fileURLToPath(new URL("../../../../node_modules/.cache", import.meta.url))
  fs.mkdirSync(caches, { recursive: true })
  const folder = fs.mkdtempSync(path.join(caches, "opbus-delivery-"))
  await build({
    entryPoints: ["client", "server"].map((who) => fileURLToPath(new URL(`./${who}.ts`, import.meta.url))),
    outdir: folder,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["opbus-source"],
    external: ["@libsql/client"],
    banner: {
      js: `import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);`
    },
    logLevel: "error"
  })
  return folder
}

/** A process, and what it has said. */
export class Life {
  readonly lines: Array<string> = []
  readonly child: ChildProcess
  readonly ended: Promise<void>
  errors = ""
  private listeners: Array<() => void> = []
  private output = ""
  private killed = false
  over = false

  constructor(programs: string, who: Who, args: ReadonlyArray<string>) {
    const child = spawn(process.execPath, [path.join(programs, `${who}.mjs`), ...args], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, NODE_OPTIONS: "" }
    })
    this.child = child
    child.stdin.on("error", () => {})
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.output += text
      const lines = this.output.split("\n")
      this.output = lines.pop()!
      this.lines.push(...lines)
      this.tell()
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.errors += text
    })
    this.ended = new Promise((resolve) =>
      child.on("close", () => {
        this.over = true
        this.tell()
        resolve()
      })
    )
  }

  private tell(): void {
    for (const listener of this.listeners.splice(0)) listener()
  }

  /** `false`: not within so many milliseconds. */
  async until(condition: () => boolean, millis: number): Promise<boolean> {
    const deadline = performance.now() + millis
    while (!condition()) {
      if (this.over) {
        if (this.killed) return false
        throw new Error(`the process ended by itself: ${this.lines.at(-1) ?? ""} ${this.errors.slice(0, 500)}`)
      }
      const left = deadline - performance.now()
      if (left <= 0) return false
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.listeners.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
    return true
  }

  said(word: string): boolean {
    return this.lines.some((line) => line === word || line.startsWith(`${word} `))
  }

  /** Tells it where to stand still. */
  arm(moment: string, passes: number): void {
    this.child.stdin!.write(`${moment} ${passes}\n`)
  }

  async kill(): Promise<void> {
    this.killed = true
    this.child.kill("SIGKILL")
    await this.ended
  }
}
