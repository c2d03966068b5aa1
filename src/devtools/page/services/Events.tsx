import { type ReactElement, useId } from "react"
import type { SystemEvent } from "../../DevtoolsMessages.ts"
import { Badge, type Tone } from "../ui/Badge.tsx"
import { Text } from "../ui/Text.tsx"
import { Time } from "../ui/Time.tsx"
import { tellEvent } from "./words.ts"

const grades: { readonly [T in Tone]: string } = {
  ok: "good",
  warn: "warning",
  bad: "grave",
  accent: "done",
  neutral: "note",
  running: "note"
}

/** What happened to the services, the newest first. */
export const Events = ({ events }: { readonly events: ReadonlyArray<SystemEvent> }): ReactElement => {
  const title = useId()
  return (
    <section className="card" aria-labelledby={title}>
      <h2 id={title}>Events</h2>
      {events.length === 0
        ? <p className="muted">Nothing has happened since this panel was opened.</p>
        : (
          <ol className="events">
            {events.toReversed().map((event, index) => {
              const { text, tone } = tellEvent(event)
              return (
                <li key={`${event.at} ${events.length - index}`}>
                  <Time millis={event.at} />
                  <Badge tone={tone}>{grades[tone]}</Badge>
                  <Text value={text} limit={600} />
                </li>
              )
            })}
          </ol>
        )}
    </section>
  )
}
