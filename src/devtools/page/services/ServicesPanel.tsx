import { type ReactElement, useMemo, useState } from "react"
import type { Services as ServicesMessage } from "../../DevtoolsMessages.ts"
import { Reopen } from "../../DevtoolsOperations.ts"
import { useTools } from "../connection.ts"
import { Button } from "../ui/Button.tsx"
import { EmptyState, Loading } from "../ui/EmptyState.tsx"
import { ErrorText } from "../ui/ErrorText.tsx"
import { Charts } from "./Chart.tsx"
import { Events } from "./Events.tsx"
import { useServices, useSnapshots } from "./feed.ts"
import { PressureCard } from "./PressureCard.tsx"
import { ServiceCard } from "./ServiceCard.tsx"
import { named } from "./snapshots.ts"
import "./services.css"

/** How the services are, what they measure and how scarce memory is, now and over time. */
export const ServicesPanel = (): ReactElement => {
  const { error, latest } = useServices()
  if (latest === undefined) {
    return error === undefined
      ? <Loading>Asking the services…</Loading>
      : (
        <EmptyState title="The services cannot be asked">
          <ErrorText message={error} />
        </EmptyState>
      )
  }
  return latest.enabled ? <ServicesView latest={latest} /> : <NoServices />
}

const NoServices = (): ReactElement => (
  <EmptyState
    title="This application has no managed services"
    action={
      <pre className="how-to"><code>{"ManagedServices.layer().pipe(\n  Layer.provideMerge(PressureSource.layerLinux())\n)"}</code></pre>
    }
  >
    Services register themselves, say how they are and give way under memory pressure when this layer is below theirs.
  </EmptyState>
)

const minutes = [1, 5, 10] as const

const ServicesView = ({ latest }: { readonly latest: ServicesMessage }): ReactElement => {
  const { events, snapshots } = useSnapshots()
  const [chosen, setChosen] = useState<(typeof minutes)[number]>()
  const to = snapshots.at(-1)?.at ?? latest.at
  // Until somebody chooses, as much as there is.
  const since = (to - (snapshots[0]?.at ?? to)) / 60_000
  const shown = chosen ?? minutes.find((count) => since <= count) ?? 10
  const span = useMemo(() => ({ from: to - shown * 60_000, to }), [to, shown])
  const reopen = useTools(Reopen)
  return (
    <Charts>
      <div className="toolbar services-bar">
        <div className="inline" role="group" aria-label="How far back">
          {minutes.map((count) => (
            <Button
              key={count}
              size="s"
              aria-pressed={count === shown}
              onClick={() => setChosen(count)}
            >
              {count} min
            </Button>
          ))}
        </div>
        <p className="muted">Charts start when this panel is first opened, and go on while the page is open.</p>
      </div>
      <div className="panel panel-page">
        {reopen.error === undefined ? null : <ErrorText message={reopen.error} />}
        <PressureCard latest={latest} snapshots={snapshots} span={span} />
        {latest.services.length === 0
          ? <EmptyState title="No service is running">Services show here as soon as they are made.</EmptyState>
          : (
            <ul className="cards services-cards" aria-label="Services">
              {named(latest.services).map(({ id, service }) => (
                <ServiceCard
                  key={id}
                  id={id}
                  service={service}
                  snapshots={snapshots}
                  span={span}
                  pending={reopen.pending}
                  onReopen={() => void reopen.invoke({ service: service.service })}
                />
              ))}
            </ul>
          )}
        <Events events={events} />
      </div>
    </Charts>
  )
}
