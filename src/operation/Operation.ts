/**
 * What an operation is: a key, schemas for input, output and errors, and annotations, as one serialisable value.
 *
 * A definition says nothing about how the operation runs. A handler is attached with `toLayer`, found again through the
 * `OperationRegistry`, and run by the `OperationInvoker`; a set of definitions is an `OperationGroup`.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import type * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { Concurrency } from "./Concurrency.ts"
import * as internal from "./internal/definition.ts"
import * as marks from "./internal/sensitive.ts"
import type { OperationContext } from "./OperationContext.ts"
import type { OperationError } from "./OperationError.ts"
import type { HandlerOptions, OperationRegistry } from "./OperationRegistry.ts"

export {
  fromFunction,
  fromFunctionRecord,
  fromJson,
  fromJsonResult,
  OperationJsonError,
  toFunctionRecord,
  toJson
} from "./OperationJson.ts"
export type {
  FromJsonOptions,
  FunctionDefinition,
  FunctionHandler,
  FunctionOperation,
  FunctionRecord,
  JsonOperation,
  OperationJson
} from "./OperationJson.ts"

/**
 * The runtime type identifier of operations.
 *
 * @category type IDs
 * @since 0.1.0
 */
export const TypeId: TypeId = internal.OperationTypeId

/**
 * The type of the runtime type identifier of operations.
 *
 * @category type IDs
 * @since 0.1.0
 */
export type TypeId = "~opbus/operation/Operation"

/**
 * How a handler runs: `"sync"` handlers complete within `Effect.runSync`, `"async"` ones may suspend.
 *
 * @category models
 * @since 0.1.0
 */
export type ExecutionMode = "sync" | "async"

/**
 * Identity and description of an operation.
 *
 * @category models
 * @since 0.1.0
 */
export interface Meta<out Key extends string = string> {
  /** Dotted and unique in an application, for example `"note.create"`. */
  readonly key: Key
  readonly label?: string
  readonly description?: string
  /** Counts incompatible changes of the schemas; a deployment is looked up by key and version. Default 1. */
  readonly version?: number
}

/**
 * A schema that an operation accepts: it needs no services to decode or encode.
 *
 * @category models
 * @since 0.1.0
 */
export type AnySchema = Schema.ConstraintCodec<unknown, unknown>

/**
 * A typed, serialisable definition of something that can be invoked.
 *
 * **When to use**
 *
 * Use as a plain value (`const CreateNote = Operation.make({…})`) or as a class
 * (`class CreateNote extends Operation.make({…}) {}`), whichever reads better: both are the same thing.
 *
 * @category models
 * @since 0.1.0
 */
export interface Operation<
  in out Key extends string,
  out Input extends AnySchema,
  out Output extends AnySchema,
  out Error extends AnySchema,
  out Progress extends AnySchema = Schema.Never,
  out Mode extends ExecutionMode = "async",
  out IsStream extends boolean = false
> {
  new(_: never): {}

  readonly [TypeId]: TypeId
  readonly key: Key
  readonly meta: Meta<Key>
  readonly input: Input
  readonly output: Output
  readonly error: Error
  readonly progress: Progress
  readonly executionMode: Mode
  readonly stream: IsStream
  readonly concurrency: Concurrency<any>
  /** The same schemas under the names of the reference design. */
  readonly schema: {
    readonly input: Input
    readonly output: Output
    readonly error: Error
    readonly progress: Progress
  }
  readonly annotations: Context.Context<never>

  pipe: internal.PipeMethod

  /** Returns the operation with one annotation added, for example a permission. */
  annotate<I, S>(
    key: Context.Key<I, S>,
    value: NoInfer<S>
  ): Operation<Key, Input, Output, Error, Progress, Mode, IsStream>

  /** Returns the operation with all annotations of a context added. */
  annotateMerge<I>(
    annotations: Context.Context<I>
  ): Operation<Key, Input, Output, Error, Progress, Mode, IsStream>

  /**
   * Attaches a handler. The layer registers it while it is alive: a plugin is removed by closing its scope.
   *
   * What the handler needs becomes a requirement of the layer, so `invoke` itself needs nothing.
   */
  toLayer<H extends HandlerFn<Input, Output, Error, IsStream, any>, EX = never, RX = never>(
    build: H | Effect.Effect<H, EX, RX>,
    options?: HandlerOptions
  ): Layer.Layer<Handler<Key>, EX, Provided<HandlerServices<H> | RX> | OperationRegistry>

  /** Attaches a handler that is loaded when it is first invoked. */
  toLayerLazy<H extends HandlerFn<Input, Output, Error, IsStream, any>>(
    load: Mode extends "sync" ? SynchronousOperationCannotBeLazy
      : () => Promise<internal.LazyModule<H>>,
    options?: HandlerOptions
  ): Layer.Layer<Handler<Key>, never, Provided<HandlerServices<H>> | OperationRegistry>
}

