import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { onTestFinished, vi } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))
const fixtures = fileURLToPath(new URL("fixtures/", import.meta.url))

// A process starts in half a second, and in several when the machine is busy.
vi.setConfig({ testTimeout: 120_000 })

export const fixture = (name: string): string => join(fixtures, name)

export interface Result {
  /** What a shell would see: 128 + n after signal n. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  /** Default: nothing, as from `/dev/null`. */
  readonly stdin?: string | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
  /** The user to run as; only root can choose. */
  readonly uid?: number | undefined
  /** Called with all output so far, at every piece of it. */
  readonly onOutput?: ((output: string, child: ChildProcess) => void) | undefined
}

const nodeArgs = ["--conditions=opbus-source", join(root, "src/cli/bin.ts")]

/** The command for a shell. */
export const commandLine = (args: ReadonlyArray<string>): string =>
  [process.execPath, ...nodeArgs, ...args].map((part) => `'${part}'`).join(" ")

/** Runs the command as a user does: as a process of its own. */
export const opbus = (args: ReadonlyArray<string>, options: Options = {}): Promise<Result> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...nodeArgs, ...args], {
      cwd: root,
      ...(options.uid !== undefined && { uid: options.uid, gid: options.uid }),
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...options.env },
      stdio: [options.stdin === undefined ? "ignore" : "pipe", "pipe", "pipe"]
    })
    let stdout = ""
    let stderr = ""
    child.stdout!.on("data", (chunk: Buffer) => {
      stdout += chunk.toString()
      options.onOutput?.(stdout + stderr, child)
    })
    child.stderr!.on("data", (chunk: Buffer) => {
      stderr += chunk.toString()
      options.onOutput?.(stdout + stderr, child)
    })
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, stdout, stderr }))
    child.stdin?.on("error", () => {})
    child.stdin?.end(options.stdin)
  })

/** The notes application on a database of its own. */
export const notes = () => {
  const folder = mkdtempSync(join(tmpdir(), "opbus-cli-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const database = join(folder, "notes.db")
  const run = (args: ReadonlyArray<string>, options: Options = {}) =>
    opbus(["--app", fixture("notes.ts"), ...args], { ...options, env: { NOTES_DB: database, ...options.env } })
  return { folder, database, run }
}

export const lines = (text: string): ReadonlyArray<string> => text.split("\n").filter((line) => line !== "")

export const json = (text: string): ReadonlyArray<any> => lines(text).map((line) => JSON.parse(line) as unknown)
