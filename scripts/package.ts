/**
 * Tries the built package as its users get it: packs it, holds the tarball to publint and to are-the-types-wrong,
 * installs it into an empty project, and there compiles and runs programs against it. Nothing is downloaded: the peers
 * are linked from this repository. `node scripts/package.ts`, after `npm run build`.
 */
import { cp, glob, mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { bin, command, type Outcome, root } from "./shared/command.ts"
import { inTemporaryFolder, link, manifest, pack } from "./shared/package.ts"
import { report, type Result } from "./shared/report.ts"

const results: Array<Result> = []
const check = (name: string, { code, output }: Outcome, expected: (output: string) => boolean = () => true): void => {
  results.push({ name, ok: code === 0 && expected(output), detail: `${output}\nexit code ${code}` })
}

/** Everything that can be imported from the package: the entries, and the modules behind the wildcards. */
const specifiersOf = async (installed: string): Promise<ReadonlyArray<string>> => {
  const entries = Object.keys(manifest.exports).filter((entry) => manifest.exports[entry] !== null)
    .filter((entry) => !entry.startsWith("./schemas/"))
  const modules = await Promise.all(entries.map(async (entry) => {
    if (!entry.endsWith("/*")) return [entry.replace(/^\./, "opbus")]
    const folder = entry.slice(2, -2)
    const files = await Array.fromAsync(glob("*.js", { cwd: join(installed, "dist", folder) }))
    return files.filter((file) => file !== "index.js").map((file) => `opbus/${folder}/${file.slice(0, -3)}`)
  }))
  return modules.flat().filter((specifier) => !specifier.endsWith(".json")).sort()
}

/** A project with nothing but the tarball and what is linked into it. */
const emptyProject = async (folder: string, tarball: string, peers: ReadonlyArray<string>): Promise<void> => {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, "package.json"), JSON.stringify({ name: "consumer", private: true, type: "module" }))
  // Without a `dependencies` field of its own opbus is the only thing to install; peers would be fetched.
  const flags = ["--offline", "--legacy-peer-deps", "--no-audit", "--no-fund", "--no-package-lock"]
  check("npm install of the tarball", await command("npm", ["install", ...flags, tarball], { cwd: folder }))
  await link(folder, peers)
}

const runtime = async (folder: string, tarball: string): Promise<void> => {
  await emptyProject(folder, tarball, ["effect"])
  const optional = /^opbus\/(sql|rxjs|react|node|cli|remote\/EdgeSql)/
  const specifiers = (await specifiersOf(join(folder, "node_modules/opbus"))).filter((name) => !optional.test(name))
  const imports = specifiers.map((specifier) => `await import("${specifier}")`).join("\n")
  const closed = ["opbus/internal/effect/sql", "opbus/operation/internal/pipeline", "opbus/operation/index"]
    .map((specifier) => `await refused("${specifier}")`).join("\n")
  await writeFile(
    join(folder, "imports.js"),
    `const refused = (name) => import(name).then(
  () => { throw new Error(name + " is open") },
  (error) => { if (error.code !== "ERR_PACKAGE_PATH_NOT_EXPORTED") throw error }
)
${imports}
${closed}\n`
  )
  const run = await command(process.execPath, ["imports.js"], { cwd: folder })
  check(`${specifiers.length} modules load with effect as the only peer, internals are closed`, run)
}

const consumer = async (folder: string, tarball: string): Promise<void> => {
  await emptyProject(folder, tarball, [
    ...Object.keys(manifest.peerDependencies),
    "@types/node",
    "undici-types",
    "@types/react",
    "csstype"
  ])
  await cp(join(root, "test/package/consumer"), folder, { recursive: true })
  const specifiers = await specifiersOf(join(folder, "node_modules/opbus"))
  const all = specifiers.map((specifier, index) => `import * as m${index} from "${specifier}"`).join("\n")
  const used = specifiers.map((_, index) => `m${index}`).join(", ")
  await writeFile(join(folder, "all.ts"), `${all}\n\nexport const modules: ReadonlyArray<object> = [${used}]\n`)
  check(
    `${specifiers.length} modules and the consumer's program compile against the packed declarations`,
    await command(bin("tsc"), ["-p", folder, "--pretty", "false"])
  )
  check(
    `${specifiers.length} modules load with all peers`,
    await command(process.execPath, ["all.ts"], { cwd: folder })
  )
  const program = await command(process.execPath, ["main.ts"], { cwd: folder })
  check("the consumer's program runs", program, (output) => output.endsWith("ok\n"))
}

