// The benchmarks: see `--help`.
import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { cpus } from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { pool, type SuiteResult } from "./harness/result.ts"
import { type Group, groups, type Report } from "./harness/suite.ts"
import { render } from "./harness/table.ts"
import { suites } from "./suites.ts"

const help = `npm run bench -- [group…] [options]

Groups: ${groups.join(", ")} (default: all).
Or the name of a suite, for example invoke-fiber.

  --rounds N      interleaved rounds per process; at least 9, which is the default
  --processes N   fresh processes per suite, whose rounds are pooled; default 5
  --batch MS      how long one timed batch takes; default 10
  --json [FILE]   JSON instead of the table, on stdout or into a file (then beside the table)

Every round runs every case of a suite once, in a different order. A ratio is taken round by round, and its median over
all rounds is printed. A suite has processes of its own: V8 compiles a program by what it has seen, and differently each
time, so that one process tells little; all kinds of effects run before, so that it has seen what an application shows it.
Times are processor time of the whole process, garbage collector included (sql-full: time of the clock on the wall);
bytes are the growth of the heap over batches in which nothing is collected.
Budgets are printed, never asserted: the exit code is 0 also when one is exceeded, and 1 when a suite fails to run.`

const usage = (problem: string): never => {
  console.error(`bench: ${problem} Run with --help to see what there is.`)
  process.exit(2)
}

const options = (() => {
  // `--json` with and without a file: parseArgs knows only one or the other.
  const args = process.argv.slice(2)
  const at = args.indexOf("--json")
  const file = at >= 0 && args[at + 1]?.endsWith(".json") === true ? args.splice(at, 2)[1] : undefined
  const json = file !== undefined || (at >= 0 && args.splice(at, 1).length > 0)
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { type: "boolean" },
        rounds: { type: "string", default: "9" },
        processes: { type: "string", default: "5" },
        batch: { type: "string", default: "10" }
      }
    })
    return { ...values, names: positionals, json, file }
  } catch (error) {
    return usage((error as Error).message.replace(/\. .*/s, "."))
  }
})()

if (options.help === true) {
  console.log(help)
  process.exit(0)
}

const number = (name: "rounds" | "processes" | "batch", least: number): number => {
  const value = Number(options[name])
  return Number.isInteger(value) && value >= least ? value : usage(`--${name} takes a number from ${least} on.`)
}
const [rounds, processes, batch] = [number("rounds", 9), number("processes", 1), number("batch", 1)]

const everySuite = new Set(groups.flatMap((group) => suites[group]))
const chosen = (options.names.length === 0 ? groups : options.names).flatMap((name) =>
  groups.includes(name as Group)
    ? suites[name as Group]
    : everySuite.has(name)
    ? [name]
    : usage(`There is no group or suite "${name}".`)
)

const runChild = (suite: string): Promise<Report> =>
  new Promise((resolve, reject) => {
    const script = fileURLToPath(new URL("child.ts", import.meta.url))
    const args = ["--conditions=opbus-source", "--expose-gc", script, suite, rounds, batch, 500].map(String)
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] })
    let [out, errors] = ["", ""]
    child.stdout.setEncoding("utf8").on("data", (text: string) => out += text)
    child.stderr.setEncoding("utf8").on("data", (text: string) => errors += text)
    child.on("error", reject)
    child.on("close", (code) => {
      if (code === 0) resolve(JSON.parse(out.trimEnd().split("\n").at(-1)!) as Report)
      else reject(new Error(errors.split("\n").find((line) => /Error/.test(line)) ?? `exit code ${code}\n${errors}`))
    })
  })

const show = (text: string): void => (options.json && options.file === undefined ? console.error : console.log)(text)

const results: Array<SuiteResult> = []
const failures: Array<string> = []
for (const suite of chosen) {
  try {
    const reports: Array<Report> = [await runChild(suite)]
    const { about, group, title, processes: own } = reports[0]!
    while (reports.length < (own ?? processes)) reports.push(await runChild(suite))
    const result = { suite, group, title, about, processes: reports.length, ...pool(reports) }
    results.push(result)
    show(`${render(result)}\n`)
  } catch (error) {
    failures.push(suite)
    show(`${suite} did not run: ${(error as Error).message}\n`)
  }
}

const judged = results.flatMap((result) => [...result.comparisons, ...result.figures]).filter((one) =>
  one.ok !== undefined
)
const over = judged.filter((one) => one.ok === false)
show(`${judged.length - over.length} within budget, ${over.length} over, ${failures.length} suites did not run`)

const machine = { node: process.version, cpu: cpus()[0]?.model, cpus: cpus().length, platform: process.platform }
const json = JSON.stringify(
  { ...machine, rounds, processes, batchMillis: batch, suites: results, failures },
  undefined,
  2
)
if (options.file !== undefined) writeFileSync(options.file, `${json}\n`)
else if (options.json) console.log(json)
process.exitCode = failures.length === 0 ? 0 : 1
