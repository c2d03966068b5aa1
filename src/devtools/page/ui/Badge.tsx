import { type ReactElement, type ReactNode } from "react"
import { Icon, type IconName } from "./icons.tsx"

export type Tone = "neutral" | "ok" | "warn" | "bad" | "accent" | "running"

const icons: { readonly [T in Tone]?: IconName } = { ok: "check", warn: "alert", bad: "cross", running: "play" }

/** A word about something. Its colour never says more than the word and the icon do. */
export const Badge = ({ children, icon, title, tone = "neutral" }: {
  readonly children: ReactNode
  readonly tone?: Tone
  /** Default: that of the tone; `null` for none. */
  readonly icon?: IconName | null
  readonly title?: string
}): ReactElement => {
  const name = icon === undefined ? icons[tone] : icon
  return (
    <span className="badge" data-tone={tone} {...(title === undefined ? {} : { title })}>
      {name === undefined || name === null ? null : <Icon name={name} size={11} />}
      <span>{children}</span>
    </span>
  )
}

export type Status = "running" | "succeeded" | "failed" | "interrupted" | "refused"

const statuses: { readonly [S in Status]: { readonly tone: Tone; readonly icon: IconName; readonly word: string } } = {
  running: { tone: "running", icon: "play", word: "running" },
  succeeded: { tone: "ok", icon: "check", word: "succeeded" },
  failed: { tone: "bad", icon: "cross", word: "failed" },
  interrupted: { tone: "warn", icon: "stop", word: "interrupted" },
  refused: { tone: "bad", icon: "ban", word: "refused" }
}

/** What became of an invocation. */
export const StatusBadge = ({ status }: { readonly status: Status }): ReactElement => {
  const { icon, tone, word } = statuses[status]
  return <Badge tone={tone} icon={icon}>{word}</Badge>
}
