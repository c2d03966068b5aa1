/**
 * Hashes of specs and of generated files.
 *
 * @since 0.1.0
 */
import * as internal from "../internal/sha256.ts"

/**
 * SHA-256 of a text's UTF-8, in hexadecimal.
 *
 * **When to use**
 *
 * Use to tell whether two texts are the same. Synchronous and portable: the platform's own is neither in every place that
 * compiles specs.
 *
 * @category hashing
 * @since 0.1.0
 */
export const sha256: (text: string) => string = internal.sha256
