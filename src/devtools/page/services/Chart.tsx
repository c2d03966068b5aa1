import {
  createContext,
  type PointerEvent,
  type ReactElement,
  type ReactNode,
  type RefObject,
  useContext,
  useLayoutEffect,
  useMemo,
  useRef,
  useState
} from "react"
import { areaPath, linePath, stepPath } from "./path.ts"
import { nearest, type Point, segmentsOf, thin } from "./points.ts"
import { linear, timeLabel, timeTicks, valueAxis } from "./scale.ts"
import { gapMillis } from "./snapshots.ts"

/** The span of time that all charts show. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** A point in time that somebody points at: every chart tells its figure there. */
const Pointed = createContext<{ readonly at: number | undefined; readonly point: (at: number | undefined) => void }>({
  at: undefined,
  point: () => {}
})

/** Charts that tell their figures of the same moment. */
export const Charts = ({ children }: { readonly children: ReactNode }): ReactElement => {
  const [at, point] = useState<number>()
  return <Pointed value={useMemo(() => ({ at, point }), [at])}>{children}</Pointed>
}

interface Shape {
  /** `line`: figures. `steps`: one of a few levels, which hold until the next one. */
  readonly kind: "line" | "steps"
  readonly height: number
  /** Names of the levels, from 0 upwards. */
  readonly levels?: ReadonlyArray<string>
  /** The highest value of the axis, where it is known. */
  readonly most?: number
  /** Time is written below it. */
  readonly times?: boolean
}

const margin = { top: 6, right: 6, left: 4 }

/** Width that the labels of the axis take. */
const labelWidth = 58

/** A figure over time. What it shows can also be read as text, and as a table beside it. */
export const Chart = ({ format, label, points, shape, span }: {
  /** What it shows; figures are added. */
  readonly label: string
  readonly points: ReadonlyArray<{ readonly at: number; readonly value: number | undefined }>
  readonly span: Span
  readonly shape: Shape
  readonly format: (value: number) => string
}): ReactElement => {
  const box = useRef<HTMLDivElement>(null)
  const width = useWidth(box)
  const { at: pointed, point } = useContext(Pointed)
  const bottom = shape.times === true ? 18 : 4
  const drawn = useMemo(() => draw(points, span, width, shape, bottom), [points, span, width, shape, bottom])
  const { all, axis, fill, line, segments, x, y } = drawn
  const said = pointed === undefined ? undefined : nearest(all, pointed)
  const move = ({ clientX, currentTarget }: PointerEvent<SVGSVGElement>) => {
    const left = currentTarget.getBoundingClientRect().left
    point(span.from + (clientX - left - drawn.left) / (drawn.right - drawn.left) * (span.to - span.from))
  }
  return (
    <div className="chart" ref={box} style={{ height: shape.height }}>
      <svg
        width={width}
        height={shape.height}
        viewBox={`0 0 ${width} ${shape.height}`}
        role="img"
        aria-label={`${label}: ${summary(all, format)}`}
        data-points={all.length}
        data-segments={segments}
        onPointerMove={move}
        onPointerLeave={() => point(undefined)}
      >
        {axis.map((value) => (
          <g key={value}>
            <line className="chart-grid" x1={drawn.left} x2={drawn.right} y1={y(value)} y2={y(value)} />
            <text className="chart-label" x={drawn.left - 6} y={y(value) + 3.5} textAnchor="end">{format(value)}</text>
          </g>
        ))}
        {shape.times !== true ?
          null :
          timeTicks(span.to - span.from, Math.min(7, Math.max(2, Math.floor(width / 90)))).map((ago) => (
            <text
              key={ago}
              className="chart-label"
              x={x(span.to - ago)}
              y={shape.height - 4}
              textAnchor={ago === 0 ? "end" : ago === span.to - span.from ? "start" : "middle"}
            >
              {timeLabel(ago)}
            </text>
          ))}
        {fill === "" ? null : <path className="chart-fill" d={fill} />}
        <path className="chart-line" d={line} data-kind={shape.kind} />
        {said === undefined ? null : (
          <g className="chart-said">
            <line x1={x(said.at)} x2={x(said.at)} y1={margin.top} y2={shape.height - bottom} />
            <circle cx={x(said.at)} cy={y(said.value)} r={3} />
          </g>
        )}
      </svg>
      {said === undefined ? null : (
        <span
          className="chart-bubble tabular"
          aria-hidden="true"
          style={x(said.at) > width / 2 ? { right: width - x(said.at) + 6 } : { left: x(said.at) + 6 }}
        >
          {format(said.value)} · {new Date(said.at).toLocaleTimeString()}
        </span>
      )}
    </div>
  )
}

const draw = (
  points: ReadonlyArray<{ readonly at: number; readonly value: number | undefined }>,
  span: Span,
  width: number,
  shape: Shape,
  bottom: number
) => {
  const inside = points.filter(({ at }) => at >= span.from && at <= span.to)
  const left = margin.left + labelWidth
  const right = Math.max(left + 1, width - margin.right)
  const segments = segmentsOf(inside, gapMillis).map((segment) =>
    shape.kind === "line" ? thin(segment, Math.max(120, Math.round(right - left))) : segment
  )
  const all = segments.flat()
  const { max, min, ticks } = shape.levels !== undefined
    ? { min: 0, max: shape.levels.length - 1, ticks: shape.levels.map((_, level) => level) }
    : shape.most !== undefined
    ? { ...valueAxis([shape.most], 2), max: Math.max(shape.most, ...all.map(({ value }) => value)) }
    : valueAxis(all.map(({ value }) => value), 2)
  const x = linear([span.from, span.to], [left, right])
  const y = linear([min, max], [shape.height - bottom - 2, margin.top])
  return {
    all,
    segments: segments.length,
    axis: ticks,
    x,
    y,
    left,
    right,
    line: shape.kind === "line" ? linePath(segments, x, y) : stepPath(segments, x, y),
    fill: shape.kind === "line" ? areaPath(segments, x, y, y(Math.max(0, min))) : ""
  }
}

const summary = (points: ReadonlyArray<Point>, format: (value: number) => string): string => {
  const last = points.at(-1)
  if (last === undefined) return "no figures yet"
  const values = points.map(({ value }) => value)
  const low = values.reduce((a, b) => Math.min(a, b))
  const high = values.reduce((a, b) => Math.max(a, b))
  return low === high
    ? `${format(last.value)} all the time`
    : `now ${format(last.value)}, lowest ${format(low)}, highest ${format(high)}`
}

const useWidth = (box: RefObject<HTMLElement | null>): number => {
  const [width, setWidth] = useState(320)
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const measure = () => setWidth(Math.max(160, Math.floor(element.clientWidth)))
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(element)
    return () => observer.disconnect()
  }, [box])
  return width
}
