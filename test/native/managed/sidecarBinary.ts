import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../..", import.meta.url))

export const hasCargo = spawnSync("cargo", ["--version"]).status === 0

/** The sidecar with the module for tests, built where nothing else builds. */
export const buildSidecar = (): string => {
  const target = join(root, "target", "sidecar-tests")
  const built = spawnSync(
    "cargo",
    ["build", "-j2", "--offline", "--locked", "-p", "opbus-core", "--features", "testing", "--bin", "sidecar"],
    { cwd: root, env: { ...process.env, CARGO_TARGET_DIR: target }, encoding: "utf8" }
  )
  if (built.status !== 0) throw new Error(`the sidecar does not build:\n${built.stderr}`)
  const file = join(target, "debug", process.platform === "win32" ? "sidecar.exe" : "sidecar")
  if (!existsSync(file)) throw new Error(`there is no ${file}`)
  return file
}