/**
 * Named in the type error that a lazy handler of a synchronous operation gives.
 *
 * @category utility types
 * @since 0.1.0
 */
export interface SynchronousOperationCannotBeLazy {
  readonly "~error": "a handler of a synchronous operation cannot be loaded lazily"
}

/**
 * What a handler's layer still needs: the handler's services without those that are always there.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Provided<R> = Exclude<R, OperationContext>

/**
 * A handler: from input to an effect of output, or a stream of output.
 *
 * It fails with what the operation declares, or with an `OperationError`, which every caller expects anyway: a handler may
 * invoke other operations without wrapping what the bus says.
 *
 * @category models
 * @since 0.1.0
 */
export type HandlerFn<
  Input extends AnySchema,
  Output extends AnySchema,
  Error extends AnySchema,
  IsStream extends boolean,
  R
> = (input: Input["Type"]) => IsStream extends true ? Stream.Stream<Output["Type"], Error["Type"] | OperationError, R>
  : Effect.Effect<Output["Type"], Error["Type"] | OperationError, R>

/**
 * Any operation.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any {
  readonly [TypeId]: TypeId
  readonly key: string
  readonly meta: Meta
  readonly input: AnySchema
  readonly output: AnySchema
  readonly error: AnySchema
  readonly progress: AnySchema
  readonly executionMode: ExecutionMode
  readonly stream: boolean
  readonly concurrency: Concurrency<any>
  readonly annotations: Context.Context<never>
}

/**
 * The services that a handler needs.
 *
 * @category utility types
 * @since 0.1.0
 */
export type HandlerServices<H> = H extends
  (...args: any) => Effect.Effect<infer _A, infer _E, infer R> | Stream.Stream<infer _A, infer _E, infer R> ? R : never

/**
 * The handler type of an operation, to write a handler away from its layer. A failure that the operation does not
 * declare does not fit.
 *
 * @category utility types
 * @since 0.1.0
 */
export type HandlerOf<Op extends Any, R = never> = (
  input: Op["input"]["Type"]
) => Op["stream"] extends true ? Stream.Stream<Op["output"]["Type"], Op["error"]["Type"] | OperationError, R>
  : Effect.Effect<Op["output"]["Type"], Op["error"]["Type"] | OperationError, R>

