import { execFileSync, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { root } from "../support.ts"

export const hasRustc = process.platform !== "win32" && spawnSync("rustc", ["--version"]).status === 0

/** One GPU of the stand-in. */
export interface Gpu {
  readonly totalBytes: number
  readonly usedBytes: number
  /** What asking for its memory gives: 0 when all is well. */
  readonly status?: number
  readonly name: string
}

/**
 * A library with the functions of NVIDIA's, which says what `say` has written: there is no GPU where tests run. The one on a
 * machine with a GPU is asked by gpu.device.ts.
 */
export const buildStandIn = () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "opbus-nvml-"))
  const library = path.join(folder, "libstandin.so")
  const source = path.join(root, "native/core/tests/nvml/standin.rs")
  execFileSync("rustc", ["--edition", "2021", "--crate-type", "cdylib", "-Cpanic=abort", "-o", library, source])
  const figures = path.join(folder, "figures")
  // The library reads it from the environment of the process that it is loaded into.
  process.env["OPBUS_NVML_STANDIN"] = figures
  return {
    library,
    say: (gpus: ReadonlyArray<Gpu>, init = 0) =>
      fs.writeFileSync(
        figures,
        [
          `init ${init}`,
          ...gpus.map(({ name, status = 0, totalBytes, usedBytes }) => `${totalBytes} ${usedBytes} ${status} ${name}`)
        ].map((line) => `${line}\n`).join("")
      ),
    remove: () => fs.rmSync(folder, { recursive: true, force: true })
  }
}
