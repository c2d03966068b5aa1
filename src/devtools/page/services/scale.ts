/**
 * Where points stand on a chart, and which values its axes name.
 */

/** A linear mapping from values to pixels. */
export const linear = (from: readonly [number, number], to: readonly [number, number]) => (value: number): number =>
  from[1] === from[0] ? to[0] : to[0] + (value - from[0]) / (from[1] - from[0]) * (to[1] - to[0])

/** The smallest of 1, 2, 5 times a power of ten that is not below `rough`. */
export const niceStep = (rough: number): number => {
  if (!(rough > 0) || !Number.isFinite(rough)) return 1
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9))!
  return step * power
}

export interface Axis {
  readonly min: number
  readonly max: number
  readonly ticks: ReadonlyArray<number>
}

/** An axis from 0 (or below the lowest value) to a round number not below the highest, with about `count` steps. */
export const valueAxis = (values: Iterable<number>, count = 3): Axis => {
  let low = 0
  let high = 0
  for (const value of values) {
    if (value < low) low = value
    if (value > high) high = value
  }
  if (low === high) high = 1
  const step = niceStep((high - low) / count)
  const min = rounded(Math.floor(low / step + 1e-9) * step)
  const max = rounded(Math.ceil(high / step - 1e-9) * step)
  const steps = Math.round((max - min) / step)
  // One division each: repeated addition would end in 0.30000000000000004.
  return { min, max, ticks: Array.from({ length: steps + 1 }, (_, index) => rounded(min + index * step)) }
}

/** Figures are drawn to twelve digits. */
const rounded = (value: number): number => Number(value.toPrecision(12))

const second = 1000
const minute = 60 * second
const steps = [5 * second, 10 * second, 15 * second, 30 * second, minute, 2 * minute, 5 * minute, 10 * minute]

/** Marks before the newest time: how long ago, in milliseconds, the longest ago first; 0 is now. */
export const timeTicks = (span: number, count = 5): ReadonlyArray<number> => {
  // Whole minutes, where there are some.
  const least = span > 2 * minute ? minute : 0
  const step = steps.find((step) => step >= least && span / step <= count) ?? steps.at(-1)!
  const ticks: Array<number> = []
  for (let ago = Math.floor(span / step) * step; ago >= 0; ago -= step) ticks.push(ago)
  return ticks
}

/** `"now"`, `"−30 s"`, `"−2 min"`. */
export const timeLabel = (ago: number): string =>
  ago === 0 ? "now" : ago < minute || ago % minute !== 0 ? `−${ago / second} s` : `−${ago / minute} min`