const opbusCommand = async (folder: string): Promise<void> => {
  const file = join(folder, "node_modules/.bin/opbus")
  const version = await command(file, ["--version"], { cwd: folder })
  check("opbus --version", version, (output) => output.includes(manifest.version))
  check("opbus --help", await command(file, ["--help"], { cwd: folder }), (output) => output.includes("invoke"))

  const fake = join(folder, "old-node.cjs")
  await writeFile(fake, `Object.defineProperty(process.versions, "node", { value: "18.19.0" })\n`)
  const { code, output } = await command(process.execPath, ["--require", fake, file, "--version"], { cwd: folder })
  const lines = output.trim().split("\n")
  const needed = manifest.engines.node.replace(/^>=(\d+\.\d+).*$/, "$1")
  results.push({
    name: "opbus on a Node that is too old names the one it needs, in one line",
    ok: code !== 0 && lines.length === 1 && lines[0]!.includes(needed),
    detail: `${output}\nexit code ${code}`
  })
}

/** Specs, and an adapter that a third party published, in an empty project: `opbus generate` makes a program of them. */
const generated = async (folder: string, tarball: string): Promise<void> => {
  await emptyProject(folder, tarball, [
    ...Object.keys(manifest.peerDependencies),
    "@types/node",
    "undici-types",
    "@types/react",
    "csstype"
  ])
  await link(folder, ["vitest", "@effect/vitest"])
  await cp(join(root, "test/package/generated"), folder, { recursive: true })
  await cp(join(root, "test/package/adapter"), join(folder, "node_modules/opbus-adapter-inventory"), {
    recursive: true
  })
  const opbus = (...args: ReadonlyArray<string>) =>
    command(join(folder, "node_modules/.bin/opbus"), args, { cwd: folder })
  check("opbus generate in an empty project", await opbus("generate"))
  const all = await command("cat", ["inventory/all.csv"], { cwd: folder })
  check("an adapter from npm writes its files", all, (output) => output.includes("text.count,async,text"))
  check("opbus generate again changes nothing", await opbus("generate", "--dry-run", "--json"))
  check("what is generated compiles", await command(bin("tsc"), ["-p", folder, "--pretty", "false"]))
  const program = await command(process.execPath, ["main.ts"], { cwd: folder })
  check("a generated operation with a body is invoked", program, (output) => output.includes("[3,\"TextEmpty\"]"))
}

/** The page of the devtools is in the package: where it is installed nothing has to bundle it. */
const devtools = async (folder: string, tarball: string): Promise<void> => {
  await emptyProject(folder, tarball, ["effect", "@effect/platform-node"])
  await cp(join(root, "test/package/devtools"), folder, { recursive: true })
  const program = await command(process.execPath, ["main.ts"], { cwd: folder })
  check("the devtools are served without esbuild", program, (output) => /^ok: \d+ files$/m.test(output))
}

await inTemporaryFolder(async (folder) => {
  const tarball = await pack(folder)
  check("publint", await command(bin("publint"), ["run", tarball, "--strict"]))
  check(
    "are the types wrong",
    await command(bin("attw"), [tarball, "--profile", "esm-only", "--no-emoji", "--no-color"])
  )
  await runtime(join(folder, "runtime"), tarball)
  await consumer(join(folder, "consumer"), tarball)
  await opbusCommand(join(folder, "consumer"))
  await devtools(join(folder, "devtools"), tarball)
  await generated(join(folder, "generated"), tarball)
})
report(results)
