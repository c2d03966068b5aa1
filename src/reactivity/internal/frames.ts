/** @internal */
export interface Flushable {
  readonly flush: () => void
}

let waiting = new Set<Flushable>()
let scheduled = false
let late: ReturnType<typeof setTimeout> | undefined

/**
 * Flushes something once in the next frame, however often it is asked for. Where there are no frames, or none are drawn
 * because the page is hidden, it is the next turn of the event loop.
 *
 * @internal
 */
export const inNextFrame = (flushable: Flushable): void => {
  waiting.add(flushable)
  if (scheduled) return
  scheduled = true
  if (globalThis.document?.visibilityState !== "visible") return void setTimeout(flush)
  requestAnimationFrame(flush)
  // The page may be hidden before the frame is drawn.
  late = setTimeout(flush, 200)
}

const flush = (): void => {
  if (!scheduled) return
  scheduled = false
  clearTimeout(late)
  const flushed = waiting
  waiting = new Set()
  for (const flushable of flushed) flushable.flush()
}
