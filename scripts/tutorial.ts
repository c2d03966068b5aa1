/**
 * Follows docs/a-rust-operation-in-ten-minutes.md literally, as a reader would, in an empty project: writes the files that the
 * page shows, runs the commands, and holds what they print to what the page says. `node scripts/tutorial.ts`, after
 * `npm run build`. The only thing that differs is where packages come from: `npm install` takes opbus from its tarball and
 * links the rest from this repository, since nothing is downloaded here.
 *
 * The conventions: a fence after a line that ends in a path in backticks and a colon is that file. In `sh` fences every line
 * is a command; the lines `# => text` below it are what its output has to contain.
 */
import { mkdir, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { command, root } from "./shared/command.ts"
import { inTemporaryFolder, link, pack } from "./shared/package.ts"
import { report, type Result } from "./shared/report.ts"

const page = "docs/a-rust-operation-in-ten-minutes.md"

type Step =
  | { readonly _tag: "File"; readonly line: number; readonly path: string; readonly text: string }
  | {
    readonly _tag: "Command"
    readonly line: number
    readonly command: string
    readonly expected: ReadonlyArray<string>
  }

const stepsOf = (text: string): ReadonlyArray<Step> => {
  const steps: Array<Step> = []
  const lines = text.split("\n")
  for (let index = 0; index < lines.length; index++) {
    const opening = /^```(\w+)$/.exec(lines[index]!)
    if (opening === null) continue
    const start = index + 1
    let end = start
    while (lines[end] !== "```") end += 1
    const body = lines.slice(start, end)
    index = end
    if (opening[1] === "sh") {
      for (const [offset, line] of body.entries()) {
        const expected = /^# => (.*)$/.exec(line)
        const last = steps.at(-1)
        if (expected === null) steps.push({ _tag: "Command", line: start + offset + 1, command: line, expected: [] })
        else if (last?._tag === "Command") {
          steps[steps.length - 1] = { ...last, expected: [...last.expected, expected[1]!] }
        }
      }
      continue
    }
    const before = lines.slice(0, start - 1).findLast((line) => line.trim() !== "") ?? ""
    const path = /`([^`]+)`:$/.exec(before)
    if (path !== null) steps.push({ _tag: "File", line: start, path: path[1]!, text: `${body.join("\n")}\n` })
  }
  return steps
}

const results: Array<Result> = []

const follow = async (folder: string, steps: ReadonlyArray<Step>, install: () => Promise<void>): Promise<void> => {
  for (const step of steps) {
    if (step._tag === "File") {
      await mkdir(dirname(join(folder, step.path)), { recursive: true })
      await writeFile(join(folder, step.path), step.text)
      continue
    }
    if (step.command.startsWith("npm install")) {
      await install()
      continue
    }
    const { code, output } = await command("sh", ["-c", step.command], { cwd: folder, env: { NODE_OPTIONS: "" } })
    const missing = step.expected.filter((text) => !output.includes(text))
    const ok = code === 0 && missing.length === 0
    results.push({
      name: `${page}:${step.line}: ${step.command}`,
      ok,
      detail: `${output}\nexit code ${code}${missing.map((text) => `\nnot printed: ${text}`).join("")}`
    })
    if (!ok) return
  }
}

const { code } = await command("cargo", ["--version"])
if (code !== 0) {
  results.push({ name: page, ok: true, note: "the ten-minute page: not followed, there is no cargo" })
} else {
  await inTemporaryFolder(async (folder) => {
    const tarball = await pack(folder)
    const project = join(folder, "text-tools")
    await mkdir(project, { recursive: true })
    const started = performance.now()
    await follow(project, stepsOf(await readFile(join(root, page), "utf8")), async () => {
      await writeFile(
        join(project, "package.json"),
        JSON.stringify({ name: "text-tools", private: true, type: "module" })
      )
      const flags = ["--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock"]
      const { code, output } = await command("npm", ["install", ...flags, tarball], { cwd: project })
      results.push({ name: "npm install of the tarball", ok: code === 0, detail: output })
      await link(project, [
        "effect",
        "@effect/platform-node",
        "vitest",
        "@effect/vitest",
        "@types/node",
        "undici-types",
        "typescript"
      ])
    })
    const seconds = ((performance.now() - started) / 1000).toFixed(0)
    results.push({
      name: page,
      ok: true,
      note: `the ten-minute page, followed by a script: ${seconds} s from the empty folder to the answer of Rust`
    })
  })
}
report(results)
