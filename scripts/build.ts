/**
 * Builds `dist`: one ES module, declaration file and source map per source file, by `tsc`; then the marks that let
 * bundlers drop unused declarations; and the page of the devtools as one bundle, so that it needs nothing where it is
 * installed.
 */
import * as Effect from "effect/Effect"
import { glob, mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { gzipSync } from "node:zlib"
import { bundlePage } from "../src/node/internal/serving/bundlePage.ts"
import { bin, command, root } from "./shared/command.ts"
import { annotatePure, shiftMap } from "./shared/pure.ts"

await rm(join(root, "dist"), { recursive: true, force: true })
const { code, output } = await command(bin("tsc"), ["-p", "tsconfig.build.json"])
if (code !== 0) {
  console.error(output)
  process.exit(1)
}

let marks = 0
let modules = 0
for await (const file of glob("dist/**/*.js", { cwd: root })) {
  const path = join(root, file)
  const before = await readFile(path, "utf8")
  const after = annotatePure(path, before)
  const map = await readFile(`${path}.map`, "utf8")
  await writeFile(path, after.code)
  await writeFile(`${path}.map`, shiftMap(map, before, after.offsets))
  modules += 1
  marks += after.offsets.length
}
console.log(`${modules} modules, ${marks} calls marked pure.`)

const page = await Effect.runPromise(
  bundlePage({ entry: join(root, "src/devtools/page/main.tsx"), title: "opbus devtools", base: "/_opbus" })
)
let gzipped = 0
for (const { contents, name } of page) {
  const path = join(root, "dist/devtools/page", name)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, contents)
  gzipped += gzipSync(contents, { level: 9 }).length
}
console.log(`The page of the devtools: ${page.length} files, ${(gzipped / 1024).toFixed(0)} KiB gzip.`)
