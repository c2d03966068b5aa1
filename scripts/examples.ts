/**
 * Runs every example as its reader would, `node --conditions=opbus-source examples/<name>/main.ts`, with its data in a
 * temporary folder. An example fails by its exit code. `node scripts/examples.ts [name…]`
 */
import { existsSync } from "node:fs"
import { glob, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { node, root } from "./shared/command.ts"
import { report, type Result } from "./shared/report.ts"

const limitMillis = 180_000

/** What makes an example end by itself. */
const argsOf = new Map([["notebook", ["--terminal"]]])

const runExample = async (name: string): Promise<Result> => {
  const folder = await mkdtemp(join(tmpdir(), `opbus-example-${name}-`))
  try {
    const { code, millis, output } = await node([`examples/${name}/main.ts`, ...argsOf.get(name) ?? []], {
      env: { OPBUS_NOTEBOOK_DIR: folder },
      timeoutMillis: limitMillis
    })
    return {
      name: `examples/${name}`,
      ok: code === 0,
      detail: `${output.slice(-8_000)}\nexit code ${code}`,
      note: `examples/${name} ran in ${(millis / 1000).toFixed(1)} s`
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const names = process.argv.length > 2
  ? process.argv.slice(2)
  : (await Array.fromAsync(glob("examples/*/", { cwd: root }))).map((path) => basename(path)).sort()

const results: Array<Result> = []
for (const name of names) {
  const main = join("examples", name, "main.ts")
  results.push(
    existsSync(join(root, main)) ? await runExample(name) : { name: dirname(main), ok: false, detail: `no ${main}` }
  )
}
report(results)
