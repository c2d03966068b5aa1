import { type RefObject, useCallback, useLayoutEffect, useState } from "react"
import { flushSync } from "react-dom"

/** Lines beyond both edges that are there already when they come into sight. */
const overscan = 8

/** The lines in sight, by index; `end` is behind the last one. */
export interface Range {
  readonly start: number
  readonly end: number
}

/**
 * Which of many lines of the same height are in sight. It costs the same however many there are: nothing is measured and
 * nothing is kept per line.
 */
export const useWindow = (box: RefObject<HTMLElement | null>, height: number, count: number) => {
  const [view, setView] = useState({ first: 0, size: 40 })
  const look = useCallback(() => {
    const element = box.current
    if (element === null) return
    const first = Math.max(0, Math.floor(element.scrollTop / height))
    const size = Math.ceil(element.clientHeight / height) + 1
    setView((view) => view.first === first && view.size === size ? view : { first, size })
  }, [box, height])
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new ResizeObserver(look)
    observer.observe(element)
    return () => observer.disconnect()
  }, [box, look])
  /** Call it when the box was scrolled: what is in sight is drawn before the browser shows it. */
  const onScroll = useCallback(() => flushSync(look), [look])
  const last = Math.max(0, count - view.size)
  const first = Math.min(view.first, last)
  const range: Range = { start: Math.max(0, first - overscan), end: Math.min(count, first + view.size + overscan) }
  return { range, look, onScroll }
}
