/**
 * What a chart is drawn from: points in time, thinned out to what a screen can show.
 */

/** One figure at one time, in milliseconds since the epoch. */
export interface Point {
  readonly at: number
  readonly value: number
}

/** Points without a hole between them. A service that was not there, or a page that was not connected, makes a hole. */
export type Segment = ReadonlyArray<Point>

/** Cuts points where one is missing or where more than `gap` milliseconds lie between two. */
export const segmentsOf = (
  points: ReadonlyArray<{ readonly at: number; readonly value: number | undefined }>,
  gap: number
): ReadonlyArray<Segment> => {
  const segments: Array<Array<Point>> = []
  let open: Array<Point> | undefined
  for (const { at, value } of points) {
    if (value === undefined || !Number.isFinite(value)) {
      open = undefined
      continue
    }
    if (open === undefined || at - open.at(-1)!.at > gap) segments.push(open = [])
    open.push({ at, value })
  }
  return segments
}

/**
 * Keeps at most about `most` points, and with them every peak: of each stretch of time the first, the last, the lowest and
 * the highest.
 */
export const thin = (segment: Segment, most: number): Segment => {
  if (segment.length <= most) return segment
  const buckets = Math.max(1, Math.floor(most / 4))
  const from = segment[0]!.at
  const width = (segment.at(-1)!.at - from) / buckets || 1
  const kept: Array<Point> = []
  let start = 0
  while (start < segment.length) {
    const bucket = Math.min(buckets - 1, Math.floor((segment[start]!.at - from) / width))
    let end = start
    let low = start
    let high = start
    while (end < segment.length && Math.min(buckets - 1, Math.floor((segment[end]!.at - from) / width)) === bucket) {
      if (segment[end]!.value < segment[low]!.value) low = end
      if (segment[end]!.value > segment[high]!.value) high = end
      end++
    }
    for (const index of new Set([start, Math.min(low, high), Math.max(low, high), end - 1])) kept.push(segment[index]!)
    start = end
  }
  return kept
}

/** The point that is nearest in time. */
export const nearest = (points: ReadonlyArray<Point>, at: number): Point | undefined => {
  let found: Point | undefined
  for (const point of points) {
    if (found === undefined || Math.abs(point.at - at) <= Math.abs(found.at - at)) found = point
  }
  return found
}
