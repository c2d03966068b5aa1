// Installs the peers when they are missing, then runs the benchmarks with the flags they need.
import { spawnSync } from "node:child_process"
import { existsSync } from "node:fs"
import { fileURLToPath } from "node:url"

const here = fileURLToPath(new URL(".", import.meta.url))
// What npm says is not part of the report, which may be JSON.
const run = (command: string, args: ReadonlyArray<string>, out: "inherit" | 2): void => {
  const { status } = spawnSync(command, args, { stdio: ["inherit", out, "inherit"] })
  if (status !== 0) process.exit(status ?? 1)
}

if (!existsSync(`${here}node_modules`)) run("npm", ["ci", "--prefix", here], 2)
run(
  process.execPath,
  ["--conditions=opbus-source", "--expose-gc", `${here}main.ts`, ...process.argv.slice(2)],
  "inherit"
)
