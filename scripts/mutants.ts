/**
 * Proves that the numbered tests bite: every patch in `test/mutants` breaks one invariant, and must turn a test red that
 * carries the invariant's number.
 *
 *     npm run mutants [-- --only H4,I2] [--keep] [--no-baseline]
 *
 * The patches are applied one after the other in a copy of the working tree; the tree itself is not touched.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const root = fileURLToPath(new URL("..", import.meta.url))
const patches = path.join(root, "test", "mutants")
const numbers = (letter: string, count: number) => Array.from({ length: count }, (_, i) => `${letter}${i + 1}`)
const expected = [...numbers("I", 8), ...numbers("H", 16), ...numbers("R", 5)]

const { values } = parseArgs({
  options: {
    only: { type: "string", multiple: true, default: [] },
    "no-baseline": { type: "boolean", default: false },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false }
  }
})

if (values.help) {
  console.log(`Usage: npm run mutants [-- options]

Applies each patch of test/mutants to a copy of the working tree and runs the tests that carry its invariant's number.
Exits with 1 when a patch survives, does not apply, breaks more than it says, or when no test carries the number.

  --only <ids>     only these invariants, for example --only H4 or --only H4,I2
  --no-baseline    do not check first that the numbered tests are green without a patch
  --keep           keep the copy, and say where it is`)
  process.exit(0)
}

const only = new Set(values.only.flatMap((list) => list.split(",")).map((id) => id.trim().toUpperCase()))
const wanted = (id: string) => only.size === 0 || only.has(id)

interface Mutant {
  readonly id: string
  readonly file: string
}

const mutants: ReadonlyArray<Mutant> = fs.readdirSync(patches)
  .filter((file) => file.endsWith(".patch"))
  .map((file) => ({ id: file.split("-")[0]!, file }))
  .filter(({ id }) => wanted(id))
  .sort((a, b) => expected.indexOf(a.id) - expected.indexOf(b.id) || (a.file < b.file ? -1 : 1))

interface Run {
  readonly passed: ReadonlyArray<string>
  readonly failed: ReadonlyArray<string>
  /** The tests could not be run at all. */
  readonly broken: string | undefined
}

/** A test carries a number when its name has it as a word: "H4: …", "I3 and H1: …". */
const carries = (id: string) => `(^|[^A-Za-z0-9])${id}([^A-Za-z0-9]|$)`

const copyTree = (): string => {
  const copy = fs.mkdtempSync(path.join(os.tmpdir(), "opbus-mutants-"))
  const listed = spawnSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 1 << 26
  })
  for (const file of listed.stdout.split("\0")) {
    const from = path.join(root, file)
    if (file === "" || file.startsWith("node_modules") || !fs.existsSync(from)) continue
    fs.mkdirSync(path.dirname(path.join(copy, file)), { recursive: true })
    fs.copyFileSync(from, path.join(copy, file))
  }
  fs.symlinkSync(path.join(root, "node_modules"), path.join(copy, "node_modules"), "dir")
  return copy
}

const testFiles = (directory: string): ReadonlyArray<string> =>
  fs.readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => path.join(directory, file))

/** A test file with the files beside it that it imports: one suite may be run by several. */
const textOf = (file: string): string => {
  const text = fs.readFileSync(file, "utf8")
  const beside = Array.from(
    text.matchAll(/from "(\.\/[^"]+\.ts)"/g),
    ([, name]) => path.join(path.dirname(file), name!)
  )
  return [text, ...beside.filter((other) => fs.existsSync(other)).map((other) => fs.readFileSync(other, "utf8"))].join(
    "\n"
  )
}

