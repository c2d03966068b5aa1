import { useLatest } from "opbus/react"
import { StartWorker, StopWorker, WatchWorker } from "../../../plugins/analysis/web.ts"
import { useAction } from "../useAction.ts"
import { useNotebook } from "../useNotebook.ts"

/** Starts and stops the worker, which is a process beside the server. */
export const WorkerSwitch = () => {
  const { away } = useNotebook()
  const { value: status } = useLatest(WatchWorker, undefined)
  const start = useAction(StartWorker)
  const stop = useAction(StopWorker)
  if (status === undefined) return null
  if (status.state === "unavailable") return <p className="muted">There is no worker here: {status.why}</p>
  const runs = status.state === "running"
  const changing = start.pending || stop.pending
  return (
    <button
      type="button"
      role="switch"
      className="switch"
      aria-checked={runs}
      aria-disabled={changing || away}
      onClick={() => !changing && !away && void (runs ? stop : start).invoke(undefined)}
    >
      Worker {changing ? (runs ? "is stopping …" : "is starting …") : runs ? "is running" : "is stopped"}
    </button>
  )
}