/**
 * The input of an operation, as its handler sees it.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Input<Op extends Any> = Op["input"]["Type"]

/**
 * The output of an operation, as its caller sees it.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Output<Op extends Any> = Op["output"]["Type"]

/**
 * The typed failure that an operation declares.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Failure<Op extends Any> = Op["error"]["Type"]

/**
 * Stands for "the handler of this key is registered" in the types of layers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Handler<in out Key extends string> {
  readonly "~opbus/operation/Handler": Key
}

/**
 * What `Operation.make` takes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Props<
  Key extends string,
  Input extends AnySchema,
  Output extends AnySchema,
  Error extends AnySchema,
  Progress extends AnySchema,
  Mode extends ExecutionMode,
  IsStream extends boolean
> {
  readonly meta: Meta<Key>
  /** Default `Schema.Void`. */
  readonly input?: Input
  /** Default `Schema.Void`. For a stream operation: one element. */
  readonly output?: Output
  /** What a caller can expect to go wrong. Default `Schema.Never`. */
  readonly error?: Error
  /** What the handler may report while it runs, through `OperationContext.progress`. */
  readonly progress?: Progress
  /** Default `"async"`. */
  readonly executionMode?: Mode
  /** `true`: the handler returns a `Stream` of output. Not for synchronous operations. */
  readonly stream?: Mode extends "sync" ? false : IsStream
  /** Default `"unbounded"`, the only choice for synchronous operations. */
  readonly concurrency?: Mode extends "sync" ? "unbounded" : Concurrency<Input["Type"]>
}

/**
 * Defines an operation.
 *
 * **When to use**
 *
 * Use once for everything a user, a plugin, a remote caller or an agent may ask the application to do.
 *
 * **Details**
 *
 * Throws a `TypeError` when the key is empty or a dotted part of it is missing, and when a synchronous operation asks for a
 * stream or for a concurrency policy: all of them are mistakes in the program text.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: <
  const Key extends string,
  Input extends AnySchema = Schema.Void,
  Output extends AnySchema = Schema.Void,
  Error extends AnySchema = Schema.Never,
  Progress extends AnySchema = Schema.Never,
  const Mode extends ExecutionMode = "async",
  const IsStream extends boolean = false
>(
  props: Props<Key, Input, Output, Error, Progress, Mode, IsStream>
) => Operation<Key, Input, Output, Error, Progress, Mode, IsStream> = internal.make as any

/**
 * Tells whether a value is an operation.
 *
 * @category guards
 * @since 0.1.0
 */
export const isOperation = (u: unknown): u is Any => Predicate.hasProperty(u, TypeId)

// ---------------------------------------------------------------------------
// names of the reference design
// ---------------------------------------------------------------------------

/**
 * Any operation with this input and output: the reference design's name for a definition.
 *
 * @category models
 * @since 0.1.0
 */
export interface OperationDefinition<I, O, E = never> extends Any {
  readonly input: Schema.ConstraintCodec<I, unknown>
  readonly output: Schema.ConstraintCodec<O, unknown>
  readonly error: Schema.ConstraintCodec<E, unknown>
}

/**
 * The reference design's name for what `Operation.make` takes.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationProps<I extends AnySchema, O extends AnySchema, E extends AnySchema = Schema.Never> = Props<
  string,
  I,
  O,
  E,
  AnySchema,
  ExecutionMode,
  boolean
>

/**
 * The reference design's name for a handler.
 *
 * @category models
 * @since 0.1.0
 */
export type OperationHandler<I, O, E = never, R = never> = (input: I) => Effect.Effect<O, E, R>

// ---------------------------------------------------------------------------
// annotations
// ---------------------------------------------------------------------------

export { Icon, Idempotent, Irreversible, Permission, Readonly } from "./internal/annotations.ts"

/**
 * Marks a schema's values as sensitive: events, logs, traces, devtools and stores show `"<redacted>"` instead.
 *
 * **When to use**
 *
 * Use on the fields of an operation's schemas that hold secrets or personal data.
 *
 * **Details**
 *
 * The mark is the annotation `sensitive: true`. It covers everything below the schema, and what a transformation makes
 * of it. A history entry that would need a sensitive field is not persisted.
 *
 * @category annotations
 * @since 0.1.0
 */
export const sensitive: <S extends Schema.Top>(schema: S) => S["Rebuild"] = marks.sensitive

/**
 * Reads an annotation of an operation, or its default.
 *
 * @category annotations
 * @since 0.1.0
 */
export const annotation = <S>(self: Any, reference: Context.Reference<S>): S => Context.get(self.annotations, reference)