const run = (copy: string, ids: ReadonlyArray<string>, bail = ids.length === 1): Run => {
  const pattern = ids.map(carries).join("|")
  const files = testFiles(path.join(copy, "test")).filter((file) => new RegExp(pattern).test(textOf(file)))
  if (files.length === 0) return { passed: [], failed: [], broken: undefined }
  const report = path.join(copy, "mutant-report.json")
  fs.rmSync(report, { force: true })
  const child = spawnSync(
    process.execPath,
    [
      path.join(copy, "node_modules", "vitest", "vitest.mjs"),
      "run",
      ...files.map((file) => path.relative(copy, file)),
      "--testNamePattern",
      pattern,
      "--reporter=json",
      `--outputFile=${report}`,
      ...(bail ? ["--bail=1"] : [])
    ],
    // `OPBUS_MUTANT` tells long campaigns that one failing history is all that is asked for.
    { cwd: copy, encoding: "utf8", timeout: 600_000, maxBuffer: 1 << 26, env: { ...process.env, OPBUS_MUTANT: "1" } }
  )
  if (!fs.existsSync(report)) {
    const lines = `${child.stderr}${child.stdout}`.trim().split("\n")
    return { passed: [], failed: [], broken: child.error?.message ?? lines.slice(-8).join("\n") }
  }
  const results = JSON.parse(fs.readFileSync(report, "utf8")) as {
    readonly testResults: ReadonlyArray<{
      readonly name: string
      readonly status: string
      readonly message: string
      readonly assertionResults: ReadonlyArray<{ readonly fullName: string; readonly status: string }>
    }>
  }
  const tests = results.testResults.flatMap((file) => file.assertionResults)
  // A file that was only stopped, because a test elsewhere had failed, has no message.
  const unloaded = results.testResults.find((file) =>
    file.status === "failed" && file.assertionResults.length === 0 && file.message !== ""
  )
  // Stopped by a failure whose own report got lost on the way.
  if (bail && unloaded === undefined && child.status !== 0 && !tests.some((test) => test.status === "failed")) {
    return run(copy, ids, false)
  }
  return {
    passed: tests.filter((test) => test.status === "passed").map((test) => test.fullName),
    failed: tests.filter((test) => test.status === "failed").map((test) => test.fullName),
    broken: unloaded === undefined
      ? undefined
      : `${path.relative(copy, unloaded.name)} does not load: ${unloaded.message.split("\n")[0]}`
  }
}

const git = (copy: string, ...args: ReadonlyArray<string>) =>
  spawnSync("git", ["apply", "--whitespace=nowarn", ...args], {
    cwd: copy,
    encoding: "utf8",
    // The copy is no repository, wherever the temporary folder is.
    env: { ...process.env, GIT_CEILING_DIRECTORIES: path.dirname(copy) }
  })

const problems: Array<string> = []
const copy = copyTree()
try {
  for (const id of expected.filter(wanted)) {
    if (!mutants.some((mutant) => mutant.id === id)) problems.push(`${id}: no patch in test/mutants`)
  }
  if (!values["no-baseline"] && mutants.length > 0) {
    const started = performance.now()
    const ids = [...new Set(mutants.map((mutant) => mutant.id))]
    const baseline = run(copy, ids)
    for (const name of baseline.failed) problems.push(`red without any patch: ${name}`)
    if (baseline.broken !== undefined) problems.push(`without any patch: ${baseline.broken}`)
    for (const id of ids) {
      if (![...baseline.passed, ...baseline.failed].some((name) => new RegExp(carries(id)).test(name))) {
        problems.push(`${id}: no test carries the number`)
      }
    }
    console.log(
      `without a patch: ${baseline.passed.length} numbered tests green, ${baseline.failed.length} red, ${
        seconds(started)
      } s`
    )
  }
  if (problems.length === 0 || values["no-baseline"]) {
    const width = Math.max(0, ...mutants.map(({ file }) => file.length))
    console.log(`${"id".padEnd(4)} ${"patch".padEnd(width)} ${"killed".padEnd(6)} ${"s".padStart(6)}  by`)
    for (const { file, id } of mutants) {
      const started = performance.now()
      const report = (killed: string, by: string) =>
        console.log(`${id.padEnd(4)} ${file.padEnd(width)} ${killed.padEnd(6)} ${seconds(started).padStart(6)}  ${by}`)
      const applied = git(copy, path.join(patches, file))
      if (applied.status !== 0) {
        report("-", "does not apply")
        problems.push(`${file} does not apply: ${applied.stderr.trim().split("\n")[0]}`)
        continue
      }
      const result = run(copy, [id])
      const reverted = git(copy, "-R", path.join(patches, file))
      if (reverted.status !== 0) throw new Error(`${file} cannot be taken back: ${reverted.stderr}`)
      if (result.failed.length > 0) report("yes", result.failed[0]!)
      else if (result.broken !== undefined) {
        report("-", "the tests do not load")
        problems.push(`${file}: ${result.broken}`)
      } else if (result.passed.length === 0) {
        report("-", "no test carries the number")
        problems.push(`${id}: no test carries the number`)
      } else {
        report("NO", `${result.passed.length} tests stay green`)
        problems.push(`${file} survives ${result.passed.length} tests`)
      }
    }
  }
} finally {
  if (values.keep) console.log(`the copy is ${copy}`)
  else fs.rmSync(copy, { recursive: true, force: true })
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1)
}

if (problems.length > 0) {
  console.log(`\n${problems.join("\n")}`)
  process.exitCode = 1
} else console.log(`\n${mutants.length} patches, all killed`)
