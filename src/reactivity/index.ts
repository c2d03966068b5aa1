/**
 * The bus as a screen sees it: invocations, history and results as values that change.
 *
 * @since 0.1.0
 */
export {}
