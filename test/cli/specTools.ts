import { execFileSync, spawnSync } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { onTestFinished } from "vitest"
import { commandLine, type Result } from "./command.ts"

/** A project in a folder of its own, and the command run in it as a user does. */
export const specProject = (files: Readonly<Record<string, string>>) => {
  const root = mkdtempSync(join(tmpdir(), "opbus-spec-cli-"))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const [path, text] of Object.entries({ "opbus.config.json": "{}", ...files })) write(path, text)
  const git = (...args: ReadonlyArray<string>) =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"]
    })
  return {
    root,
    write,
    git,
    read: (path: string) => readFileSync(join(root, path), "utf8"),
    has: (path: string) => existsSync(join(root, path)),
    run: (args: ReadonlyArray<string>, folder = "."): Result => {
      const { status, stderr, stdout } = spawnSync("sh", ["-c", commandLine(args)], {
        cwd: join(root, folder),
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: process.env["HOME"] }
      })
      return { code: status, stdout, stderr }
    }
  }
}

export const handWritten = `import { Schema } from "effect"
import { Operation } from "opbus"

/** Reads a note. */
export class ReadNote extends Operation.make({
  meta: { key: "note.read" },
  input: Schema.Struct({ id: Schema.String, extra: Schema.Any }),
  output: Schema.Struct({ title: Schema.String })
}) {}
`
