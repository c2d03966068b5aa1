import { type CSSProperties, type PointerEvent, type ReactElement, type ReactNode, useRef, useState } from "react"

const least = 260

const stored = (name: string): number => {
  try {
    const width = Number(localStorage.getItem(name))
    return width >= least && width <= 4_000 ? width : 420
  } catch {
    return 420
  }
}

/** A list and the details of what is chosen in it, side by side; on a narrow screen the details take its place. */
export const SplitView = ({ children, label, name, side }: {
  /** What the width is remembered by. */
  readonly name: string
  /** The accessible name of the details. */
  readonly label: string
  readonly children: ReactNode
  /** The details; `undefined` when nothing is chosen. */
  readonly side: ReactNode
}): ReactElement => {
  const key = `opbus-split-${name}`
  const [width, setWidth] = useState(() => stored(key))
  const drag = useRef<{ readonly x: number; readonly width: number } | undefined>(undefined)
  const open = side !== undefined && side !== null
  const resize = (next: number) => {
    const bounded = Math.round(Math.min(Math.max(next, least), innerWidth * 0.75))
    setWidth(bounded)
    try {
      localStorage.setItem(key, String(bounded))
    } catch {
      // Where nothing can be kept the width lasts as long as the page.
    }
  }
  const move = (event: PointerEvent) => {
    if (drag.current !== undefined) resize(drag.current.width + drag.current.x - event.clientX)
  }
  return (
    <div className="split" data-open={open} style={{ "--split": `${width}px` } as CSSProperties}>
      <div className="split-main">{children}</div>
      {open
        ? (
          <>
            {/* A separator that can be moved is interactive. */}
            <div
              className="split-handle"
              role="separator"
              aria-orientation="vertical"
              aria-label={`Width of ${label.toLowerCase()}`}
              aria-valuenow={width}
              aria-valuemin={least}
              aria-valuemax={4_000}
              tabIndex={0}
              onPointerDown={(event) => {
                event.currentTarget.setPointerCapture(event.pointerId)
                drag.current = { x: event.clientX, width }
              }}
              onPointerMove={move}
              onPointerUp={() => {
                drag.current = undefined
              }}
              onPointerCancel={() => {
                drag.current = undefined
              }}
              onKeyDown={(event) => {
                if (event.key === "ArrowLeft") resize(width + 24)
                else if (event.key === "ArrowRight") resize(width - 24)
                else return
                event.preventDefault()
              }}
            />
            <aside className="split-side" aria-label={label}>{side}</aside>
          </>
        )
        : null}
    </div>
  )
}
