import { type ReactElement, useId, useMemo, useState } from "react"
import type { Services } from "../../DevtoolsMessages.ts"
import { Badge } from "../ui/Badge.tsx"
import { Button } from "../ui/Button.tsx"
import { plain } from "../ui/text.ts"
import { Text } from "../ui/Text.tsx"
import { Chart, type Span } from "./Chart.tsx"
import { FiguresTable } from "./FiguresTable.tsx"
import { healthLevels, healthOf, metricOf, seriesOf, type Snapshot } from "./snapshots.ts"
import { figure, healthWord, kindWord, metricName } from "./words.ts"

const healthShape = { kind: "steps", height: 66, levels: healthLevels.map((level) => level.toLowerCase()) } as const
const metricShape = { kind: "line", height: 64 } as const
const lastMetricShape = { kind: "line", height: 78, times: true } as const
const onlyHealthShape = { ...healthShape, height: 80, times: true } as const

/** So many figures are drawn at first. */
const metricsShown = 4

const levelName = (level: number): string => healthShape.levels[level] ?? "–"

/** One service: how it is, whether it takes calls, and what it measures. */
export const ServiceCard = ({ id, onReopen, pending, service, snapshots, span }: {
  readonly id: string
  readonly service: Services["services"][number]
  readonly snapshots: ReadonlyArray<Snapshot>
  readonly span: Span
  readonly pending: boolean
  readonly onReopen: () => void
}): ReactElement => {
  const title = useId()
  const [all, setAll] = useState(false)
  const health = useMemo(() => seriesOf(snapshots, healthOf(id)), [snapshots, id])
  const names = Object.keys(service.metrics).sort()
  const drawn = all ? names : names.slice(0, metricsShown)
  const word = healthWord(service)
  return (
    <li className="card service" aria-labelledby={title}>
      <div className="service-head">
        <h2 id={title}>
          <Text value={id} limit={80} />
        </h2>
        <Badge tone={word.tone}>{word.text}</Badge>
        <span className="spacer" />
        <span className="muted">{kindWord(service)}</span>
      </div>
      {service.health.reason === undefined ? null : (
        <p className="service-reason">
          <Text value={service.health.reason} limit={300} />
        </p>
      )}
      <Admission service={service} pending={pending} onReopen={onReopen} />
      <Chart
        label={`Health of ${plain(id, 80)}`}
        points={health}
        span={span}
        shape={drawn.length === 0 ? onlyHealthShape : healthShape}
        format={levelName}
      />
      {drawn.map((name, index) => (
        <Metric
          key={name}
          id={id}
          service={service.service}
          name={name}
          value={service.metrics[name]!}
          snapshots={snapshots}
          span={span}
          last={index === drawn.length - 1}
        />
      ))}
      {names.length <= metricsShown ?
        null :
        (
          <Button kind="quiet" size="s" aria-expanded={all} onClick={() => setAll(!all)}>
            {all ? "Show fewer figures" : `Show all ${names.length} figures`}
          </Button>
        )}
      <Parameters service={service} />
      <FiguresTable
        label={`${plain(id, 80)} over time`}
        span={span}
        figures={[
          { name: "health", points: health, format: levelName },
          ...drawn.map((name) => ({
            name: metricName(service.service, plain(name, 60)),
            points: seriesOf(snapshots, metricOf(id, name)),
            format: (value: number) => figure(name, value)
          }))
        ]}
      />
    </li>
  )
}

const Metric = ({ id, last, name, service, snapshots, span, value }: {
  readonly id: string
  readonly service: string
  readonly name: string
  readonly value: number
  readonly snapshots: ReadonlyArray<Snapshot>
  readonly span: Span
  readonly last: boolean
}): ReactElement => {
  const points = useMemo(() => seriesOf(snapshots, metricOf(id, name)), [snapshots, id, name])
  const word = metricName(service, plain(name, 60))
  return (
    <div className="metric">
      <p className="metric-head">
        <span className="muted truncate" title={plain(name)}>{word}</span>
        <strong className="tabular">{figure(name, value)}</strong>
      </p>
      <Chart
        label={word}
        points={points}
        span={span}
        shape={last ? lastMetricShape : metricShape}
        format={(value) => figure(name, value)}
      />
    </div>
  )
}

const Admission = ({ onReopen, pending, service }: {
  readonly service: Services["services"][number]
  readonly pending: boolean
  readonly onReopen: () => void
}): ReactElement => {
  const { closed } = service
  if (closed.length === 0) return <p className="service-admission muted">It takes calls.</p>
  const escalated = closed.some(({ reason }) => reason === "Escalated")
  return (
    <div className="service-admission">
      <p>It takes no calls:</p>
      <ul>
        {closed.map(({ message, reason }) => (
          <li key={reason}>
            <Text value={message} limit={300} />
          </li>
        ))}
      </ul>
      {escalated
        ? (
          <Button
            size="s"
            icon="retry"
            aria-disabled={pending}
            aria-label={`Reopen ${plain(service.service, 80)}`}
            onClick={() => !pending && onReopen()}
          >
            Reopen
          </Button>
        )
        : null}
    </div>
  )
}

const Parameters = ({ service }: { readonly service: Services["services"][number] }): ReactElement | null =>
  service.parameters.length === 0 ? null : (
    <details className="figures">
      <summary>Parameters</summary>
      <dl className="facts">
        {service.parameters.map(({ description, name, value }) => (
          <div key={name} className="parameter">
            <dt>
              <Text value={name} mono />
            </dt>
            <dd>
              <Text value={JSON.stringify(value) ?? "–"} mono limit={300} />
              <br />
              <Text className="muted" value={description} limit={300} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  )
