import { type ReactElement, useState } from "react"
import { formatTime } from "../ui/format.ts"
import type { Span } from "./Chart.tsx"

/** One column: what a chart shows. */
export interface Figures {
  readonly name: string
  readonly points: ReadonlyArray<{ readonly at: number; readonly value: number | undefined }>
  readonly format: (value: number) => string
}

/** The same figures as in the charts, as a table: for whoever does not see them, or wants to read one. */
export const FiguresTable = ({ figures, label, span }: {
  readonly label: string
  readonly figures: ReadonlyArray<Figures>
  readonly span: Span
}): ReactElement => {
  const [open, setOpen] = useState(false)
  return (
    <details className="figures" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Figures as a table</summary>
      {open ? <Rows figures={figures} label={label} span={span} /> : null}
    </details>
  )
}

const Rows = ({ figures, label, span }: {
  readonly label: string
  readonly figures: ReadonlyArray<Figures>
  readonly span: Span
}): ReactElement => {
  const times = (figures[0]?.points ?? []).map(({ at }) => at)
  const rows = times.map((at, index) => ({ at, index })).filter(({ at }) => at >= span.from && at <= span.to)
    .toReversed()
  return (
    // What scrolls must be reachable by keyboard.
    <div className="figures-box" role="region" aria-label={label} tabIndex={0}>
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {figures.map(({ name }, index) => <th key={index} scope="col" data-align="right">{name}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ at, index }) => (
            <tr key={at}>
              <th scope="row" className="tabular">{formatTime(at)}</th>
              {figures.map(({ format, points }, column) => {
                const value = points[index]?.value
                return (
                  <td key={column} data-align="right" className="tabular">
                    {value === undefined ? "–" : format(value)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
