import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as NodeSourceParser from "opbus/node/NodeSourceParser"
import * as GeneratorConfig from "opbus/spec/GeneratorConfig"
import { onTestFinished } from "vitest"

const tools = Layer.mergeAll(NodeServices.layer, NodeSourceParser.layer)

type Tools = typeof tools extends Layer.Layer<infer A, infer _E, infer _R> ? A : never

/** Runs with real files, real processes and the real parser. */
export const runTools = <A, E>(effect: Effect.Effect<A, E, Tools>): Promise<A> =>
  Effect.runPromise(Effect.provide(effect, tools))

export const config: GeneratorConfig.ResolvedConfig = GeneratorConfig.resolve()

/** A folder of its own with these files in it; it goes when the test ends. */
export const project = (files: Readonly<Record<string, string>> = {}) => {
  const root = mkdtempSync(join(tmpdir(), "opbus-tools-"))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  for (const [path, text] of Object.entries(files)) write(path, text)
  const git = (...args: ReadonlyArray<string>): string =>
    execFileSync("git", [
      "-c",
      "user.name=test",
      "-c",
      "user.email=test@example.com",
      "-c",
      "core.hooksPath=/dev/null",
      ...args
    ], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"]
    })
  const commit = (message: string) => {
    git("add", "-A")
    git("commit", "-q", "-m", message)
  }
  return { root, write, git, commit, remove: (path: string) => rmSync(join(root, path), { recursive: true }) }
}

/** `path:line:column code` of each warning or violation. */
export const places = (
  found: ReadonlyArray<{ readonly path: string; readonly line: number; readonly column: number }>,
  label: (item: any) => string
): ReadonlyArray<string> => found.map((item) => `${item.path}:${item.line}:${item.column} ${label(item)}`)
