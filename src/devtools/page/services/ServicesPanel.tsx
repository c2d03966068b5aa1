import { type ReactElement } from "react"
import { Loading } from "../ui/EmptyState.tsx"

/** Comes with the helper that owns this folder. */
export const ServicesPanel = (): ReactElement => <Loading />
