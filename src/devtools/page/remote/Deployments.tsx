import { type ReactElement } from "react"
import type { DeploymentRecord } from "../../../protocol/DeploymentRecord.ts"
import { hrefOf } from "../route.ts"
import { formatDay } from "../ui/format.ts"
import { Table } from "../ui/Table.tsx"
import { plain } from "../ui/text.ts"
import { Text } from "../ui/Text.tsx"
import { Age } from "../ui/Time.tsx"

/** Which operations run elsewhere, in which versions, and where. */
export const Deployments = ({ deployments }: {
  readonly deployments: ReadonlyArray<DeploymentRecord>
}): ReactElement => (
  <Table
    label="Deployments"
    rows={deployments}
    rowKey={({ id, key, version }) => `${key}@${version} ${id}`}
    columns={[
      {
        id: "key",
        header: "Operation",
        render: ({ key }) => <a className="mono" href={hrefOf("operations", key)}>{plain(key)}</a>
      },
      { id: "version", header: "Version", align: "right", render: ({ version }) => version },
      { id: "endpoint", header: "Where", render: ({ endpoint }) => <Text value={endpoint} mono limit={300} /> },
      {
        id: "at",
        header: "Deployed",
        render: ({ deployedAt }) => (
          <span title={formatDay(deployedAt)}>
            <Age millis={deployedAt} />
          </span>
        )
      },
      {
        id: "services",
        header: "Needs there",
        render: ({ services = [] }) =>
          services.length === 0 ? <span className="muted">nothing</span> : plain(services.join(", "), 300)
      },
      { id: "id", header: "Code", render: ({ id }) => <Text value={id} mono limit={24} /> }
    ]}
  />
)
