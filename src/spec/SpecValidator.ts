/**
 * What specs must fulfil besides their shape: everything that would not compile, or would break the rules of the system.
 *
 * @since 0.1.0
 */
import type { Problems } from "./internal/front/problems.ts"
import type * as SpecIr from "./SpecIr.ts"
import type { SpecFile } from "./SpecReader.ts"

/** @internal */
export const check = (
  _files: ReadonlyArray<SpecFile>,
  _commands: ReadonlyArray<SpecIr.Command>,
  _modules: ReadonlyArray<SpecIr.Module>,
  _problems: Problems
): void => {}
