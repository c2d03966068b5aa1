/**
 * Builds `dist`: one ES module, declaration file and source map per source file, by `tsc`; then the marks that let
 * bundlers drop unused declarations.
 */
import { glob, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
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
