import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type ReactElement, useEffect, useState } from "react"
import { RemoteInvoker } from "../../../operation/RemoteInvoker.ts"
import type { History as HistoryMessage } from "../../DevtoolsMessages.ts"
import { Catalogue, History } from "../../DevtoolsOperations.ts"
import { tools, useLatest } from "../connection.ts"
import { snapshotsNow } from "../services/feed.ts"
import { Button, IconButton } from "../ui/Button.tsx"
import { formatBytes, plural } from "../ui/format.ts"
import { Icon } from "../ui/icons.tsx"
import { fileNameOf, fileOf } from "./document.ts"
import { recorder } from "./recorder.ts"
import "./session.css"

/** The history as it is now; `undefined` when the server cannot be reached. */
const historyNow: Effect.Effect<HistoryMessage | undefined, never, RemoteInvoker> = Effect.flatMap(
  RemoteInvoker,
  (invoker) => Stream.runHead(invoker.invokeStream(History, undefined, {}))
).pipe(
  Effect.timeout("5 seconds"),
  Effect.map(Option.getOrUndefined),
  Effect.catchCause(() => Effect.undefined)
)

/** Hands a text to the user as a file. */
const save = (name: string, text: string): void => {
  const url = URL.createObjectURL(new Blob([text], { type: "application/json" }))
  const link = document.createElement("a")
  link.href = url
  link.download = name
  link.click()
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

interface Said {
  readonly file: string
  readonly text: string
  readonly without: string | undefined
}

/** Saves what this page knows of the session: one JSON file. */
export const ExportButton = (): ReactElement => {
  const { value: catalogue } = useLatest(Catalogue, undefined)
  const [pending, setPending] = useState(false)
  const [said, setSaid] = useState<Said>()
  useEffect(() => {
    if (said === undefined) return
    const timer = setTimeout(() => setSaid(undefined), 12_000)
    return () => clearTimeout(timer)
  }, [said])
  const ready = catalogue !== undefined && !pending
  const run = () => {
    if (catalogue === undefined || pending) return
    setPending(true)
    setSaid(undefined)
    void tools.runPromise(historyNow).then((history) => {
      const now = Date.now()
      const { dropped, invocations } = recorder
      const parts = { now, catalogue, history, invocations, dropped, services: snapshotsNow() }
      const written = fileOf(parts)
      const file = fileNameOf(catalogue.app.title, now)
      save(file, written.text)
      setSaid({
        file,
        text: `${plural(written.events, "event")}, ${formatBytes(written.text.length)}. ${
          written.dropped === 0
            ? "No event is missing."
            : `${plural(written.dropped, "older event")} could not be kept.`
        }`,
        without: history === undefined ? "The history could not be read, so it is not in it." : undefined
      })
    }).finally(() => setPending(false))
  }
  return (
    <div className="export">
      <Button icon="download" aria-disabled={!ready} title="Save this session as a JSON file" onClick={run}>
        Export
      </Button>
      <div
        className="export-said"
        data-shown={said !== undefined}
        role="status"
        onKeyDown={(event) => event.key === "Escape" && setSaid(undefined)}
      >
        {said === undefined ? null : (
          <>
            <div>
              <p>
                <Icon name="check" /> Saved <span className="mono">{said.file}</span>
              </p>
              <p className="muted">{said.text}</p>
              {said.without === undefined ? null : <p className="export-without">{said.without}</p>}
            </div>
            <IconButton icon="cross" size="s" label="Dismiss" onClick={() => setSaid(undefined)} />
          </>
        )}
      </div>
    </div>
  )
}
