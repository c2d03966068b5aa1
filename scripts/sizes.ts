/**
 * Bundles the built package for a browser and for workerd, and holds it to test/bundle/budgets.json.
 *
 * Every fixture of test/bundle/fixtures is bundled as a user would, and every portable entry of the package whole; a
 * module of Node in the bundle is a failure. The size is that of the gzipped bundle; opbus's share is the same bundle
 * with `effect` left out. RxJS and React are the user's own. A budget is in bytes (1 KB is 1,000 bytes): it keeps a bundle from growing unnoticed, and comes
 * down with it. The target beside it is what was promised and is not reached yet.
 *
 *     node scripts/sizes.ts                      after `npm run build`
 *     node scripts/sizes.ts --explain <fixture>  what the bundle of one fixture is made of
 */
import { build, type BuildOptions, type Metafile } from "esbuild"
import { glob, readFile } from "node:fs/promises"
import { builtinModules } from "node:module"
import { basename, join } from "node:path"
import { parseArgs } from "node:util"
import { gzipSync } from "node:zlib"
import { root } from "./shared/command.ts"
import { manifest } from "./shared/package.ts"
import { noteMark, report, type Result } from "./shared/report.ts"

interface Sizes {
  readonly total: number
  readonly opbus: number
}

interface Budget extends Sizes {
  readonly target?: Sizes
}

const platforms = {
  browser: ["browser"],
  workerd: ["workerd", "worker", "browser"]
}
/** What needs Node, or a database of its own, is no part of a bundle. */
const notPortable = /^\.\/(package\.json|node|cli|sql)/

const options: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  format: "esm",
  minify: true,
  write: false,
  metafile: true,
  platform: "browser",
  target: "es2022",
  logLevel: "silent",
  outdir: "out"
}

/** The user's own, and never in the sizes. */
const peers = ["rxjs", "react"]

/** Leaves modules of Node to the run time, so that the bundle is built and can be reported with who imports what. */
const external = [...new Set([...builtinModules, ...builtinModules.map((name) => `node:${name}`), ...peers])]

const gzipSize = (contents: Uint8Array): number => gzipSync(contents, { level: 9 }).length

const nodeImports = ({ inputs }: Metafile): ReadonlyArray<string> =>
  Object.entries(inputs).flatMap(([input, { imports }]) =>
    imports.filter(({ external, path }) => external === true && !peers.includes(path)).map(({ path }) =>
      `${input} → ${path}`
    )
  )

type Source = Pick<BuildOptions, "entryPoints" | "stdin">

const bundle = async (source: Source, platform: keyof typeof platforms) => {
  const own = { ...options, ...source, conditions: platforms[platform] }
  const total = await build({ ...own, external })
  const share = await build({ ...own, external: [...external, "effect", "effect/*"] })
  return {
    total: gzipSize(total.outputFiles![0]!.contents),
    opbus: gzipSize(share.outputFiles![0]!.contents),
    node: nodeImports(total.metafile!)
  }
}

/** Prints the modules of a bundle with their minified sizes, the largest first. */
const explain = async (fixture: string): Promise<void> => {
  const entryPoints = [`test/bundle/fixtures/${fixture}.ts`]
  const { metafile } = await build({ ...options, entryPoints, external, conditions: platforms.browser })
  const modules = Object.values(metafile!.outputs).flatMap(({ inputs }) => Object.entries(inputs))
    .map(([path, { bytesInOutput }]) => ({ path, bytes: bytesInOutput })).filter(({ bytes }) => bytes > 0)
  for (const { bytes, path } of modules.sort((a, b) => b.bytes - a.bytes)) {
    console.log(`${number.format(bytes).padStart(8)}  ${path.replace("node_modules/effect/dist/", "effect/")}`)
  }
}

const number = new Intl.NumberFormat("en-US")
const both = ({ opbus, total }: Sizes): string => `${number.format(total)}, ${number.format(opbus)}`

const check = async (name: string, source: Source, budget: Budget | undefined): Promise<ReadonlyArray<Result>> => {
  const allowed = budget === undefined
    ? ""
    : ` (budget ${both(budget)}${budget.target === undefined ? "" : `; target ${both(budget.target)}`})`
  const noted = new Map<string, string>()
  const results: Array<Result> = []
  for (const platform of Object.keys(platforms) as Array<keyof typeof platforms>) {
    try {
      const { node, opbus, total } = await bundle(source, platform)
      const tooBig = budget !== undefined && (total > budget.total || opbus > budget.opbus)
      const problems = [...node.map((line) => `a module of Node: ${line}`), ...(tooBig ? ["over its budget"] : [])]
      results.push({ name: `bundle ${name} for ${platform}`, ok: problems.length === 0, detail: problems.join("\n") })
      const sizes = `${number.format(total)} bytes gzip, of which opbus ${number.format(opbus)}${allowed}`
      noted.set(sizes, noted.has(sizes) ? `${noted.get(sizes)} and ${platform}` : platform)
    } catch (error) {
      results.push({ name: `bundle ${name} for ${platform}`, ok: false, detail: String(error) })
    }
  }
  for (const [sizes, on] of noted) console.log(`${noteMark}bundle ${name} (${on}): ${sizes}`)
  return results
}

const { values } = parseArgs({ options: { explain: { type: "string" } } })
if (values.explain !== undefined) {
  await explain(values.explain)
  process.exit(0)
}

const budgets = JSON.parse(await readFile(join(root, "test/bundle/budgets.json"), "utf8")) as Record<string, Budget>
const fixtures = (await Array.fromAsync(glob("test/bundle/fixtures/*.ts", { cwd: root }))).sort()
const results: Array<Result> = []
for (const fixture of fixtures) {
  const name = basename(fixture, ".ts")
  results.push(...await check(name, { entryPoints: [fixture] }, budgets[name]))
}
for (
  const name of Object.keys(budgets).filter((name) => !fixtures.some((fixture) => basename(fixture, ".ts") === name))
) {
  results.push({ name: `bundle ${name}`, ok: false, detail: "budgets.json names a fixture that is not there" })
}
for (const entry of Object.keys(manifest.exports)) {
  if (manifest.exports[entry] === null || entry.includes("*") || notPortable.test(entry)) continue
  const specifier = entry.replace(/^\./, "opbus")
  const contents = `import * as all from "${specifier}"\nglobalThis.all = all`
  results.push(...await check(`all of ${specifier}`, { stdin: { contents, resolveDir: root } }, undefined))
}
report(results)
