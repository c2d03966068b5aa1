import { type ReactElement } from "react"
import { ConfirmDialog } from "../ui/ConfirmDialog.tsx"
import { plural } from "../ui/format.ts"
import { Icon } from "../ui/icons.tsx"
import { Text } from "../ui/Text.tsx"
import { explain, type Plan } from "./plan.ts"

const shown = 12

/** Says what an undo to an entry takes back, and what will stop it. */
export const UndoDialog = ({ onCancel, onConfirm, plan }: {
  readonly plan: Plan
  readonly onConfirm: () => void
  readonly onCancel: () => void
}): ReactElement => {
  const { stopsAt, takesBack } = plan
  const count = plural(takesBack.length, "entry", "entries")
  return (
    <ConfirmDialog title={`Undo ${count}?`} confirm={`Undo ${count}`} onConfirm={onConfirm} onCancel={onCancel}>
      <p>{takesBack.length === 1 ? "This is taken back:" : "They are taken back in this order:"}</p>
      <ol className="undo-order">
        {takesBack.slice(0, shown).map((entry) => (
          <li key={entry.id}>
            <Text value={entry.message} limit={120} />
          </li>
        ))}
      </ol>
      {takesBack.length > shown ? <p className="muted">and {takesBack.length - shown} more</p> : null}
      {stopsAt === undefined ? null : (
        <p className="undo-stop">
          <Icon name="alert" />{" "}
          <span>
            Then it stops. <Text value={explain(stopsAt)} />
          </span>
        </p>
      )}
    </ConfirmDialog>
  )
}
