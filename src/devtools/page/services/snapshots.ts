/**
 * What the services said while the page watched: the newest ten minutes, one snapshot a second.
 */
import type { Services, SystemEvent } from "../../DevtoolsMessages.ts"
import { Ring } from "./ring.ts"

/** How many snapshots are kept. */
export const capacity = 600

const eventsKept = 200

/** A chart has a hole where snapshots are further apart than this. */
export const gapMillis = 4000

type Service = Services["services"][number]

/** A service, and what tells it from another one of the same name. */
export interface Named {
  readonly id: string
  readonly service: Service
}

/** Names are not unique: the second "cache" is "cache (2)". */
export const named = (services: ReadonlyArray<Service>): ReadonlyArray<Named> => {
  const seen = new Map<string, number>()
  return services.map((service) => {
    const count = (seen.get(service.service) ?? 0) + 1
    seen.set(service.service, count)
    return { id: count === 1 ? service.service : `${service.service} (${count})`, service }
  })
}

/** One snapshot, and the services in it by their ids. */
export interface Snapshot {
  readonly at: number
  readonly pressure: Services["pressure"]
  readonly services: ReadonlyMap<string, Service>
}

/** Snapshots and events as they come; whoever shows them subscribes. */
export class Snapshots {
  private readonly ring = new Ring<Snapshot>(capacity)
  private readonly listeners = new Set<() => void>()
  private events: ReadonlyArray<SystemEvent> = []
  private view: SnapshotsView = { snapshots: [], events: [] }

  push(services: Services): void {
    // A reconnection may tell a second twice.
    if (services.at !== this.ring.last?.at) {
      this.ring.push({
        at: services.at,
        pressure: services.pressure,
        services: new Map(named(services.services).map(({ id, service }) => [id, service]))
      })
    }
    if (services.events.length > 0) this.events = [...this.events, ...services.events].slice(-eventsKept)
    this.view = { snapshots: this.ring.toArray(), events: this.events }
    for (const listener of this.listeners) listener()
  }

  /** The same object until the next snapshot. */
  readonly get = (): SnapshotsView => this.view

  readonly subscribe = (listener: () => void): () => void => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }
}

/** What is kept, oldest first. */
export interface SnapshotsView {
  readonly snapshots: ReadonlyArray<Snapshot>
  readonly events: ReadonlyArray<SystemEvent>
}

/** One figure over time; `undefined` where a snapshot has none. */
export const seriesOf = (
  snapshots: ReadonlyArray<Snapshot>,
  pick: (snapshot: Snapshot) => number | undefined
): ReadonlyArray<{ readonly at: number; readonly value: number | undefined }> =>
  snapshots.map((snapshot) => ({ at: snapshot.at, value: pick(snapshot) }))

export const metricOf = (id: string, metric: string) => ({ services }: Snapshot): number | undefined => {
  const metrics = services.get(id)?.metrics
  return metrics !== undefined && Object.hasOwn(metrics, metric) ? metrics[metric] : undefined
}

export const healthLevels = ["Unhealthy", "Degraded", "Healthy"] as const

export const healthOf = (id: string) => ({ services }: Snapshot): number | undefined => {
  const service = services.get(id)
  return service === undefined ? undefined : healthLevels.indexOf(service.health._tag)
}

export const pressureLevels = ["normal", "warning", "high", "critical"] as const

export const levelOf = ({ pressure }: Snapshot): number | undefined =>
  pressure === null ? undefined : pressureLevels.indexOf(pressure.level)

export const usageOf = ({ pressure }: Snapshot): number | undefined => pressure?.usage ?? undefined
