/**
 * Points as the path of an SVG.
 */
import type { Segment } from "./points.ts"

type Map = (value: number) => number

const fixed = (value: number): string => String(Math.round(value * 100) / 100)

const isolated = (x: number, y: number): string => `M${fixed(x)},${fixed(y)}h0.01`

/** A line from point to point, broken between segments; a single point is a dot (with round line caps). */
export const linePath = (segments: ReadonlyArray<Segment>, x: Map, y: Map): string =>
  segments.map((segment) =>
    segment.length === 1
      ? isolated(x(segment[0]!.at), y(segment[0]!.value))
      : segment.map(({ at, value }, index) => `${index === 0 ? "M" : "L"}${fixed(x(at))},${fixed(y(value))}`).join("")
  ).join("")

/** A value holds until the next one. */
export const stepPath = (segments: ReadonlyArray<Segment>, x: Map, y: Map): string =>
  segments.map((segment) =>
    segment.length === 1
      ? isolated(x(segment[0]!.at), y(segment[0]!.value))
      : segment.map(({ at, value }, index) =>
        index === 0 ? `M${fixed(x(at))},${fixed(y(value))}` : `H${fixed(x(at))}V${fixed(y(value))}`
      ).join("")
  ).join("")

/** What lies between a line and the base. */
export const areaPath = (segments: ReadonlyArray<Segment>, x: Map, y: Map, base: number): string =>
  segments.filter(({ length }) => length > 1).map((segment) =>
    `M${fixed(x(segment[0]!.at))},${fixed(base)}${
      segment.map(({ at, value }) => `L${fixed(x(at))},${fixed(y(value))}`).join("")
    }L${fixed(x(segment.at(-1)!.at))},${fixed(base)}Z`
  ).join("")
