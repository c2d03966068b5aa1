/**
 * `audit`, `reverse` and `enforce` as operations: what agents ask before and after they change code.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Path from "effect/Path"
import type { PlatformError } from "effect/PlatformError"
import type { ChildProcessSpawner } from "effect/process/ChildProcessSpawner"
import * as Schema from "effect/Schema"
import * as Operation from "../operation/Operation.ts"
import { type InvokeOptions, OperationInvoker } from "../operation/OperationInvoker.ts"
import type { OperationRegistry } from "../operation/OperationRegistry.ts"
import { CommandSpec } from "./CommandSpec.ts"
import * as ConformanceAudit from "./ConformanceAudit.ts"
import * as ReverseEngineer from "./ReverseEngineer.ts"
import type { SourceParser } from "./SourceParser.ts"
import * as SpecCompiler from "./SpecCompiler.ts"
import * as SpecEnforcer from "./SpecEnforcer.ts"

/**
 * The project cannot be looked at. Nothing was changed.
 *
 * @category errors
 * @since 0.1.0
 */
export class ProjectRefused extends Schema.TaggedError<ProjectRefused>()("ProjectRefused", {
  reason: Schema.Literals(["Specs", "Sources", "Git", "Files"]),
  message: Schema.String
}) {}

/**
 * Files and folders of the project, relative to its root; by default the configured sources.
 *
 * @category schemas
 * @since 0.1.0
 */
export const SourcesParams = Schema.Struct({ sources: Schema.optionalKey(Schema.Array(Schema.String)) })

/**
 * Files and folders of the project, relative to its root; by default the configured sources.
 *
 * @category models
 * @since 0.1.0
 */
export interface SourcesParams extends Schema.Schema.Type<typeof SourcesParams> {}

const place = { path: Schema.String, line: Schema.Int, column: Schema.Int, message: Schema.String }

const rule = Schema.Literals(["spec", "accessor", "any", "raw-call", "managed-service", "heal", "unreadable"])

/**
 * The figures of an audit, and every violation.
 *
 * @category schemas
 * @since 0.1.0
 */
export const AuditResult = Schema.Struct({
  commands: Schema.Int,
  conforming: Schema.Int,
  withSpec: Schema.Int,
  withAccessor: Schema.Int,
  anyPlaces: Schema.Int,
  anyCommands: Schema.Int,
  rawCalls: Schema.Int,
  resourceOwning: Schema.Int,
  managed: Schema.Int,
  healing: Schema.Int,
  violations: Schema.Array(Schema.Struct({ ...place, rule, commands: Schema.Array(Schema.String) })),
  folders: Schema.Array(Schema.Struct({
    folder: Schema.String,
    commands: Schema.Int,
    violating: Schema.Int,
    counts: Schema.Array(Schema.Struct({ rule, count: Schema.Int }))
  }))
})

/**
 * Looks how far the project keeps to its specs.
 *
 * @category operations
 * @since 0.1.0
 */
export class Audit extends Operation.make({
  meta: {
    key: "spec.audit",
    label: "Audit the project",
    description: "Figures of specs, static accessors, any, raw calls and resource-owning modules, with every violation."
  },
  input: SourcesParams,
  output: AuditResult,
  error: ProjectRefused
}).annotate(Operation.Permission, "spec:read").annotate(Operation.Readonly, true).annotate(Operation.Idempotent, true) {
  /** Invokes `spec.audit`. */
  static invoke(params: SourcesParams, options?: InvokeOptions) {
    return OperationInvoker.invoke(Audit, params, options)
  }
}

/**
 * The specs of existing code, and what could not be seen.
 *
 * @category schemas
 * @since 0.1.0
 */
export const ReverseResult = Schema.Struct({
  commands: Schema.Array(Schema.Struct({
    spec: CommandSpec,
    file: Schema.String,
    path: Schema.String,
    line: Schema.Int,
    name: Schema.String,
    kind: Schema.Literals(["generated", "operation", "interfaces"])
  })),
  warnings: Schema.Array(Schema.Struct({
    ...place,
    code: Schema.Literals(["any", "missing-type", "computed", "unsupported", "pattern", "dropped"])
  })),
  broken: Schema.Array(Schema.Struct(place))
})

/**
 * Reads the commands of existing code as specs, and writes nothing.
 *
 * @category operations
 * @since 0.1.0
 */
export class Reverse extends Operation.make({
  meta: {
    key: "spec.reverse",
    label: "Read specs from code",
    description: "Reads the commands of existing TypeScript as specs, with warnings for what cannot be seen."
  },
  input: SourcesParams,
  output: ReverseResult,
  error: ProjectRefused
}).annotate(Operation.Permission, "spec:read").annotate(Operation.Readonly, true).annotate(Operation.Idempotent, true) {
  /** Invokes `spec.reverse`. */
  static invoke(params: SourcesParams, options?: InvokeOptions) {
    return OperationInvoker.invoke(Reverse, params, options)
  }
}

