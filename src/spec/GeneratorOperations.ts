/**
 * The compiler as an operation: what people, plugins and agents invoke like everything else.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import * as Schema from "effect/Schema"
import * as Operation from "../operation/Operation.ts"
import { OperationContext } from "../operation/OperationContext.ts"
import { type InvokeOptions, OperationInvoker } from "../operation/OperationInvoker.ts"
import type { OperationRegistry } from "../operation/OperationRegistry.ts"
import { AdapterLoader } from "./AdapterLoader.ts"
import * as SpecCompiler from "./SpecCompiler.ts"

/**
 * What is generated, and how far that may go. The project is the one that the layer was made for.
 *
 * @category schemas
 * @since 0.1.0
 */
export const GenerateParams = Schema.Struct({
  /** Only what these specs make: their files or names. */
  specs: Schema.optionalKey(Schema.Array(Schema.String)),
  /** These adapters in place of each spec's own. */
  adapters: Schema.optionalKey(Schema.Array(Schema.String)),
  /** Writes nothing. */
  dryRun: Schema.optionalKey(Schema.Boolean),
  /** Overwrites other files, and keeps copies. */
  force: Schema.optionalKey(Schema.Boolean),
  /** Removes generated files that no spec makes any more. */
  prune: Schema.optionalKey(Schema.Boolean)
})

/**
 * What is generated, and how far that may go.
 *
 * @category models
 * @since 0.1.0
 */
export interface GenerateParams extends Schema.Schema.Type<typeof GenerateParams> {}

/**
 * What has been done, or would be.
 *
 * @category schemas
 * @since 0.1.0
 */
export const GenerateResult = Schema.Struct({
  /** Files that are as they should be are only counted. */
  changes: Schema.Array(Schema.Struct({
    path: Schema.String,
    action: Schema.Literals(["create", "update", "conflict", "stale"]),
    reason: Schema.optionalKey(Schema.String)
  })),
  unchanged: Schema.Int,
  kept: Schema.Int,
  removed: Schema.Array(Schema.String),
  backups: Schema.Array(Schema.String),
  written: Schema.Boolean
})

/**
 * What has been done, or would be.
 *
 * @category models
 * @since 0.1.0
 */
export interface GenerateResult extends Schema.Schema.Type<typeof GenerateResult> {}

/**
 * The specs are wrong, or an adapter cannot make their files. Nothing was written.
 *
 * @category errors
 * @since 0.1.0
 */
export class SpecsRefused extends Schema.TaggedError<SpecsRefused>()("SpecsRefused", {
  problems: Schema.Array(Schema.Struct({
    source: Schema.String,
    message: Schema.String,
    line: Schema.optionalKey(Schema.Int),
    column: Schema.optionalKey(Schema.Int),
    suggestions: Schema.Array(Schema.String)
  })),
  message: Schema.String
}) {}

/**
 * The files could not be written. Everything is as it was before.
 *
 * @category errors
 * @since 0.1.0
 */
export class FilesRefused extends Schema.TaggedError<FilesRefused>()("FilesRefused", {
  reason: Schema.Literals(["Conflict", "Outside", "Changed", "Failed"]),
  paths: Schema.Array(Schema.String),
  message: Schema.String
}) {}

/**
 * Compiles the specs of the project.
 *
 * @category operations
 * @since 0.1.0
 */
export class Generate extends Operation.make({
  meta: {
    key: "spec.generate",
    label: "Generate code from specs",
    description: "Compiles the specs of the project, and writes all files that they make, or none."
  },
  input: GenerateParams,
  output: GenerateResult,
  error: Schema.Union([SpecsRefused, FilesRefused]),
  progress: Schema.Struct({ step: Schema.Literals(["compile", "compare", "write"]), count: Schema.Int }),
  concurrency: "serial"
})
  .annotate(Operation.Permission, "spec:generate")
  .annotate(Operation.Irreversible, true)
  .annotate(Operation.Idempotent, true)
{
  /** Invokes `spec.generate`. */
  static invoke(params: GenerateParams, options?: InvokeOptions) {
    return OperationInvoker.invoke(Generate, params, options)
  }
}

/**
 * The handler of `spec.generate` for one project. A caller cannot choose another folder.
 *
 * **When to use**
 *
 * Use in an application whose agents write specs. Provide `NodeAdapterLoader.layer` as well when the project has plugins.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: {
  readonly root: string
}): Layer.Layer<
  Operation.Handler<"spec.generate">,
  never,
  FileSystem.FileSystem | Path.Path | OperationRegistry
> =>
  Generate.toLayer(Effect.gen(function*() {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const loader = yield* AdapterLoader
    return (params: GenerateParams) =>
      generate(options.root, params).pipe(
        Effect.provideService(FileSystem.FileSystem, fs),
        Effect.provideService(Path.Path, path),
        Effect.provideService(AdapterLoader, loader)
      )
  }))

const generate = Effect.fnUntraced(function*(root: string, params: GenerateParams) {
  const { adapters, dryRun = false, force = false, prune = false, specs } = params
  const { progress } = yield* OperationContext
  const { plan, written } = yield* SpecCompiler.run({
    root,
    dryRun,
    force,
    prune,
    ...(specs === undefined ? {} : { specs }),
    ...(adapters === undefined ? {} : { only: adapters }),
    onProgress: (step, count) => Effect.runSync(progress({ step, count }))
  }).pipe(Effect.mapError(refusal))
  const count = (action: string) => plan.changes.filter((change) => change.action === action).length
  return {
    changes: plan.changes.flatMap(({ action, path, reason }) =>
      action === "unchanged" || action === "keep" ? [] : [{ path, action, ...(reason === undefined ? {} : { reason }) }]
    ),
    unchanged: count("unchanged"),
    kept: count("keep"),
    removed: written?.removed ?? [],
    backups: written?.backups ?? [],
    written: written !== undefined
  }
})

const refusal = (error: SpecCompiler.GenerateError): SpecsRefused | FilesRefused => {
  switch (error._tag) {
    case "SpecError":
      return new SpecsRefused({
        message: error.message,
        problems: error.problems.map(({ column, line, message, source, suggestions }) => ({
          source,
          message,
          suggestions,
          ...(line === undefined ? {} : { line }),
          ...(column === undefined ? {} : { column })
        }))
      })
    case "AdapterError":
      return new SpecsRefused({
        message: error.message,
        problems: error.problems.map(({ adapter, message, source }) => ({
          source: source ?? adapter,
          message: `the adapter ${JSON.stringify(adapter)} ${message}`,
          suggestions: []
        }))
      })
    case "FileWriterError":
      return new FilesRefused({ reason: error.reason, paths: error.paths, message: error.message })
  }
}
