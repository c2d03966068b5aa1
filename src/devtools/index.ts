/**
 * A page that shows the bus.
 *
 * @since 0.1.0
 */
export { Devtools } from "./Devtools.ts"
export * as DevtoolsMessages from "./DevtoolsMessages.ts"
export * as DevtoolsOperations from "./DevtoolsOperations.ts"
