import { Component, type ReactNode } from "react"
import { Button } from "./ui/Button.tsx"
import { EmptyState } from "./ui/EmptyState.tsx"
import { ErrorText, messageOf } from "./ui/ErrorText.tsx"

/** A panel that fails takes nothing else with it. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state = { error: undefined as unknown }

  static getDerivedStateFromError(error: unknown): { readonly error: unknown } {
    return { error: error ?? new Error("Something went wrong.") }
  }

  override render(): ReactNode {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return (
      <EmptyState
        title="This panel failed"
        action={<Button onClick={() => this.setState({ error: undefined })}>Try again</Button>}
      >
        <ErrorText message={messageOf(error)} />
      </EmptyState>
    )
  }
}
