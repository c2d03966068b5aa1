// Runs one suite in this process and prints its report as JSON, on the last line of stdout.
import { measure } from "./harness/measure.ts"
import { runOtherPrograms } from "./harness/mix.ts"
import type { Report, Suite } from "./harness/suite.ts"

const [name, rounds, batchMillis, warmupMillis] = process.argv.slice(2)
const { default: suite } = await import(`./suites/${name}.ts`) as { readonly default: Suite }
if (suite.alone !== true) await runOtherPrograms(300)
const sample = await measure(await suite.plan(), {
  clock: suite.clock ?? "cpu",
  rounds: Number(rounds),
  batchMillis: Math.max(Number(batchMillis), suite.batchMillis ?? 0),
  warmupMillis: Math.max(Number(warmupMillis), suite.warmupMillis ?? 0)
})
const { plan: _, ...about } = suite
const report: Report = { ...about, ...sample }
process.stdout.write(`\n${JSON.stringify(report)}\n`, () => process.exit(0))
