/** The rules that an audit knows. */
export type Rule = "spec" | "accessor" | "any" | "raw-call" | "managed-service" | "heal" | "unreadable"

/** A place that breaks a rule. */
export interface Violation {
  readonly rule: Rule
  readonly path: string
  readonly line: number
  readonly column: number
  /** The keys of the commands that it is about. */
  readonly commands: ReadonlyArray<string>
  readonly message: string
}
