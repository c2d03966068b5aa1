import { assert, describe, it } from "@effect/vitest"
import { execFile } from "node:child_process"
import { cp, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"

const root = join(import.meta.dirname, "../..")

/** A line of a file in `src`, and whether the linter lets it pass. */
type Case = readonly [file: string, line: string, allowed: boolean]

const cases: ReadonlyArray<Case> = [
  // A folder imports folders with a smaller number, and internal.
  ["src/history/A.ts", "import \"../operation/Operation.ts\"", true],
  ["src/history/B.ts", "import \"../internal/text.ts\"", true],
  ["src/rxjs/A.ts", "import \"../history/HistoryTracker.ts\"", true],
  ["src/remote/A.ts", "import \"../spec/CommandSpec.ts\"", true],
  ["src/cli/A.ts", "import \"../node/NodeModule.ts\"", true],
  ["src/operation/A.ts", "import \"../protocol/Message.ts\"", true],
  ["src/operation/internal/A.ts", "import \"../Operation.ts\"", true],
  // Never one with the same number, or a larger one, whatever the form of the import.
  ["src/operation/B.ts", "import \"../history/HistoryTracker.ts\"", false],
  ["src/operation/C.ts", "import type * as H from \"../history/HistoryTracker.ts\"", false],
  ["src/operation/D.ts", "export * from \"../history/HistoryTracker.ts\"", false],
  ["src/operation/E.ts", "export const load = () => import(\"../history/HistoryTracker.ts\")", false],
  ["src/operation/F.ts", "export type T = import(\"../history/HistoryTracker.ts\").HistoryTracker", false],
  ["src/operation/internal/B.ts", "import \"../../history/internal/entry.ts\"", false],
  ["src/operation/G.ts", "import \"../sql/LibsqlClient.ts\"", false],
  ["src/protocol/A.ts", "import \"../operation/Operation.ts\"", false],
  ["src/sql/A.ts", "import \"../operation/Operation.ts\"", false],
  ["src/history/C.ts", "import \"../spec/CommandSpec.ts\"", false],
  ["src/rxjs/B.ts", "import \"../remote/Outbox.ts\"", false],
  ["src/react/A.ts", "import \"../node/NodeModule.ts\"", false],
  ["src/node/A.ts", "import \"../cli/main.ts\"", false],
  ["src/internal/A.ts", "import \"../operation/Operation.ts\"", false],
  // Modules, not barrels.
  ["src/history/D.ts", "import \"../operation/index.ts\"", false],
  ["src/history/E.ts", "import \"../index.ts\"", false],
  ["src/history/F.ts", "import \"opbus/operation\"", false],
  ["src/history/G.ts", "import { Effect } from \"effect\"", false],
  ["src/history/H.ts", "import \"effect/Effect\"", true],
  ["src/index.ts", "export * from \"./operation/index.ts\"", true],
  // Unstable modules of Effect through internal/effect, packages in the folders that own them.
  ["src/internal/effect/sql.ts", "export * as SqlClient from \"effect/sql/SqlClient\"", true],
  ["src/history/I.ts", "import \"../internal/effect/sql.ts\"", true],
  ["src/history/J.ts", "import \"effect/sql/SqlClient\"", false],
  ["src/remote/B.ts", "import \"effect/rpc/Rpc\"", false],
  ["src/cli/B.ts", "import \"effect/cli/Command\"", false],
  ["src/node/B.ts", "import \"node:fs\"", true],
  ["src/cli/C.ts", "import \"node:fs\"", true],
  ["src/sql/B.ts", "import \"node:fs\"", false],
  ["src/operation/H.ts", "import \"fs/promises\"", false],
  ["src/index.test-fixture.ts", "import \"node:fs\"", false],
  ["src/rxjs/C.ts", "import \"rxjs\"", true],
  ["src/history/K.ts", "import \"rxjs\"", false],
  ["src/sql/C.ts", "import \"@libsql/client\"", true],
  ["src/history/L.ts", "import \"@libsql/client/web\"", false],
  ["src/node/C.ts", "import \"@effect/platform-node/NodeRuntime\"", true],
  ["src/history/M.ts", "import \"@effect/platform-node\"", false]
]

/** The files the repository's linter finds fault with, in a folder that holds nothing but the files of the cases. */
const refusedFiles = async (): Promise<ReadonlySet<string>> => {
  const folder = await mkdtemp(join(tmpdir(), "opbus-layers-"))
  try {
    await cp(join(root, "oxlint.config.ts"), join(folder, "oxlint.config.ts"))
    for (const [file, line] of cases) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), `${line}\n`)
    }
    const output = await new Promise<string>((resolve) =>
      execFile(
        join(root, "node_modules/.bin/oxlint"),
        ["--format=json"],
        { cwd: folder },
        (_, stdout) => resolve(stdout)
      )
    )
    const { diagnostics } = JSON.parse(output) as {
      readonly diagnostics: ReadonlyArray<{ readonly code: string; readonly filename: string }>
    }
    const rules = new Set(["eslint(no-restricted-imports)", "typescript(consistent-type-imports)"])
    return new Set(diagnostics.filter(({ code }) => rules.has(code)).map(({ filename }) => filename))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

describe("the layer rule", () => {
  it("lets pass what the design allows and nothing else", async () => {
    const refused = await refusedFiles()
    const wrong = cases.filter(([file, , allowed]) => refused.has(file) === allowed)
      .map(([file, line, allowed]) => `${file}: ${line} is ${allowed ? "refused" : "allowed"}`)
    assert.deepStrictEqual(wrong, [])
  })
})
