import { type ReactElement } from "react"
import { piecesOf, plain, shorten } from "./text.ts"

/** Text from outside: as text, bounded, with what cannot be seen made visible. */
export const Text = ({ className, limit = 500, mono = false, truncate = false, value }: {
  readonly value: string
  readonly limit?: number
  readonly mono?: boolean
  /** On one line, cut off where the box ends; the whole (bounded) text is its title. */
  readonly truncate?: boolean
  readonly className?: string
}): ReactElement => {
  const pieces = piecesOf(shorten(value, limit))
  const classes = ["outside", mono && "mono", truncate && "truncate", className].filter(Boolean).join(" ")
  return (
    <span className={classes} {...(truncate || value.length > limit ? { title: plain(value, 1_000) } : {})}>
      {pieces.map((piece, i) =>
        "text" in piece ? piece.text : <span key={i} className="outside-mark">{piece.mark}</span>
      )}
    </span>
  )
}
