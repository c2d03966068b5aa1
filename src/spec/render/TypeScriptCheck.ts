/**
 * What cannot be said in TypeScript.
 *
 * @since 0.1.0
 */
import { refsIn, typesOfCommand } from "../internal/references.ts"
import type * as SpecIr from "../SpecIr.ts"

/**
 * Names the types of a command that have no schema in TypeScript, each in one sentence.
 *
 * @category combinators
 * @since 0.1.0
 */
export const types = (command: SpecIr.Command): ReadonlyArray<string> => {
  const missing = new Set(
    typesOfCommand(command).flatMap(refsIn)
      .filter(({ external }) => external !== undefined && external.typescript === undefined)
      .map(({ name }) => name)
  )
  return [...missing].map((name) =>
    `does not know where the type ${name} is in TypeScript; say so in "types" of opbus.config.json`
  )
}
