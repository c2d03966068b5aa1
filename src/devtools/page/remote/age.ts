/**
 * How long ago something was, as people say it.
 */
const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

/** `"just now"`, `"12 s"`, `"3 min"`, `"2 h 5 min"`, `"4 days"`. Clocks that disagree make no negative ages. */
export const ageText = (millis: number): string => {
  if (!(millis >= second)) return "just now"
  if (millis < minute) return `${Math.floor(millis / second)} s`
  if (millis < hour) return `${Math.floor(millis / minute)} min`
  if (millis < day) {
    const minutes = Math.floor(millis % hour / minute)
    return `${Math.floor(millis / hour)} h${minutes === 0 ? "" : ` ${minutes} min`}`
  }
  const days = Math.floor(millis / day)
  return days === 1 ? "1 day" : `${days} days`
}
