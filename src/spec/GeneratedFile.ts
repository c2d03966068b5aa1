/**
 * A file that the spec compiler wants to exist.
 *
 * @since 0.1.0
 */

/**
 * A file, with its path relative to the project's root and forward slashes in it.
 *
 * **Details**
 *
 * - `generated`: belongs to the compiler, which overwrites it as long as nobody else has touched it. Its header names the spec
 *   and carries the hashes; the writer adds it, in the comment syntax of the language.
 * - `once`: a place to write code in. Made when it is not there, never touched again.
 *
 * @category models
 * @since 0.1.0
 */
export interface GeneratedFile {
  readonly path: string
  readonly kind: "generated" | "once"
  /** Without the header. Ends with a newline. */
  readonly contents: string
  /** What it was made from, for the header: spec files, relative to the project's root. */
  readonly sources: ReadonlyArray<string>
  /** The hash that the header carries: of the spec, or of the module. */
  readonly hash: string
  /** How comments start; derived from the extension of the path when left out. `"none"` for JSON. */
  readonly comment?: "//" | "#" | "<!--" | "none"
}
