/**
 * `npm test`: every check of the repository, in one line each; what a failed step printed; and as the very last line
 * the count over all steps: `N passed, N failed`.
 */
import { readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { bin, command, node, type Outcome, root } from "./shared/command.ts"
import { noteMark } from "./shared/report.ts"
import { countOf } from "./shared/vitest.ts"

interface Counts {
  readonly passed: number
  readonly failed: number
}

interface Step {
  readonly name: string
  readonly about: string
  /** Steps that must have ended before. */
  readonly after?: ReadonlyArray<string>
  /** How many of the two places it takes. */
  readonly weight?: 1 | 2
  readonly run: () => Promise<Outcome>
  /** How many checks the step stands for; one, unless it says otherwise. */
  readonly count?: (outcome: Outcome) => Promise<Counts>
}

const one = async ({ code }: Outcome): Promise<Counts> =>
  code === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }

/** The count in the last line of a script of ours. */
const lastLine = async (outcome: Outcome): Promise<Counts> => {
  const match = /(\d+) passed, (\d+) failed\s*$/.exec(outcome.output)
  return match === null ? { passed: 0, failed: 1 } : { passed: Number(match[1]), failed: Number(match[2]) }
}

const vitestReport = join(root, "node_modules/.cache/opbus/vitest.json")

const vitestCount = async ({ code }: Outcome): Promise<Counts> =>
  countOf(await readFile(vitestReport, "utf8").then(JSON.parse, () => undefined), code)

const script = (name: string) => () => node([`scripts/${name}.ts`])

/** The linter reads `dist`, so it is built afterwards. The long ones first: they run beside each other, and the short ones fill what is left. */
const steps: ReadonlyArray<Step> = [
  { name: "lint", about: "oxlint: style, the layer rule, import cycles", run: () => command(bin("oxlint"), []) },
  { name: "format", about: "dprint", run: () => command(bin("dprint"), ["check"]) },
  { name: "build", about: "dist, as published", after: ["lint"], run: script("build") },
  {
    name: "package",
    about: "the packed tarball in an empty project",
    after: ["build"],
    run: script("package"),
    count: lastLine
  },
  {
    name: "init",
    about: "getting started, followed literally: npx opbus init, npm ci, npm start, npm test",
    after: ["build"],
    run: script("init"),
    count: lastLine
  },
  {
    name: "tutorial",
    about: "the ten-minute page, followed literally; where cargo is",
    after: ["build"],
    run: script("tutorial"),
    count: lastLine
  },
  { name: "rust", about: "the crates: format, clippy, tests; where cargo is", run: script("rust"), count: lastLine },
  { name: "types", about: "tsc over the whole repository", run: () => command(bin("tsc"), ["-p", "tsconfig.json"]) },
  { name: "typeperf", about: "type instantiations, within their budgets", run: script("typeperf"), count: lastLine },
  {
    name: "sizes",
    about: "bundles for a browser and for workerd, within their budgets",
    after: ["build"],
    run: script("sizes"),
    count: lastLine
  },
  {
    name: "docs",
    about: "the code blocks of the documentation, compiled and run",
    run: script("doctest"),
    count: lastLine
  },
  {
    name: "portable",
    about: "tsc over the folders that run anywhere, without Node's types",
    run: () => command(bin("tsc"), ["-p", "tsconfig.src.json"])
  },
  { name: "unused", about: "knip: unused files, exports and dependencies", run: () => command(bin("knip"), []) },
  {
    name: "specs",
    about: "opbus enforce: what is generated is what the specs say",
    run: () => node(["src/cli/bin.ts", "enforce"])
  },
  { name: "examples", about: "every example", run: script("examples"), count: lastLine },
  {
    name: "unit",
    about: "vitest",
    weight: 2,
    run: async () => {
      await rm(vitestReport, { force: true })
      const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${vitestReport}`]
      return command(bin("vitest"), ["run", ...reporters], { timeoutMillis: 15 * 60_000 })
    },
    count: vitestCount
  },
  {
    name: "browser",
    about: "the stories in a real browser; where Chromium is",
    weight: 2,
    run: script("browser"),
    count: lastLine
  }
]

const { values } = parseArgs({
  options: { only: { type: "string", multiple: true }, help: { type: "boolean", short: "h" } }
})

if (values.help) {
  console.log("npm test [-- --only <step>]…\n")
  for (const { about, name } of steps) console.log(`  ${name.padEnd(10)} ${about}`)
  process.exit(0)
}

const unknown = values.only?.find((name) => !steps.some((step) => step.name === name))
if (unknown !== undefined) {
  console.error(`There is no step "${unknown}"; the steps are ${steps.map(({ name }) => name).join(", ")}.`)
  process.exit(2)
}

const selected = steps.filter(({ name }) => values.only === undefined || values.only.includes(name))
const total = { passed: 0, failed: 0 }
const failures: Array<{ readonly name: string; readonly output: string }> = []

/** What is said again at the very end: whether Rust and the browser have run. */
const closing: Array<string> = []
const closingNote = new RegExp(`^${noteMark}(Rust|Browser):`)
const failedSteps = new Set<string>()

const perform = async ({ count = one, name, run }: Step): Promise<void> => {
  const outcome = await run()
  const { failed, passed } = await count(outcome)
  total.passed += passed
  total.failed += failed
  const counted = passed + failed === 1 ? "" : `  ${passed} passed${failed === 0 ? "" : `, ${failed} failed`}`
  const seconds = `${(outcome.millis / 1000).toFixed(1)} s`
  console.log(`${failed === 0 ? "ok    " : "FAILED"} ${name.padEnd(10)} ${seconds.padStart(7)}${counted}`)
  for (const line of outcome.stdout.split("\n")) {
    if (!line.startsWith(noteMark)) continue
    console.log(`       ${line}`)
    if (closingNote.test(line)) closing.push(line.slice(noteMark.length))
  }
  if (failed === 0) return
  failedSteps.add(name)
  failures.push({ name, output: outcome.output.split("\n").filter((line) => !line.startsWith(noteMark)).join("\n") })
}

/** Counts a step as failed that cannot be run. */
const giveUp = (name: string, because: string): void => {
  total.failed += 1
  failedSteps.add(name)
  console.log(`FAILED ${name.padEnd(10)}       —  not run: ${because} failed`)
}

/** Runs the steps in their order, as many at a time as there are places. */
const runAll = async (): Promise<void> => {
  const ended = new Map<string, Promise<void>>()
  const running = new Map<Promise<void>, number>()
  const places = 2
  for (const step of selected) {
    await Promise.all((step.after ?? []).map((name) => ended.get(name)))
    const missing = step.after?.find((name) => failedSteps.has(name))
    if (missing !== undefined) {
      giveUp(step.name, missing)
      continue
    }
    const weight = step.weight ?? 1
    while ([...running.values()].reduce((sum, each) => sum + each, 0) + weight > places) {
      await Promise.race(running.keys())
    }
    const run = perform(step).finally(() => running.delete(run))
    running.set(run, weight)
    ended.set(step.name, run)
  }
  await Promise.all(ended.values())
}

await runAll()
for (const { name, output } of failures) console.log(`\n──── ${name} ────\n${output.trimEnd()}`)
console.log(["", ...closing, `${total.passed} passed, ${total.failed} failed`].join("\n"))
process.exitCode = total.failed === 0 ? 0 : 1
