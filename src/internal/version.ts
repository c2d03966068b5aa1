/**
 * The version of this package. A test holds it against `package.json`, which not every bundle can read.
 *
 * @internal
 */
export const version = "0.1.0"
