import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"

/**
 * What a command printed.
 *
 * @internal
 */
export interface Printed {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command to its end; `undefined` when it is not on the machine. An interruption kills it.
 *
 * @internal
 */
export const run = (
  file: string,
  args: ReadonlyArray<string>,
  cwd: string
): Effect.Effect<Printed | undefined> =>
  Effect.callback((resume) => {
    const child = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"] })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => stdout += text)
    child.stderr.setEncoding("utf8").on("data", (text: string) => stderr += text)
    child.on("error", () => resume(Effect.undefined))
    child.on("close", (code) => resume(Effect.succeed({ code: code ?? 1, stdout, stderr })))
    return Effect.sync(() => child.kill())
  })

/**
 * A crate.
 *
 * @internal
 */
export interface Crate {
  readonly name: string
  /** Its folder. */
  readonly folder: string
  /** It is built from files of this machine, not from a registry. */
  readonly local: boolean
  /** It belongs to the workspace, and is not only a dependency of it. */
  readonly member: boolean
  readonly features: ReadonlyArray<string>
  readonly targets: ReadonlyArray<{ readonly name: string; readonly kinds: ReadonlyArray<string> }>
}

/**
 * A workspace, by cargo's word.
 *
 * @internal
 */
export interface Workspace {
  readonly root: string
  readonly target: string
  readonly packages: ReadonlyArray<Crate>
}

interface Metadata {
  readonly workspace_root: string
  readonly target_directory: string
  readonly workspace_members: ReadonlyArray<string>
  readonly packages: ReadonlyArray<{
    readonly id: string
    readonly name: string
    readonly manifest_path: string
    readonly source: string | null
    readonly features: Readonly<Record<string, unknown>>
    readonly targets: ReadonlyArray<{ readonly name: string; readonly kind: ReadonlyArray<string> }>
  }>
}

/**
 * Reads a workspace; a failure is what cargo prints.
 *
 * @internal
 */
export const metadata = (project: string): Effect.Effect<Result.Result<Workspace, string>> =>
  Effect.map(
    run("cargo", [
      "metadata",
      "--format-version=1",
      "--offline",
      ...(fs.existsSync(path.join(project, "Cargo.lock")) ? ["--locked"] : [])
    ], project),
    (printed) => {
      if (printed === undefined || printed.code !== 0) return Result.fail(printed?.stderr ?? "cargo could not be run")
      const read: Metadata = JSON.parse(printed.stdout)
      const members = new Set(read.workspace_members)
      return Result.succeed({
        root: read.workspace_root,
        target: read.target_directory,
        packages: read.packages.map((crate) => ({
          name: crate.name,
          folder: path.dirname(crate.manifest_path),
          local: crate.source === null,
          member: members.has(crate.id),
          features: Object.keys(crate.features),
          targets: crate.targets.map(({ kind, name }) => ({ name, kinds: kind }))
        }))
      })
    }
  )
