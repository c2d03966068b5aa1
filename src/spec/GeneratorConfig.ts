/**
 * How a project wants its specs compiled: `opbus.config.json`.
 *
 * @since 0.1.0
 */

/**
 * The configuration with every default filled in. Paths are relative to the project's root, with forward slashes.
 *
 * @category models
 * @since 0.1.0
 */
export interface ResolvedConfig {
  readonly specs: string
  readonly typescript: {
    readonly out: string
    readonly tests: string
    readonly docs: string
    /** `"opbus"`, or a folder of sources that generated files import relatively, with extensions. */
    readonly runtime: string
  }
  readonly rust: {
    readonly core: string
    readonly node: string
    /** The name of the crate in `core`. */
    readonly crate: string
  }
  /** Adapters that every spec goes through besides its own. */
  readonly adapters: ReadonlyArray<string>
  /** npm packages that export adapters. */
  readonly plugins: ReadonlyArray<string>
  readonly types: ReadonlyMap<string, { readonly typescript?: string; readonly rust?: string }>
  /** Folders that `audit`, `reverse` and `enforce` look at. */
  readonly sources: ReadonlyArray<string>
  /** Where adapters that are neither TypeScript nor Rust write, by adapter name. */
  readonly output: ReadonlyMap<string, string>
}
