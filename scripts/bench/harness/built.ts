import { execFileSync } from "node:child_process"
import { globSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { annotatePure } from "../../shared/pure.ts"

const root = fileURLToPath(new URL("../../../", import.meta.url))

/**
 * Builds the package as it is published, in a folder of its own so that nobody else's `dist` is touched, and returns the
 * folder.
 */
export const buildPackage = (): string => {
  const folder = join(root, "scripts/bench/.cache/dist")
  rmSync(folder, { recursive: true, force: true })
  const tsc = join(root, "node_modules/.bin/tsc")
  execFileSync(tsc, [
    "-p",
    "tsconfig.build.json",
    "--outDir",
    folder,
    "--declaration",
    "false",
    "--declarationMap",
    "false"
  ], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"]
  })
  for (const file of globSync("**/*.js", { cwd: folder })) {
    const path = join(folder, file)
    writeFileSync(path, annotatePure(path, readFileSync(path, "utf8")).code)
  }
  const manifest = { name: "opbus", type: "module", sideEffects: ["./jit.js"] }
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest))
  return folder
}
