import { type ReactElement, useEffect, useState } from "react"
import { formatAge, formatDateTime, formatDuration, formatTime } from "./format.ts"

const iso = (millis: number): string | undefined =>
  Number.isFinite(millis) && Math.abs(millis) <= 8.64e15 ? new Date(millis).toISOString() : undefined

/** A point in time; the whole date is its title. */
export const Time = ({ millis }: { readonly millis: number }): ReactElement => (
  <time className="tabular nowrap" dateTime={iso(millis)} title={formatDateTime(millis)}>{formatTime(millis)}</time>
)

/** How long something took. */
export const Duration = ({ millis }: { readonly millis: number }): ReactElement => (
  <span className="tabular nowrap">{formatDuration(millis)}</span>
)

/** How long ago something was; it goes on by itself. */
export const Age = ({ millis }: { readonly millis: number }): ReactElement => {
  const now = useNow(1_000)
  return (
    <time className="tabular nowrap" dateTime={iso(millis)} title={formatDateTime(millis)}>
      {formatAge(millis, now)}
    </time>
  )
}

/** The time, every so many milliseconds. */
export const useNow = (every: number): number => {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every)
    return () => clearInterval(timer)
  }, [every])
  return now
}
