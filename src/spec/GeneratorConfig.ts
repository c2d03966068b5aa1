/**
 * How a project wants its specs compiled: `opbus.config.json`.
 *
 * @since 0.1.0
 */

import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { isInside } from "./internal/compiler/outputPath.ts"
import { makeDecoder } from "./internal/front/decode.ts"
import { lineOf, parseJson, placeOf } from "./internal/front/jsonText.ts"
import { SpecError, type SpecProblem } from "./SpecError.ts"

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

/** A folder or file of the project. The root itself is allowed where folders of sources are named. */
const ProjectPath = Schema.String.check(
  Schema.makeFilter((path) => path === "." || isInside(trimmed(path)), {
    expected: "a path below the project's root, with forward slashes"
  })
)

const Paths = Schema.Array(ProjectPath)
const Names = Schema.Array(Schema.NonEmptyString)

/**
 * `opbus.config.json`, as it is written. Everything may be left out.
 *
 * @category schemas
 * @since 0.1.0
 */
export const GeneratorConfig = Schema.Struct({
  $schema: Schema.optionalKey(Schema.String),
  specs: Schema.optionalKey(ProjectPath),
  typescript: Schema.optionalKey(Schema.Struct({
    out: Schema.optionalKey(ProjectPath),
    tests: Schema.optionalKey(ProjectPath),
    docs: Schema.optionalKey(ProjectPath),
    runtime: Schema.optionalKey(ProjectPath)
  })),
  rust: Schema.optionalKey(Schema.Struct({
    core: Schema.optionalKey(ProjectPath),
    node: Schema.optionalKey(ProjectPath),
    crate: Schema.optionalKey(
      Schema.String.check(
        Schema.isPattern(/^[a-z][a-z0-9_-]*$/, { expected: "the name of a crate: lower-case letters, digits, - and _" })
      )
    )
  })),
  adapters: Schema.optionalKey(Names),
  plugins: Schema.optionalKey(Names),
  types: Schema.optionalKey(Schema.Record(
    Schema.String,
    Schema.Struct({
      typescript: Schema.optionalKey(Schema.NonEmptyString),
      rust: Schema.optionalKey(Schema.NonEmptyString)
    })
  )),
  sources: Schema.optionalKey(Paths),
  output: Schema.optionalKey(Schema.Record(Schema.String, ProjectPath))
})

/**
 * `opbus.config.json`, as it is written.
 *
 * @category models
 * @since 0.1.0
 */
export interface GeneratorConfig extends Schema.Schema.Type<typeof GeneratorConfig> {}

const decode = makeDecoder(GeneratorConfig)

const trimmed = (path: string): string => path.replace(/^\.\//, "").replace(/\/+$/, "")

const folder = (path: string | undefined, fallback: string): string => path === undefined ? fallback : trimmed(path)

/**
 * Fills in what a configuration leaves out.
 *
 * @category constructors
 * @since 0.1.0
 */
export const resolve = (config: GeneratorConfig = {}): ResolvedConfig => {
  const { rust = {}, typescript = {} } = config
  const out = folder(typescript.out, "src/operations")
  return {
    specs: folder(config.specs, "specs"),
    typescript: {
      out,
      tests: folder(typescript.tests, out),
      docs: folder(typescript.docs, out),
      runtime: folder(typescript.runtime, "opbus")
    },
    rust: {
      core: folder(rust.core, "native/core"),
      node: folder(rust.node, "native/node"),
      crate: rust.crate ?? "app-core"
    },
    adapters: config.adapters ?? [],
    plugins: config.plugins ?? [],
    types: new Map(Object.entries(config.types ?? {})),
    sources: (config.sources ?? ["src"]).map(trimmed),
    output: new Map(Object.entries(config.output ?? {}).map(([name, path]) => [name, trimmed(path)]))
  }
}

/**
 * The name of the file.
 *
 * @category constants
 * @since 0.1.0
 */
export const fileName = "opbus.config.json"

/**
 * Reads the text of a configuration, and fills in what it leaves out. Problems say where they are, as those of specs do.
 *
 * @category parsing
 * @since 0.1.0
 */
export const parse = (text: string, source = fileName): Result.Result<ResolvedConfig, SpecError> => {
  const json = parseJson(text)
  const fail = (problems: ReadonlyArray<SpecProblem>) => Result.fail(new SpecError({ problems }))
  if (json._tag === "Problem") {
    const { message, offset, path } = json
    return fail([{ source, path, ...lineOf(text, offset), message, suggestions: [] }])
  }
  const decoded = decode(json.value)
  return "findings" in decoded
    ? fail(
      decoded.findings.map((finding) => ({ source, ...finding, ...lineOf(text, placeOf(json.places, finding.path)) }))
    )
    : Result.succeed(resolve(decoded.value as GeneratorConfig))
}
