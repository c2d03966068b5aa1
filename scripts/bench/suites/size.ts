import { build, type Metafile, type Plugin } from "esbuild"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { buildPackage } from "../harness/built.ts"
import { atMost, type Figure, type Suite } from "../harness/suite.ts"

const fixtures = fileURLToPath(new URL("../../../test/bundle/fixtures/", import.meta.url))

/** Resolves `opbus/…` to the package as it was built here, by its exports map. */
const opbusFrom = (dist: string): Plugin => ({
  name: "opbus",
  setup: ({ onResolve }) =>
    void onResolve({ filter: /^opbus(\/|$)/ }, ({ path }) => {
      const name = path.replace(/^opbus\/?/, "")
      const file = join(dist, `${name}.js`)
      return { path: name !== "" && existsSync(file) ? file : join(dist, name, "index.js") }
    })
})

const bundle = async (fixture: string, dist: string, external: ReadonlyArray<string>) => {
  const { metafile, outputFiles } = await build({
    entryPoints: [join(fixtures, `${fixture}.ts`)],
    bundle: true,
    format: "esm",
    minify: true,
    write: false,
    metafile: true,
    platform: "browser",
    target: "es2022",
    external: [...external],
    plugins: [opbusFrom(dist)],
    outdir: "out",
    logLevel: "silent"
  })
  return { metafile, gzip: gzipSync(outputFiles[0]!.contents, { level: 9 }).length }
}

/** The share of the minified bundle that comes from opbus. */
const shareOf = ({ outputs }: Metafile): number => {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs))
  const sum = (of: typeof inputs) => of.reduce((bytes, [, { bytesInOutput }]) => bytes + bytesInOutput, 0)
  return sum(inputs.filter(([path]) => path.includes(".cache/dist/"))) / sum(inputs)
}

const figuresOf = async (dist: string, title: string, fixture: string): Promise<ReadonlyArray<Figure>> => {
  const total = await bundle(fixture, dist, [])
  const own = await bundle(fixture, dist, ["effect", "effect/*"])
  const share = shareOf(total.metafile)
  return [
    { label: title, value: total.gzip, unit: "bytes", budget: atMost(45_000) },
    { label: `${title}: opbus, with effect left out`, value: own.gzip, unit: "bytes", budget: atMost(12_000) },
    {
      label: `${title}: opbus by the metafile`,
      value: share * total.gzip,
      unit: "bytes",
      note: `${(100 * share).toFixed(0)} % of the minified bundle`
    }
  ]
}

export default {
  group: "size",
  title: "gzip size of a browser bundle",
  about:
    "The programs of test/bundle/fixtures, which define, invoke and undo; esbuild, minified, gzip -9; 1 KB is 1,000 bytes.",
  processes: 1,
  plan: async () => ({
    figures: async () => {
      const dist = buildPackage()
      return [
        ...await figuresOf(dist, "deep imports", "invoke-and-undo"),
        ...await figuresOf(dist, "imports from the root", "invoke-and-undo-root")
      ]
    }
  })
} satisfies Suite
