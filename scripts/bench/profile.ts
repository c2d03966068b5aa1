// Where the time of one case goes, or with --heap its bytes: the functions with the most of their own.
//
//   node --conditions=opbus-source --expose-gc scripts/bench/profile.ts <suite> <case> [--seconds N] [--top N] [--heap]
import { Session } from "node:inspector/promises"
import { relative } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { runOtherPrograms } from "./harness/mix.ts"
import type { Suite } from "./harness/suite.ts"

const { positionals: [suiteName, caseName], values } = parseArgs({
  allowPositionals: true,
  options: {
    seconds: { type: "string", default: "5" },
    top: { type: "string", default: "30" },
    heap: { type: "boolean", default: false }
  }
})
const { default: suite } = await import(`./suites/${suiteName}.ts`) as { readonly default: Suite }
await runOtherPrograms(300)
const { cases = [] } = await suite.plan()
const subject = cases.find(({ name }) => name === caseName)
if (subject === undefined) {
  console.error(`profile: ${suiteName} has no case "${caseName}". It has: ${cases.map(({ name }) => name).join(", ")}.`)
  process.exit(2)
}

interface Around {
  readonly start: () => Promise<unknown>
  readonly stop: () => Promise<unknown>
}

/** Runs batches; what makes ready for a batch stays outside of the profile. */
const runFor = async (millis: number, around?: Around): Promise<number> => {
  const batch = Math.min(subject.maxBatch ?? 5_000, 5_000)
  const end = performance.now() + millis
  const whole = subject.before === undefined ? around : undefined
  const each = subject.before === undefined ? undefined : around
  let count = 0
  await whole?.start()
  while (performance.now() < end) {
    await subject.before?.(batch)
    await each?.start()
    await subject.run(batch)
    await each?.stop()
    count += batch
  }
  await whole?.stop()
  return count
}

interface Frame {
  readonly functionName: string
  readonly url: string
  readonly lineNumber: number
}

const root = fileURLToPath(new URL("../..", import.meta.url))
const placeOf = (url: string): string => {
  if (!url.startsWith("file:")) return url
  const path = fileURLToPath(url)
  return path.includes("/node_modules/") ? path.split("/node_modules/").at(-1)! : relative(root, path)
}
const nameOf = ({ functionName, lineNumber, url }: Frame): string =>
  `${functionName === "" ? "(anonymous)" : functionName}  ${url === "" ? "" : `${placeOf(url)}:${lineNumber + 1}`}`
const partOf = ({ functionName, url }: Frame): string => {
  const place = placeOf(url)
  if (place.startsWith("src/")) return place
  return place === "" ? functionName.startsWith("(") ? functionName : "built in or compiled" : place.split("/")[0]!
}

const sums = (
  entries: ReadonlyArray<readonly [name: string, amount: number]>
): ReadonlyArray<readonly [string, number]> => {
  const totals = new Map<string, number>()
  for (const [name, amount] of entries) totals.set(name, (totals.get(name) ?? 0) + amount)
  return [...totals].sort((a, b) => b[1] - a[1])
}

const print = (title: string, frames: ReadonlyArray<readonly [Frame, number]>, perOp: number, unit: string): void => {
  const total = frames.reduce((sum, [, amount]) => sum + amount, 0)
  const table = (rows: ReadonlyArray<readonly [string, number]>): void => {
    for (const [name, amount] of rows) {
      const share = `${((100 * amount) / total).toFixed(1)}%`.padStart(7)
      console.log(`${share} ${`${((amount / total) * perOp).toFixed(0)} ${unit}`.padStart(9)}  ${name}`)
    }
  }
  console.log(`${title}: ${perOp.toFixed(0)} ${unit}/op\n`)
  table(sums(frames.map(([frame, amount]) => [partOf(frame), amount])).slice(0, 12))
  console.log("")
  table(sums(frames.map(([frame, amount]) => [nameOf(frame), amount])).slice(0, Number(values.top)))
}

await runFor(1_000)
const session = new Session()
session.connect()
const millis = Number(values.seconds) * 1_000
const title = `${suiteName}: ${caseName}`
const frames: Array<readonly [Frame, number]> = []

if (values.heap) {
  const count = await runFor(millis, {
    start: () =>
      session.post("HeapProfiler.startSampling", {
        samplingInterval: 4_096,
        includeObjectsCollectedByMinorGC: true,
        includeObjectsCollectedByMajorGC: true
      }),
    stop: async () => {
      const { profile } = await session.post("HeapProfiler.stopSampling")
      const walk = (node: typeof profile.head): void => {
        if (node.selfSize > 0) frames.push([node.callFrame, node.selfSize])
        node.children.forEach(walk)
      }
      walk(profile.head)
    }
  })
  print(title, frames, frames.reduce((sum, [, size]) => sum + size, 0) / count, "B")
} else {
  await session.post("Profiler.enable")
  await session.post("Profiler.setSamplingInterval", { interval: 200 })
  let micros = 0
  let before = process.cpuUsage()
  const count = await runFor(millis, {
    start: async () => {
      await session.post("Profiler.start")
      before = process.cpuUsage()
    },
    stop: async () => {
      const spent = process.cpuUsage(before)
      micros += spent.user + spent.system
      const { profile } = await session.post("Profiler.stop")
      const byId = new Map(profile.nodes.map((node) => [node.id, node.callFrame]))
      for (const [i, id] of (profile.samples ?? []).entries()) {
        const frame = byId.get(id)!
        const own = frame.url === "node:inspector" || frame.functionName === "(idle)" ||
          frame.functionName === "(program)"
        if (!own) frames.push([frame, profile.timeDeltas?.[i] ?? 0])
      }
    }
  })
  print(title, frames, (micros * 1_000) / count, "ns")
}
process.exit(0)