/**
 * What to compare with.
 *
 * @category schemas
 * @since 0.1.0
 */
export const EnforceParams = Schema.Struct({
  /** The revision that breaking changes are looked for against. */
  since: Schema.optionalKey(Schema.String),
  /** Breaking changes are warnings. */
  allowBreaking: Schema.optionalKey(Schema.Boolean)
})

/**
 * What to compare with.
 *
 * @category models
 * @since 0.1.0
 */
export interface EnforceParams extends Schema.Schema.Type<typeof EnforceParams> {}

/**
 * What there is to do.
 *
 * @category schemas
 * @since 0.1.0
 */
export const EnforceResult = Schema.Struct({
  commands: Schema.Int,
  added: Schema.Int,
  generated: Schema.Int,
  findings: Schema.Array(Schema.Struct({
    ...place,
    level: Schema.Literals(["error", "warning"]),
    rule: Schema.Literals(["spec", "generated", "breaking", "unreadable"])
  })),
  errors: Schema.Int,
  warnings: Schema.Int
})

/**
 * Looks whether new commands have specs, generated files are what their specs say, and callers would break.
 *
 * @category operations
 * @since 0.1.0
 */
export class Enforce extends Operation.make({
  meta: {
    key: "spec.enforce",
    label: "Enforce the specs",
    description:
      "Finds new commands without a spec, generated files that are not what their specs say, breaking changes."
  },
  input: EnforceParams,
  output: EnforceResult,
  error: ProjectRefused
}).annotate(Operation.Permission, "spec:read").annotate(Operation.Readonly, true).annotate(Operation.Idempotent, true) {
  /** Invokes `spec.enforce`. */
  static invoke(params: EnforceParams, options?: InvokeOptions) {
    return OperationInvoker.invoke(Enforce, params, options)
  }
}

type Needs = FileSystem.FileSystem | Path.Path | SourceParser | ChildProcessSpawner

/**
 * The handlers of `spec.audit`, `spec.reverse` and `spec.enforce` for one project. A caller cannot choose another folder.
 *
 * **When to use**
 *
 * Use beside `GeneratorOperations.layer` in an application whose agents write code. Provide `NodeSourceParser.layer`, and
 * `NodeAdapterLoader.layer` when the project has plugins.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: { readonly root: string }): Layer.Layer<
  Operation.Handler<"spec.audit"> | Operation.Handler<"spec.reverse"> | Operation.Handler<"spec.enforce">,
  never,
  Needs | OperationRegistry
> => {
  const { root } = options
  return Layer.mergeAll(
    Audit.toLayer(handler((params: SourcesParams) => withSources(root, params, ConformanceAudit.audit))),
    Reverse.toLayer(
      handler((params: SourcesParams) =>
        Effect.map(withSources(root, params, ReverseEngineer.reverse), ({ broken, commands, warnings }) => ({
          commands,
          warnings,
          broken: broken.map(({ column, line, message, path }) => ({ path, line, column, message }))
        }))
      )
    ),
    Enforce.toLayer(
      handler((params: EnforceParams) =>
        Effect.flatMap(
          SpecCompiler.open({ root }),
          ({ adapters, config }) => SpecEnforcer.enforce({ root, config, adapters, ...params })
        )
      )
    )
  )
}

type Trouble = SpecCompiler.GenerateError | PlatformError | SpecEnforcer.GitError | ProjectRefused

/** Takes the services when the layer is made: a call has none. */
const handler = <P, A>(run: (params: P) => Effect.Effect<A, Trouble, Needs>) =>
  Effect.map(
    Effect.context<Needs>(),
    (services) => (params: P) => Effect.mapError(Effect.provideContext(run(params), services), refusal)
  )

const withSources = Effect.fnUntraced(function*<A, R>(
  root: string,
  { sources }: SourcesParams,
  run: (options: ReverseEngineer.ReverseOptions) => Effect.Effect<A, PlatformError, R>
) {
  const path = yield* Path.Path
  const { config } = yield* SpecCompiler.open({ root })
  const outside = sources?.find((source) => {
    const relative = path.relative(path.resolve(root), path.resolve(root, source))
    return relative === ".." || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)
  })
  if (outside !== undefined) {
    return yield* new ProjectRefused({ reason: "Sources", message: `${outside} is outside of the project` })
  }
  return yield* run({ root, config, sources })
})

const refusal = (error: Trouble): ProjectRefused => {
  switch (error._tag) {
    case "ProjectRefused":
      return error
    case "SpecError":
    case "AdapterError":
      return new ProjectRefused({ reason: "Specs", message: error.message })
    case "GitError":
      return new ProjectRefused({ reason: "Git", message: error.message })
    default:
      return new ProjectRefused({ reason: "Files", message: error.message })
  }
}
