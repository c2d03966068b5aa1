/**
 * Operations as JSON, and handlers written as functions.
 *
 * @since 0.1.0
 */
export const toJson = (): never => { throw new Error("being written") }
export const fromJson = toJson
export const fromFunction = toJson
export type FunctionDefinition = never
export type FunctionHandler = never
export type FunctionRecord = never
