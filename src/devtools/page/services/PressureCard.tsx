import { type ReactElement, useMemo } from "react"
import type { Services } from "../../DevtoolsMessages.ts"
import { Badge } from "../ui/Badge.tsx"
import { Chart, type Span } from "./Chart.tsx"
import { FiguresTable } from "./FiguresTable.tsx"
import { levelOf, pressureLevels, seriesOf, type Snapshot, usageOf } from "./snapshots.ts"
import { percent, toneOfLevel } from "./words.ts"

const usageShape = { kind: "line", height: 120, most: 1 } as const
const levelShape = { kind: "steps", height: 84, levels: pressureLevels, times: true } as const

const levelName = (level: number): string => pressureLevels[level] ?? "–"

const sources = new Map([
  ["cgroup2", "of the limit of the control group"],
  ["cgroup1", "of the limit of the control group"],
  ["meminfo", "of the machine's memory"]
])

/** How scarce memory is, now and over time. */
export const PressureCard = ({ latest, snapshots, span }: {
  readonly latest: Services
  readonly snapshots: ReadonlyArray<Snapshot>
  readonly span: Span
}): ReactElement => {
  const usage = useMemo(() => seriesOf(snapshots, usageOf), [snapshots])
  const level = useMemo(() => seriesOf(snapshots, levelOf), [snapshots])
  const { pressure } = latest
  if (pressure === null) {
    return (
      <section className="card" aria-label="Memory">
        <h2>Memory</h2>
        <p className="muted">
          Nothing watches the memory: the application's layer does not provide a PressureDispatcher;{" "}
          <code>ManagedServices.layer()</code> has one.
        </p>
      </section>
    )
  }
  const from = pressure.from === null ? "of its limit" : sources.get(pressure.from) ?? "of its limit"
  return (
    <section className="card" aria-label="Memory">
      <div className="service-head">
        <h2>Memory</h2>
        <Badge tone={toneOfLevel(pressure.level)}>{pressure.level}</Badge>
        <span className="spacer" />
        {pressure.usage === null
          ? <span className="muted">How full it is cannot be read.</span>
          : (
            <span>
              <strong className="tabular service-figure">{percent(pressure.usage)}</strong>{" "}
              <span className="muted">{from}</span>
            </span>
          )}
      </div>
      <Chart label="Memory in use" points={usage} span={span} shape={usageShape} format={percent} />
      <Chart label="Pressure" points={level} span={span} shape={levelShape} format={levelName} />
      <FiguresTable
        label="Memory over time"
        span={span}
        figures={[
          { name: "in use", points: usage, format: percent },
          { name: "pressure", points: level, format: levelName }
        ]}
      />
    </section>
  )
}
