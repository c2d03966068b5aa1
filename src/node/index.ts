/**
 * opbus on Node: what runs a command, and compiled schemas.
 *
 * @since 0.1.0
 */
// oxlint-disable-next-line no-restricted-imports -- the one folder in which compiled schemas are on by default
import "../jit.ts"

export * as NodeMain from "./NodeMain.ts"
export * as NodeModule from "./NodeModule.ts"
export * as NodeStdin from "./NodeStdin.ts"
