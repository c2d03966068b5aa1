import { type ReactElement } from "react"
import { Icon } from "./icons.tsx"
import { Text } from "./Text.tsx"

/** What went wrong, as text. `live`: said by screen readers when it appears. */
export const ErrorText = ({ id, live = true, message }: {
  readonly message: string
  readonly live?: boolean
  readonly id?: string
}): ReactElement => (
  <p className="error-text" {...(live ? { role: "alert" } : {})} {...(id === undefined ? {} : { id })}>
    <Icon name="alert" />
    <Text value={message} limit={2_000} />
  </p>
)

/** The message of whatever was thrown or came as an error. */
export const messageOf = (error: unknown): string => {
  if (typeof error === "string") return error
  if (typeof error === "object" && error !== null) {
    const { _tag, message } = error as { readonly message?: unknown; readonly _tag?: unknown }
    if (typeof message === "string" && message.length > 0) return message
    if (typeof _tag === "string") return _tag
  }
  return "Something went wrong."
}
