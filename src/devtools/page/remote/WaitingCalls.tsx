import { type ReactElement } from "react"
import type * as messages from "../../DevtoolsMessages.ts"
import { Badge, type Tone } from "../ui/Badge.tsx"
import { Button } from "../ui/Button.tsx"
import type { IconName } from "../ui/icons.tsx"
import { plain } from "../ui/text.ts"
import { Text } from "../ui/Text.tsx"
import { Age } from "../ui/Time.tsx"
import { times, type WaitingRow, waitingRows } from "./rows.ts"

type QueuedCall = typeof messages.QueuedCall.Type

const looks: { readonly [S in WaitingRow["state"]]: { readonly tone: Tone; readonly icon: IconName | null } } = {
  "on its way": { tone: "running", icon: "play" },
  "tried in vain": { tone: "warn", icon: "retry" },
  "next in its lane": { tone: "neutral", icon: "clock" },
  "behind others": { tone: "neutral", icon: "clock" }
}

/** The calls that wait to be delivered, in the order of acceptance. */
export const WaitingCalls = ({ calls, disabled, onRemove }: {
  readonly calls: ReadonlyArray<QueuedCall>
  readonly disabled: boolean
  readonly onRemove: (call: QueuedCall) => void
}): ReactElement => (
  <ol className="calls" aria-label="Waiting calls, oldest first">
    {waitingRows(calls).map(({ call, lane, state, why }) => (
      <li key={call.id} className="call">
        <div className="call-head">
          <Text value={call.key} mono limit={200} />
          <Badge tone={looks[state].tone} icon={looks[state].icon}>{state}</Badge>
          {lane === undefined ? null : <Badge icon={null}>lane {plain(lane, 60)}</Badge>}
        </div>
        <dl className="call-facts">
          <div>
            <dt>Accepted</dt>
            <dd>
              <Age millis={call.acceptedAt} />
            </dd>
          </div>
          <div>
            <dt>Tried</dt>
            <dd>{times(call.attempts)}</dd>
          </div>
        </dl>
        {why === undefined ? null : (
          <p className="call-why">
            <Text value={why} limit={500} />
          </p>
        )}
        <div className="call-actions">
          <Button
            size="s"
            icon="trash"
            aria-disabled={disabled || call.delivering}
            aria-label={`Remove the waiting call of ${plain(call.key, 80)}`}
            title="Only a call that cannot have reached the other side can be removed"
            onClick={() => !disabled && !call.delivering && onRemove(call)}
          >
            Remove
          </Button>
        </div>
      </li>
    ))}
  </ol>
)
