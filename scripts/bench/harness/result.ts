import { type Spread, spread } from "./statistics.ts"
import { type Budget, type Comparison, type Figure, type Group, type Sample, withinBudget } from "./suite.ts"

export interface CaseResult {
  readonly name: string
  readonly nanosPerOp: Spread
  readonly bytesPerOp?: number
  readonly cpuPerOp?: Spread
}

export interface ComparisonResult {
  readonly label: string
  readonly of: string
  readonly to: string
  readonly unit: "ratio" | "ns"
  readonly value: Spread
  readonly budget?: Budget
  readonly ok?: boolean
}

export interface FigureResult extends Figure {
  readonly ok?: boolean
}

/** What a suite says in the end, all its processes together. */
export interface SuiteResult {
  readonly suite: string
  readonly group: Group
  readonly title: string
  readonly about: string
  readonly processes: number
  readonly cases: ReadonlyArray<CaseResult>
  readonly comparisons: ReadonlyArray<ComparisonResult>
  readonly figures: ReadonlyArray<FigureResult>
}

const caseOf = (sample: Sample, name: string) => {
  const found = sample.cases.find((one) => one.name === name)
  if (found === undefined) throw new Error(`A comparison names "${name}", which is no case.`)
  return found
}

const judge = (value: number, budget: Budget | undefined) =>
  budget === undefined ? undefined : { budget, ok: withinBudget(value, budget) }

const compare = (samples: ReadonlyArray<Sample>, { as, budget, label, measure, of, to, without }: Comparison) => {
  const between = (a: number, b: number) => as === "ratio" ? a / b : a - b
  const values = samples.flatMap((sample) => {
    const [a, b] = [caseOf(sample, of), caseOf(sample, to)]
    if (measure === "bytes") return [between(a.bytes ?? Number.NaN, b.bytes ?? Number.NaN)]
    const base = without === undefined ? undefined : caseOf(sample, without).nanos
    const [times, others] = measure === "cpu" ? [a.cpu ?? [], b.cpu ?? []] : [a.nanos, b.nanos]
    return times.map((nanos, round) => {
      const off = base === undefined ? 0 : base[round]!
      return between(nanos - off, others[round]! - off)
    })
  })
  const value = spread(values)
  const unit: ComparisonResult["unit"] = as === "ratio" ? "ratio" : "ns"
  return { label, of, to, unit, value, ...judge(value.median, budget) }
}

/** Pools the rounds of all processes. */
export const pool = (samples: ReadonlyArray<Sample>): Pick<SuiteResult, "cases" | "comparisons" | "figures"> => {
  const first = samples[0]!
  return {
    cases: first.cases.map(({ name }) => {
      const all = samples.map((sample) => caseOf(sample, name))
      const bytes = all.flatMap((one) => one.bytes === undefined ? [] : [one.bytes])
      const cpu = all.flatMap((one) => one.cpu ?? [])
      return {
        name,
        nanosPerOp: spread(all.flatMap((one) => one.nanos)),
        ...(cpu.length === 0 ? undefined : { cpuPerOp: spread(cpu) }),
        ...(bytes.length === 0 ? undefined : { bytesPerOp: Math.round(spread(bytes).median) })
      }
    }),
    comparisons: first.comparisons.map((comparison) => compare(samples, comparison)),
    figures: first.figures.map((figure, i) => {
      const value = spread(samples.map((sample) => sample.figures[i]!.value)).median
      return { ...figure, value, ...judge(value, figure.budget) }
    })
  }
}
