import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it, onTestFinished } from "vitest"

const root = fileURLToPath(new URL("../../", import.meta.url))

interface Line {
  readonly command: string
  readonly output: string
}

/** The fences of a kind, and in shell fences each command with what is printed after it. */
const fences = (page: string, kind: string): ReadonlyArray<string> =>
  Array.from(page.matchAll(new RegExp(`^\`\`\`${kind}\n([^]*?)^\`\`\``, "gm")), ([, text]) => text!)

const linesOf = (fence: string): ReadonlyArray<Line> =>
  fence.split(/^\$ /m).slice(1).map((part) => {
    const [command, ...output] = part.split("\n")
    return { command: command!, output: output.join("\n") }
  })

const withoutTimes = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/g, "<time>")

describe("docs/cli.md", () => {
  it("shows what the command really prints", () => {
    // Inside the repository, so that the application finds opbus by its name.
    mkdirSync(join(root, ".doctest"), { recursive: true })
    const folder = mkdtempSync(join(root, ".doctest", "cli-"))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const page = readFileSync(join(root, "docs/cli.md"), "utf8")
    writeFileSync(join(folder, "app.ts"), fences(page, "ts")[0]!)
    const bin = join(folder, "opbus")
    writeFileSync(
      bin,
      `#!/bin/sh\nexec "${process.execPath}" --conditions=opbus-source "${join(root, "src/cli/bin.ts")}" "$@"\n`
    )
    chmodSync(bin, 0o755)

    for (const { command, output } of fences(page, "sh").flatMap(linesOf)) {
      const result = spawnSync("sh", ["-c", `${command} 2>&1`], {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: `${folder}:${process.env["PATH"]}` }
      })
      assert.strictEqual(withoutTimes(result.stdout), withoutTimes(output), command)
    }
  }, 120_000)
})
