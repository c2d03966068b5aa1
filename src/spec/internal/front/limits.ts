/**
 * How large a spec may be. A spec is written by people or agents, so every limit is far above what anybody can read, and far
 * below what would hurt the compiler.
 */

/** @internal */
export const maxSourceLength = 1024 * 1024
/** @internal */
export const maxJsonDepth = 64
/** @internal */
export const maxTypeLength = 4096
/** @internal */
export const maxTypeDepth = 16
/** @internal */
export const maxFields = 256
/** @internal */
export const maxTypes = 512
/** @internal */
export const maxEnumValues = 1024
/** @internal */
export const maxVariants = 256
/** @internal */
export const maxExamples = 256
/** @internal */
export const maxNameLength = 64
/** @internal */
export const maxPatternLength = 512
/** @internal */
export const maxDescriptionLength = 4096
/** More than anybody reads at once; the rest shows after these are mended. @internal */
export const maxProblems = 200
