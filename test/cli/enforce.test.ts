import { assert, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe } from "vitest"
import { json } from "./command.ts"
import { handWritten, specProject } from "./specTools.ts"

const repository = fileURLToPath(new URL("../../", import.meta.url))

const committed = () => {
  const project = specProject({
    "specs/note/list.json": JSON.stringify({
      version: 2,
      name: "note/list",
      description: "Lists",
      adapter: "server-only"
    })
  })
  assert.strictEqual(project.run(["generate"]).code, 0)
  project.git("init", "-q", "-b", "main")
  project.git("add", "-A")
  project.git("commit", "-q", "-m", "first")
  return project
}

describe("opbus enforce", () => {
  it("passes when everything is in order, and fails for a new command without a spec", () => {
    const { run, write } = committed()
    const fine = run(["enforce", "--since", "main"])
    assert.deepStrictEqual([fine.code, fine.stderr], [0, ""])
    assert.match(fine.stdout, /^1 command, 0 of them new; \d+ generated files compared; 0 errors, 0 warnings\n$/)
    write("src/read.ts", handWritten)
    const { code, stderr, stdout } = run(["enforce"])
    assert.strictEqual(code, 1)
    assert.match(stdout, /^2 commands, 1 of them new; /)
    assert.strictEqual(
      stderr,
      `opbus: src/read.ts:5:14 error: the new command "note.read" has no spec: write specs/note/read.json, then run opbus generate
opbus: 1 error: see above
`
    )
    assert.strictEqual(json(run(["--json", "enforce"]).stdout)[0].errors, 1)
    assert.deepStrictEqual(run(["enforce", "--since", "nowhere"]), {
      code: 2,
      stdout: "",
      stderr: `opbus: there is no revision "nowhere" in this repository\n`
    })
  })

  it("stops a commit as the hook that it prints", () => {
    const { git, root, run, write } = committed()
    // As after `npm install opbus`.
    mkdirSync(join(root, "node_modules/.bin"), { recursive: true })
    writeFileSync(
      join(root, "node_modules/.bin/opbus"),
      `#!/bin/sh\nexec '${process.execPath}' --conditions=opbus-source '${join(repository, "src/cli/bin.ts")}' "$@"\n`
    )
    chmodSync(join(root, "node_modules/.bin/opbus"), 0o755)
    symlinkSync(join(repository, "node_modules/effect"), join(root, "node_modules/effect"))
    writeFileSync(join(root, ".gitignore"), "node_modules\n")
    const hook = join(root, ".git/hooks/pre-commit")
    writeFileSync(hook, run(["enforce", "--hook"]).stdout)
    chmodSync(hook, 0o755)
    const commit = () => {
      git("add", "-A")
      return spawnSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-m", "second"], {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, PATH: `${join(repository, "node_modules/.bin")}:${process.env["PATH"]}` }
      })
    }
    write("src/read.ts", handWritten)
    const refused = commit()
    assert.strictEqual(refused.status, 1, refused.stderr)
    assert.include(refused.stderr, `the new command "note.read" has no spec`)
    assert.strictEqual(git("log", "--oneline").trim().split("\n").length, 1)
    assert.strictEqual(run(["reverse", "--write"]).code, 0)
    assert.strictEqual(run(["generate"]).code, 0)
    const accepted = commit()
    assert.strictEqual(accepted.status, 0, accepted.stderr)
  })
})
