/**
 * What can be deployed: an operation, and the file of its handler.
 *
 * @since 0.1.0
 */
import type * as Context from "effect/Context"
import * as Predicate from "effect/Predicate"
import type * as Operation from "../operation/Operation.ts"

const TypeId = "~opbus/remote/Deployable"

/**
 * A file, and the name of what it exports.
 *
 * @category models
 * @since 0.1.0
 */
export interface ModuleExport {
  /** Usually `new URL("./analyzeText.ts", import.meta.url)`. */
  readonly module: URL | string
  /** Default `"default"`. */
  readonly export?: string | undefined
}

/**
 * What the platform gives the worker under a name.
 *
 * @category models
 * @since 0.1.0
 */
export type Binding =
  /** A text that nobody writes down: it comes from the environment, or from `wrangler secret put`. */
  | { readonly type: "secret" }
  | { readonly type: "text"; readonly value: string }
  /** A KV namespace. */
  | { readonly type: "kv"; readonly id?: string | undefined }
  /** A D1 database. */
  | { readonly type: "d1"; readonly database?: string | undefined; readonly id?: string | undefined }

/**
 * How an operation is deployed.
 *
 * @category models
 * @since 0.1.0
 */
export interface DeployableOptions {
  /** The file whose export is the handler's Layer, that is, what `operation.toLayer` gives. */
  readonly handler: URL | string
  /** The name of that export. Default `"default"`. */
  readonly export?: string | undefined
  /** Layers that provide what the handler needs where it runs; they may need `EdgeWorker.Bindings`. */
  readonly layers?: ReadonlyArray<ModuleExport> | undefined
  /** What the handler needs, for the record of the deployment. */
  readonly services?: ReadonlyArray<Context.Key<any, any>> | undefined
  readonly bindings?: Readonly<Record<string, Binding>> | undefined
}

/**
 * An operation that can be deployed.
 *
 * @category models
 * @since 0.1.0
 */
export interface Deployable {
  readonly [TypeId]: typeof TypeId
  readonly operation: Operation.Any
  readonly handler: ModuleExport
  readonly layers: ReadonlyArray<ModuleExport>
  readonly services: ReadonlyArray<string>
  readonly bindings: ReadonlyMap<string, Binding>
}

/**
 * Says where the handler of an operation is, so that it can be deployed without the rest of the application.
 *
 * **When to use**
 *
 * Use in the module that is given to `opbus deploy --app`, which exports an array of these as `deployables`.
 *
 * **Details**
 *
 * The handler is named by its file and not by its value: a bundler follows imports, and a value would bring along
 * whatever the application imports. The file should import the definition and what the handler needs, and no more.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (operation: Operation.Any, options: DeployableOptions): Deployable => ({
  [TypeId]: TypeId,
  operation,
  handler: { module: options.handler, export: options.export },
  layers: options.layers ?? [],
  services: options.services?.map((service) => service.key) ?? [],
  bindings: new Map(Object.entries(options.bindings ?? {}))
})

/**
 * Tells whether a value is a deployable operation.
 *
 * @category guards
 * @since 0.1.0
 */
export const isDeployable = (u: unknown): u is Deployable => Predicate.hasProperty(u, TypeId)
