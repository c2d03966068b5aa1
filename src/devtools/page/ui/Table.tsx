import { type ReactElement, type ReactNode } from "react"

/** A column of a table; the first one names its row. */
export interface Column<Row> {
  readonly id: string
  readonly header: ReactNode
  readonly render: (row: Row) => ReactNode
  readonly align?: "left" | "right"
}

/** A table for tens or hundreds of rows. It scrolls sideways by itself where the window is narrow. */
export const Table = <Row extends object | string>({ caption, columns, label, rowKey, rows }: {
  /** Its accessible name. */
  readonly label: string
  /** Shown above it. */
  readonly caption?: ReactNode
  readonly columns: ReadonlyArray<Column<Row>>
  readonly rows: ReadonlyArray<Row>
  readonly rowKey: (row: Row) => string
}): ReactElement => (
  // What scrolls must be reachable by keyboard.
  <div className="table-box" role="region" aria-label={label} tabIndex={0}>
    <table className="table" aria-label={label}>
      {caption === undefined ? null : <caption>{caption}</caption>}
      <thead>
        <tr>
          {columns.map(({ align = "left", header, id }) => <th key={id} scope="col" data-align={align}>{header}</th>)}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={rowKey(row)}>
            {columns.map(({ align = "left", id, render }, i) =>
              i === 0
                ? <th key={id} scope="row" data-align={align}>{render(row)}</th>
                : <td key={id} data-align={align}>{render(row)}</td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
