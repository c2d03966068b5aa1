import type { ComparisonResult, FigureResult, SuiteResult } from "./result.ts"
import type { Spread } from "./statistics.ts"
import type { Budget } from "./suite.ts"

const nanos = (value: number): string => {
  const size = Math.abs(value)
  if (size >= 1e6) return `${(value / 1e6).toFixed(2)} ms`
  if (size >= 20_000) return `${(value / 1e3).toFixed(1)} µs`
  return `${value.toFixed(0)} ns`
}

type Unit = FigureResult["unit"]

const quantity = (value: number, unit: Unit): string => {
  switch (unit) {
    case "ratio":
      return `${value.toFixed(2)}x`
    case "ns":
      return nanos(value)
    case "per second":
      return `${value.toFixed(0)}/s`
    case "ms":
      return `${value.toFixed(1)} ms`
    case "bytes":
      return value >= 10_000 ? `${(value / 1000).toFixed(1)} KB` : `${Math.round(value)} B`
  }
}

const verdict = (
  budget: Budget | undefined,
  ok: boolean | undefined,
  unit: Unit
): string => {
  if (budget === undefined) return ""
  const bound = "atMost" in budget ? `≤ ${quantity(budget.atMost, unit)}` : `≥ ${quantity(budget.atLeast, unit)}`
  return `${bound.padEnd(12)} ${ok === true ? "ok" : "over"}`
}

const width = 66

const line = (name: string, cells: ReadonlyArray<string>, end = ""): string =>
  `  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(10)).join("")}  ${end}`.trimEnd()

const comparisonLine = ({ budget, label, of, ok, to, unit, value }: ComparisonResult): string =>
  line(
    `${label}: ${of} ${unit === "ratio" ? "/" : "-"} ${to}`,
    [value.median, value.min, value.p25, value.p75].map((one) => quantity(one, unit)).concat(""),
    verdict(budget, ok, unit)
  )

const figureLine = ({ budget, label, note, ok, unit, value }: FigureResult): string =>
  note === undefined
    ? line(label, [quantity(value, unit), "", "", "", ""], verdict(budget, ok, unit))
    : line(label, [quantity(value, unit)], note)

const wrap = (text: string, columns: number): ReadonlyArray<string> =>
  text.split(" ").reduce<Array<string>>((lines, word) => {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length >= columns) lines.push(`  ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
    return lines
  }, [])

/** One suite as text. */
export const render = (suite: SuiteResult): string => {
  const rounds = suite.cases[0]?.nanosPerOp.count
  const head = `${suite.title}${rounds === undefined ? "" : `  (${rounds} rounds in ${suite.processes} processes)`}`
  const lines = [head, ...wrap(suite.about, 120)]
  if (suite.cases.length > 0) lines.push(line("", ["median", "min", "p25", "p75", "bytes/op"], "budget"))
  const times = ({ median, min, p25, p75 }: Spread) => [median, min, p25, p75].map(nanos)
  for (const { bytesPerOp, name, nanosPerOp } of suite.cases) {
    lines.push(line(name, [...times(nanosPerOp), bytesPerOp === undefined ? "" : `${bytesPerOp}`]))
  }
  for (const { cpuPerOp, name } of suite.cases) {
    if (cpuPerOp !== undefined) lines.push(line(`processor, all processes: ${name}`, times(cpuPerOp)))
  }
  lines.push(...suite.comparisons.map(comparisonLine), ...suite.figures.map(figureLine))
  return lines.join("\n")
}
