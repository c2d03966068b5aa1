/** Numbers, times and durations, as people read them. */

const clock = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23"
})

const day = new Intl.DateTimeFormat(undefined, { dateStyle: "medium" })

const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" })

const counts = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })

const valid = (millis: number): boolean => Number.isFinite(millis) && Math.abs(millis) <= 8.64e15

/** Time of day with milliseconds: "14:03:27.123". */
export const formatTime = (millis: number): string => valid(millis) ? clock.format(millis) : "–"

/** Date, of a time that is not today: "21 Nov 2026". */
export const formatDay = (millis: number): string => valid(millis) ? day.format(millis) : "–"

/** Date and time of day. */
export const formatDateTime = (millis: number): string => valid(millis) ? whole.format(millis) : "–"

/** How long something took: "<1 ms", "0.4 ms", "12 ms", "1.25 s", "2 min 5 s", "3 h 10 min". */
export const formatDuration = (millis: number): string => {
  if (!Number.isFinite(millis)) return "–"
  const value = Math.max(0, millis)
  // Where milliseconds are whole, nothing is less than one.
  if (value < 1) return value === 0 ? "<1 ms" : `${value.toFixed(value < 0.1 ? 2 : 1)} ms`
  if (value < 10) return `${Number(value.toFixed(1))} ms`
  if (value < 999.5) return `${Math.round(value)} ms`
  if (value < 59_950) return `${Number((value / 1_000).toFixed(2))} s`
  const seconds = Math.round(value / 1_000)
  if (seconds < 3_600) return parts(Math.floor(seconds / 60), "min", seconds % 60, "s")
  const minutes = Math.round(seconds / 60)
  if (minutes < 1_440) return parts(Math.floor(minutes / 60), "h", minutes % 60, "min")
  const hours = Math.round(minutes / 60)
  return parts(Math.floor(hours / 24), "d", hours % 24, "h")
}

const parts = (large: number, unit: string, small: number, subunit: string): string =>
  small === 0 ? `${large} ${unit}` : `${large} ${unit} ${small} ${subunit}`

/** How long ago: "just now", "12 s ago", "3 min ago". */
export const formatAge = (millis: number, now: number): string => {
  const age = now - millis
  if (!Number.isFinite(age)) return "–"
  if (age < 1_500) return "just now"
  if (age < 60_000) return `${Math.round(age / 1_000)} s ago`
  if (age < 3_600_000) return `${Math.floor(age / 60_000)} min ago`
  if (age < 86_400_000) return `${Math.floor(age / 3_600_000)} h ago`
  return `${Math.floor(age / 86_400_000)} d ago`
}

/** A number with its thousands told apart. */
export const formatCount = (count: number): string => counts.format(count)

/** "1 row", "2 rows", "10,000 rows". */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${formatCount(count)} ${count === 1 ? one : many}`

/** "512 B", "1.5 KB", "3.2 MB". */
export const formatBytes = (bytes: number): string => {
  if (bytes < 1_000) return `${bytes} B`
  if (bytes < 999_500) return `${Number((bytes / 1_000).toPrecision(3))} KB`
  return bytes < 999_500_000
    ? `${Number((bytes / 1_000_000).toPrecision(3))} MB`
    : `${Number((bytes / 1_000_000_000).toPrecision(3))} GB`
}
