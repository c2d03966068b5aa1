import { type ReactElement, type ReactNode } from "react"

/** Says that there is nothing, why, and what would change that. */
export const EmptyState = ({ action, children, title }: {
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}): ReactElement => (
  <div className="empty">
    <h2>{title}</h2>
    {children === undefined ? null : <p>{children}</p>}
    {action}
  </div>
)

/** Says that something is on its way. */
export const Loading = ({ children = "Loading…" }: { readonly children?: ReactNode }): ReactElement => (
  <div className="loading" role="status">
    <span className="spinner" aria-hidden="true" />
    {children}
  </div>
)
