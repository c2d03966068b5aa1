import { type ReactElement, useState } from "react"
import type * as messages from "../../DevtoolsMessages.ts"
import { Badge } from "../ui/Badge.tsx"
import { Button } from "../ui/Button.tsx"
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx"
import { Icon } from "../ui/icons.tsx"
import { JsonView } from "../ui/JsonView.tsx"
import { plain } from "../ui/text.ts"
import { Text } from "../ui/Text.tsx"
import { Age } from "../ui/Time.tsx"
import { detailOf, laneOf, reasonOf, retryAdvice, times } from "./rows.ts"

type DeadLetter = typeof messages.DeadLetter.Type

/** The calls that were given up, the newest first. */
export const DeadLetters = ({ disabled, letters, onRemove, onRetry }: {
  readonly letters: ReadonlyArray<DeadLetter>
  readonly disabled: boolean
  readonly onRetry: (letter: DeadLetter) => void
  readonly onRemove: (letter: DeadLetter) => void
}): ReactElement => {
  const [asked, setAsked] = useState<DeadLetter>()
  return (
    <>
      <ol className="calls" aria-label="Dead letters, newest first">
        {letters.toReversed().map((letter) => (
          <Letter
            key={letter.id}
            letter={letter}
            disabled={disabled}
            onRetry={() => onRetry(letter)}
            onRemove={() => setAsked(letter)}
          />
        ))}
      </ol>
      {asked === undefined ? null : (
        <ConfirmDialog
          title="Remove this dead letter?"
          confirm="Remove it"
          danger
          onCancel={() => setAsked(undefined)}
          onConfirm={() => {
            setAsked(undefined)
            onRemove(asked)
          }}
        >
          <p>
            The call of <Text value={asked.key} mono />{" "}
            is forgotten for good, with its input. It was not done, and will not be.
          </p>
        </ConfirmDialog>
      )}
    </>
  )
}

const Letter = ({ disabled, letter, onRemove, onRetry }: {
  readonly letter: DeadLetter
  readonly disabled: boolean
  readonly onRetry: () => void
  readonly onRemove: () => void
}): ReactElement => {
  const lane = laneOf(letter)
  const detail = detailOf(letter)
  const [open, setOpen] = useState(false)
  const name = plain(letter.key, 80)
  return (
    <li className="call">
      <div className="call-head">
        <Text value={letter.key} mono limit={200} />
        <Badge tone="bad">{reasonOf(letter)}</Badge>
        {lane === undefined ? null : <Badge icon={null}>lane {plain(lane, 60)}</Badge>}
      </div>
      <dl className="call-facts">
        <div>
          <dt>Given up</dt>
          <dd>
            <Age millis={letter.deadAt} />
          </dd>
        </div>
        <div>
          <dt>Delivered</dt>
          <dd>{times(letter.attempts)}</dd>
        </div>
      </dl>
      <div className="call-why">
        <p>
          <Text value={letter.why} limit={500} />
        </p>
        <p className="muted">{retryAdvice(letter)}</p>
        {letter.notTakenBack === undefined ? null : (
          <p className="call-warning">
            <Icon name="alert" /> What was done in advance is still there: <Text value={letter.notTakenBack} />
          </p>
        )}
        {detail === undefined ? null : (
          <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
            <summary>The error as data</summary>
            {open ? <JsonView label={`The error of ${name}`} value={detail} /> : null}
          </details>
        )}
      </div>
      <div className="call-actions">
        <Button
          size="s"
          icon="retry"
          aria-disabled={disabled}
          aria-label={`Retry the dead letter of ${name}`}
          onClick={() => !disabled && onRetry()}
        >
          Retry
        </Button>
        <Button
          size="s"
          icon="trash"
          aria-disabled={disabled}
          aria-label={`Remove the dead letter of ${name}`}
          onClick={() => !disabled && onRemove()}
        >
          Remove
        </Button>
      </div>
    </li>
  )
}
