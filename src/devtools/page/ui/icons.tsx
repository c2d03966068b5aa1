import { type ReactElement } from "react"

/** The icons of the page: strokes on a grid of 16. They are decoration; what they mean is always said in words too. */
const paths = {
  check: "M3 8.5l3.2 3L13 4.5",
  cross: "M4 4l8 8M12 4l-8 8",
  alert: "M8 2.2L14.5 13.5h-13zM8 6.5v3.2M8 11.6v.2",
  dot: "M8 5.5a2.5 2.5 0 1 0 .01 0z",
  stop: "M4.5 4.5h7v7h-7z",
  ban: "M8 2.5a5.5 5.5 0 1 0 .01 0zM4.2 4.2l7.6 7.6",
  search: "M7 2.5a4.5 4.5 0 1 0 .01 0zM10.4 10.4l3.4 3.4",
  play: "M5 3.2l7.5 4.8L5 12.8z",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  trash: "M3 4.5h10M6 4.5V3h4v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
  copy: "M5.5 5.5h7.5v7.5H5.5zM3 10.5V3h7.5",
  undo: "M3 6.5h6.5a3.5 3.5 0 0 1 0 7H7M5.8 3.5L3 6.5l2.8 3",
  redo: "M13 6.5H6.5a3.5 3.5 0 0 0 0 7H9M10.2 3.5l2.8 3-2.8 3",
  retry: "M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3",
  download: "M8 2.5v7.5M4.8 7L8 10.2 11.2 7M3 13.2h10",
  plus: "M8 3.5v9M3.5 8h9",
  minus: "M3.5 8h9",
  up: "M4 10l4-4 4 4",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  left: "M10 4L6 8l4 4",
  bus: "M2.5 4.5h11M2.5 11.5h11M5 4.5v7M11 4.5v7M8 4.5v3.5",
  clock: "M8 2.5a5.5 5.5 0 1 0 .01 0zM8 5v3.2l2.2 1.6",
  link:
    "M6.7 9.3a2.4 2.4 0 0 0 3.4 0l2.2-2.2a2.4 2.4 0 0 0-3.4-3.4l-.8.8M9.3 6.7a2.4 2.4 0 0 0-3.4 0L3.7 8.9a2.4 2.4 0 0 0 3.4 3.4l.8-.8"
} as const

/** The name of an icon. */
export type IconName = keyof typeof paths

export const Icon = ({ name, size = 14 }: { readonly name: IconName; readonly size?: number }): ReactElement => (
  <svg
    className="icon"
    width={size}
    height={size}
    viewBox="0 0 16 16"
    fill={name === "play" || name === "stop" || name === "dot" ? "currentColor" : "none"}
    stroke="currentColor"
    strokeWidth={1.6}
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
    focusable="false"
  >
    <path d={paths[name]} />
  </svg>
)
