import { getHeapStatistics } from "node:v8"
import { spread } from "./statistics.ts"
import type { Case, Plan, Sample } from "./suite.ts"

/**
 * `"cpu"`: the processor time of the whole process, its garbage collector and compiler included, which is what a batch
 * takes on an idle machine and does not grow when others use the machine. `"wall"`: for what waits for a disk.
 */
export type Clock = "cpu" | "wall"

export interface Settings {
  readonly clock: Clock
  readonly rounds: number
  /** How long a timed batch should take. */
  readonly batchMillis: number
  readonly warmupMillis: number
}

const collect = (globalThis as { gc?: (options: { readonly type: "minor" | "major" }) => void }).gc ??
  (() => {
    throw new Error("Run Node with --expose-gc.")
  })

const clocks: { readonly [C in Clock]: () => number } = {
  cpu: () => {
    const { system, user } = process.cpuUsage()
    return (system + user) * 1000
  },
  wall: () => Number(process.hrtime.bigint())
}

const time = async (subject: Case, count: number, now: () => number): Promise<number> => {
  await subject.before?.(count)
  // What the case before left in the nursery is not this one's to clean.
  collect({ type: "minor" })
  const started = now()
  await subject.run(count)
  return (now() - started) / count
}

/** How many operations fill a batch. Warms up all cases in turn, so that none is compiled for itself alone. */
const warmUp = async (cases: ReadonlyArray<Case>, settings: Settings): Promise<ReadonlyArray<number>> => {
  const counts = cases.map(() => 1)
  const spent = cases.map(() => 0)
  while (spent.some((millis) => millis < settings.warmupMillis)) {
    for (const [i, subject] of cases.entries()) {
      const count = counts[i]!
      const started = performance.now()
      const nanos = Math.max(await time(subject, count, clocks[settings.clock]), 1)
      // What makes ready counts, too: it may take far longer than the batch.
      spent[i]! += performance.now() - started
      const fitting = Math.ceil((settings.batchMillis * 1e6) / nanos)
      counts[i] = Math.max(1, Math.min(fitting, count * 4, subject.maxBatch ?? Infinity))
    }
  }
  return counts
}

/** A different first case in each round, and every other round backwards: no case always follows the same one. */
const orderOf = (round: number, length: number): ReadonlyArray<number> => {
  const rotated = Array.from({ length }, (_, i) => (i + round) % length)
  return round % 2 === 0 ? rotated : rotated.reverse()
}

const heapUsed = (): number => getHeapStatistics().used_heap_size

/** What is really alive. */
export const usedAfterCollection = (): number => {
  for (let i = 0; i < 3; i++) collect({ type: "major" })
  return heapUsed()
}

/**
 * Bytes that one operation allocates: the growth of the heap over a batch that fits the nursery, so that nothing is
 * collected meanwhile. Two batch sizes are compared, which takes off what a batch itself costs.
 */
const allocated = async (subject: Case): Promise<number> => {
  const grow = async (count: number): Promise<number> => {
    await subject.before?.(count)
    collect({ type: "minor" })
    const before = heapUsed()
    await subject.run(count)
    return heapUsed() - before
  }
  const rough = Math.max(1, (await grow(64)) / 64)
  const count = Math.max(8, Math.min(Math.floor(200_000 / rough), subject.maxBatch ?? 2_000, 2_000))
  const differences: Array<number> = []
  for (let i = 0; i < 41; i++) differences.push((await grow(2 * count) - await grow(count)) / count)
  return Math.max(0, spread(differences).median)
}

/** Runs a plan: every round runs every case once. */
export const measure = async (plan: Plan, settings: Settings): Promise<Sample> => {
  const cases = plan.cases ?? []
  const nanos: ReadonlyArray<Array<number>> = cases.map(() => [])
  const cpu: ReadonlyArray<Array<number>> = cases.map(() => [])
  const counts = await warmUp(cases, settings)
  plan.warm?.()
  for (let round = 0; cases.length > 0 && round < settings.rounds; round++) {
    for (const i of orderOf(round, cases.length)) {
      const before = await cases[i]!.cpu?.()
      nanos[i]!.push(await time(cases[i]!, counts[i]!, clocks[settings.clock]))
      if (before !== undefined) cpu[i]!.push((await cases[i]!.cpu!() - before) / counts[i]!)
    }
  }
  const bytes: Array<number | undefined> = []
  for (const subject of cases) bytes.push(subject.bytes === false ? undefined : await allocated(subject))
  return {
    cases: cases.map(({ name }, i) => ({
      name,
      nanos: nanos[i]!,
      ...(cpu[i]!.length === 0 ? undefined : { cpu: cpu[i]! }),
      ...(bytes[i] === undefined ? undefined : { bytes: bytes[i] })
    })),
    comparisons: plan.comparisons ?? [],
    figures: await plan.figures?.() ?? []
  }
}
