import { assert, describe, it } from "@effect/vitest"
import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { addon, skip } from "./support.ts"

interface Outcome {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

const run = (fixture: string, args: ReadonlyArray<string>, env: Record<string, string> = {}): Promise<Outcome> =>
  new Promise((resolve, reject) => {
    const file = fileURLToPath(new URL(`./fixtures/${fixture}`, import.meta.url))
    const child = spawn(process.execPath, ["--conditions=opbus-source", file, ...args], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text)
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text)
    child.on("error", reject)
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }))
  })

describe.skipIf(skip)("the native module in workers", () => {
  it("survives 50 workers that are terminated in the middle of calls, and shuts every instance down", async () => {
    const seed = 20_261_121
    const folder = mkdtempSync(join(tmpdir(), "opbus-workers-"))
    const shutdowns = join(folder, "shutdowns")
    try {
      const { code, signal, stderr, stdout } = await run("terminate.ts", [addon!, "50", String(seed)], {
        OPBUS_ECHO_SHUTDOWN: shutdowns
      })
      assert.deepStrictEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: "" }, `seed ${seed}\n${stdout}`)
      const { ended, slowest, sum } = JSON.parse(stdout)
      assert.deepStrictEqual(ended, { now: 10, later: 10, busy: 10, deaf: 10, stream: 10 })
      assert.deepStrictEqual(sum, { sum: 3, name: "still here" })
      // The calls would take ten minutes: they have been told.
      assert.isBelow(slowest, 20_000)
      assert.strictEqual(readFileSync(shutdowns, "utf8").split("\n").length - 1, 51)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }, 240_000)

  it("ends a process that has a call running, and one that has none, by itself or as it is told", async () => {
    for (const how of ["idle", "exit", "throw"]) {
      const { code, signal } = await run("exit.ts", [addon!, how])
      assert.deepStrictEqual({ how, code, signal }, { how, code: { idle: 0, exit: 7, throw: 1 }[how]!, signal: null })
    }
  }, 60_000)

  it("stays in use when the file is replaced under it", async () => {
    const { code, stderr, stdout } = await run("replaced.ts", [addon!])
    assert.deepStrictEqual({ code, stderr, stdout }, { code: 0, stderr: "", stdout: "still here\n" })
  }, 60_000)
})
