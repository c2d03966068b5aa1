import { type ReactElement } from "react"

/** Comes with the helper that owns this folder. */
export const ExportButton = (): ReactElement | null => null
