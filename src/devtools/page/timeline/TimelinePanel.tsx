import { type ReactElement } from "react"
import { Loading } from "../ui/EmptyState.tsx"

export const TimelinePanel = (): ReactElement => <Loading />
