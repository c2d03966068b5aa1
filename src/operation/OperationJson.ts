/**
 * Operations as JSON, and operations written as functions.
 *
 * `toJson` describes an operation to somebody who does not have its code: a registry of deployments, a command line, an
 * agent. `fromJson` makes an operation of that description, over plain JSON data.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as SchemaParser from "effect/SchemaParser"
import type { Concurrency } from "./Concurrency.ts"
import * as annotations from "./internal/annotations.ts"
import { misfit } from "./internal/codec.ts"
import * as definition from "./internal/definition.ts"
import * as jsonSchema from "./internal/jsonSchema.ts"
import { OperationFormat } from "./internal/operationFormat.ts"
import type * as Operation from "./Operation.ts"
import { OperationContext } from "./OperationContext.ts"
import type { OperationRegistry } from "./OperationRegistry.ts"

/**
 * A JSON Schema (draft 2020-12) that stands by itself: what it refers to is in its `$defs`.
 *
 * @category models
 * @since 0.1.0
 */
export type JsonSchemaDocument = { readonly [keyword: string]: Schema.Json }

/**
 * An operation as plain data.
 *
 * **Details**
 *
 * The schemas describe what `invokeKey` takes and gives, that is, the JSON side. Sensitive parts carry
 * `"x-sensitive": true`. Of a concurrency policy only the kind and the lane are there: functions are no data.
 *
 * @category models
 * @since 0.1.0
 */
export interface OperationJson {
  /** The version of this format. */
  readonly v: 1
  readonly key: string
  readonly label?: string
  readonly description?: string
  readonly version: number
  readonly executionMode: Operation.ExecutionMode
  readonly stream: boolean
  readonly concurrency: "unbounded" | "serial" | "switchLatest" | "drop" | "serialBy" | "singleFlightBy"
  readonly lane?: string
  readonly input: JsonSchemaDocument
  readonly output: JsonSchemaDocument
  readonly error: JsonSchemaDocument
  readonly progress: JsonSchemaDocument
  readonly annotations: {
    readonly permission?: string
    readonly idempotent?: true
    readonly readonly?: true
    readonly irreversible?: true
    readonly icon?: string
  }
}

/**
 * Why something is no operation as JSON, or why an operation cannot be written as JSON.
 *
 * @category errors
 * @since 0.1.0
 */
export class OperationJsonError extends Data.TaggedError("OperationJsonError")<{
  /** The key of the operation, where it is known. */
  readonly key: string | undefined
  /** In a few words. */
  readonly issue: string
  /** Where, from the root of the JSON. */
  readonly path: ReadonlyArray<PropertyKey>
}> {
  override get message(): string {
    const where = this.path.length === 0 ? "" : ` at ${this.path.map(String).join(".")}`
    const whose = this.key === undefined ? "an operation" : `"${this.key}"`
    return `The JSON of ${whose} is not usable${where}: ${
      this.issue.replace(/\.$/, "")
    }. Use what Operation.toJson gives.`
  }
}

// ---------------------------------------------------------------------------
// toJson
// ---------------------------------------------------------------------------

const sides = ["input", "output", "error", "progress"] as const

/**
 * Describes an operation as plain data.
 *
 * **When to use**
 *
 * Use to publish what an application can do: `Operation.fromJson` and every reader of JSON Schema understand it.
 *
 * **Details**
 *
 * Throws an `OperationJsonError` when a schema has no JSON side, for example because a property's name is a symbol.
 *
 * @category converting
 * @since 0.1.0
 */
export const toJson = (operation: Operation.Any): OperationJson => {
  const { concurrency, meta } = operation
  const keyed = typeof concurrency === "string" ? undefined : concurrency
  const lane = keyed !== undefined && "serialBy" in keyed ? keyed.lane : undefined
  const documents = sides.map((side) => {
    try {
      return jsonSchema.toDocument(operation[side])
    } catch (error) {
      const issue = String((error as Error).message).split("\n")[0]!
      throw new OperationJsonError({ key: operation.key, issue, path: [side] })
    }
  })
  return {
    v: 1,
    key: operation.key,
    ...(meta.label === undefined ? undefined : { label: meta.label }),
    ...(meta.description === undefined ? undefined : { description: meta.description }),
    version: meta.version ?? 1,
    executionMode: operation.executionMode,
    stream: operation.stream,
    concurrency: keyed === undefined
      ? concurrency as OperationJson["concurrency"]
      : "serialBy" in keyed
      ? "serialBy"
      : "singleFlightBy",
    ...(lane === undefined ? undefined : { lane }),
    input: documents[0]!,
    output: documents[1]!,
    error: documents[2]!,
    progress: documents[3]!,
    annotations: annotationsOf(operation)
  }
}

const annotationsOf = (operation: Operation.Any): OperationJson["annotations"] => {
  const value = <A>(reference: Context.Reference<A>): A => Context.get(operation.annotations, reference)
  const permission = value(annotations.Permission)
  const icon = value(annotations.Icon)
  return {
    ...(permission === undefined ? undefined : { permission }),
    ...(value(annotations.Idempotent) ? { idempotent: true } : undefined),
    ...(value(annotations.Readonly) ? { readonly: true } : undefined),
    ...(value(annotations.Irreversible) ? { irreversible: true } : undefined),
    ...(icon === undefined ? undefined : { icon })
  }
}

// ---------------------------------------------------------------------------
// fromJson
// ---------------------------------------------------------------------------

/**
 * An operation over plain JSON data. `stream` tells the two kinds apart: `invoke` takes the one, `invokeStream` the other.
 *
 * @category models
 * @since 0.1.0
 */
export type JsonOperation =
  | Operation.Operation<string, JsonCodec, JsonCodec, JsonCodec, JsonCodec, Operation.ExecutionMode, false>
  | Operation.Operation<string, JsonCodec, JsonCodec, JsonCodec, JsonCodec, "async", true>

/**
 * A schema of plain JSON data.
 *
 * @category models
 * @since 0.1.0
 */
export type JsonCodec = Schema.Codec<Schema.Json>

/**
 * How JSON becomes an operation.
 *
 * @category models
 * @since 0.1.0
 */
export interface FromJsonOptions {
  /**
   * Which patterns (regular expressions) the schemas check. `"safe"`: those that cannot take exponential time; others are
   * not checked. `"apply"`: all, for JSON that you trust. `"ignore"`: none. Default `"safe"`.
   */
  readonly patterns?: "safe" | "apply" | "ignore" | undefined
}

/**
 * Makes an operation of its JSON description.
 *
 * **When to use**
 *
 * Use to invoke or to show an operation whose code is elsewhere.
 *
 * **Details**
 *
 * The operation works on the JSON side: where the original takes a `Date`, this one takes its text. `toJson` of the result
 * equals the JSON it was made of. Its `serialBy` is one lane for everything, because the function is not known; its
 * `singleFlightBy` compares whole inputs. Throws an `OperationJsonError`; `fromJsonResult` returns it instead.
 *
 * **Gotchas**
 *
 * JSON Schema says less than a schema: a custom check is not in it. The original operation has the last word.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromJson = (json: unknown, options?: FromJsonOptions): JsonOperation =>
  Result.getOrThrow(fromJsonResult(json, options))

/**
 * Makes an operation of its JSON description, or says why not: for JSON that comes from outside.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromJsonResult = (
  json: unknown,
  options?: FromJsonOptions
): Result.Result<JsonOperation, OperationJsonError> => {
  const refuse = (key: string | undefined, issue: string, path: ReadonlyArray<PropertyKey>) =>
    Result.fail(new OperationJsonError({ key, issue, path }))

  const copied = copyJson(json)
  if ("issue" in copied) return refuse(undefined, copied.issue, copied.path)
  const { value } = copied
  if (Predicate.hasProperty(value, "v") && typeof value.v === "number" && value.v !== 1) {
    return refuse(undefined, `its format is version ${value.v}, and only version 1 is known here`, ["v"])
  }
  const decoded = SchemaParser.decodeUnknownResult(Format)(value, { onExcessProperty: "error" })
  if (Result.isFailure(decoded)) {
    const { issue, path } = misfit(decoded.failure, value)
    return refuse(undefined, issue, path)
  }
  const format = decoded.success
  const schemas: Record<string, JsonCodec> = {}
  for (const side of sides) {
    const schema = jsonSchema.fromDocument(format[side], options?.patterns ?? "safe")
    if (typeof schema === "string") return refuse(format.key, schema, [side])
    schemas[side] = schema
  }
  try {
    return Result.succeed(definition.make({
      meta: {
        key: format.key,
        version: format.version,
        ...(format.label === undefined ? undefined : { label: format.label }),
        ...(format.description === undefined ? undefined : { description: format.description })
      },
      ...schemas,
      executionMode: format.executionMode,
      stream: format.stream,
      concurrency: concurrencyOf(format),
      annotations: contextOf(format.annotations)
    }) as unknown as JsonOperation)
  } catch (error) {
    return refuse(format.key, (error as Error).message.replace(/^Operation\.make: /, "").split(". ")[0]!, [])
  }
}

const NonEmpty = Schema.String.check(Schema.isMinLength(1))

const Format = Schema.Struct({ ...OperationFormat.fields, key: NonEmpty })

const concurrencyOf = ({ concurrency, lane }: OperationJson): Concurrency<unknown> => {
  switch (concurrency) {
    case "serialBy":
      return { serialBy: () => "", ...(lane === undefined ? undefined : { lane }) }
    case "singleFlightBy":
      return { singleFlightBy: (input) => JSON.stringify(input) }
    default:
      return concurrency
  }
}

const contextOf = (json: OperationJson["annotations"]): Context.Context<never> => {
  let context: Context.Context<never> = Context.empty()
  if (json.permission !== undefined) context = Context.add(context, annotations.Permission, json.permission)
  if (json.idempotent) context = Context.add(context, annotations.Idempotent, true)
  if (json.readonly) context = Context.add(context, annotations.Readonly, true)
  if (json.irreversible) context = Context.add(context, annotations.Irreversible, true)
  if (json.icon !== undefined) context = Context.add(context, annotations.Icon, json.icon)
  return context
}

/** How deep JSON may be nested, and of how many values it may consist. */
const depthLimit = 500
const sizeLimit = 100_000

interface Misplaced {
  readonly issue: string
  readonly path: ReadonlyArray<PropertyKey>
}

/** A copy of JSON data that nobody else holds, or what in it is no JSON, too much, or named like a prototype. */
const copyJson = (json: unknown): { readonly value: Schema.Json } | Misplaced => {
  const path: Array<PropertyKey> = []
  let left = sizeLimit
  let problem: string | undefined
  const copy = (value: unknown): Schema.Json => {
    if (--left < 0) problem ??= "it is too large"
    else if (path.length > depthLimit) problem ??= "it is nested too deeply"
    if (problem !== undefined || value === null || typeof value === "string" || typeof value === "boolean") {
      return value as Schema.Json
    }
    if (typeof value === "number" && Number.isFinite(value)) return value
    if (Array.isArray(value)) return inside(Array.from(value.keys()), (i) => value[i as number]) as Array<Schema.Json>
    const prototype = typeof value === "object" ? Object.getPrototypeOf(value) : undefined
    if (prototype !== null && prototype !== Object.prototype) {
      problem = `${typeof value === "object" ? "an instance of a class" : `${typeof value}`} is no JSON`
      return null
    }
    const keys = Object.keys(value as object)
    const copied = inside(keys, (key) => (value as Record<PropertyKey, unknown>)[key])
    return Object.fromEntries(copied.map((item, i) => [keys[i]!, item]))
  }
  const inside = (keys: ReadonlyArray<string | number>, at: (key: PropertyKey) => unknown): Array<Schema.Json> => {
    const copied: Array<Schema.Json> = []
    for (const key of keys) {
      path.push(key)
      if (key === "__proto__") problem ??= "this name is not allowed"
      copied.push(copy(at(key)))
      // The path stays where the problem is.
      if (problem !== undefined) break
      path.pop()
    }
    return copied
  }
  const value = copy(json)
  return problem === undefined ? { value } : { issue: problem, path: path.length > 20 ? path.slice(0, 20) : path }
}

// ---------------------------------------------------------------------------
// functions
// ---------------------------------------------------------------------------

/**
 * What a function sees of its invocation.
 *
 * @category models
 * @since 0.1.0
 */
export interface FunctionContext extends Readonly<(typeof OperationContext)["Service"]> {
  /** Aborted when the invocation is interrupted. */
  readonly signal: AbortSignal
}

/**
 * A handler in the form of a function: it returns its output, a promise of it, or an effect.
 *
 * @category models
 * @since 0.1.0
 */
export type FunctionHandler<Input, Returned> = (call: {
  readonly context: FunctionContext
  readonly data: Input
}) => Returned

/**
 * What a function with this output and failure may return.
 *
 * @category utility types
 * @since 0.1.0
 */
export type FunctionReturn<Output, Failure> = Output | PromiseLike<Output> | Effect.Effect<Output, Failure, any>

/**
 * A function as it is defined: the seed's form of an operation with its handler.
 *
 * @category models
 * @since 0.1.0
 */
export interface FunctionDefinition<
  Key extends string,
  Input extends Operation.AnySchema,
  Output extends Operation.AnySchema,
  Failure extends Operation.AnySchema,
  Returned
> {
  /** Default: the name, with dashes for spaces. */
  readonly key?: Key
  readonly name: string
  readonly description?: string
  /** Default 1. */
  readonly version?: number
  /** Default `Schema.Void`. */
  readonly inputSchema?: Input
  /** Default `Schema.Void`. */
  readonly outputSchema?: Output
  /** What an effect may fail with, and what a promise may reject with; other rejections are defects. Default `Schema.Never`. */
  readonly errorSchema?: Failure
  readonly annotations?: Context.Context<never>
  readonly handler: FunctionHandler<Input["Type"], Returned>
}

/**
 * An operation that brings its handler along.
 *
 * @category models
 * @since 0.1.0
 */
export interface FunctionOperation<
  in out Key extends string,
  in out Input extends Operation.AnySchema,
  out Output extends Operation.AnySchema,
  out Failure extends Operation.AnySchema,
  out R
> extends Operation.Operation<Key, Input, Output, Failure> {
  /** The handler, for example for the record of a group. */
  readonly handler: (input: Input["Type"]) => Effect.Effect<Output["Type"], Failure["Type"], R>
  /** Registers the handler while the layer is alive. */
  readonly layer: Layer.Layer<Operation.Handler<Key>, never, Operation.Provided<R> | OperationRegistry>
}

/**
 * The services that a function needs.
 *
 * @category utility types
 * @since 0.1.0
 */
export type FunctionServices<Returned> = Returned extends Effect.Effect<infer _A, infer _E, infer R> ? R : never

/**
 * Makes an operation of a function and its schemas.
 *
 * **When to use**
 *
 * Use for handlers of the form `({ context, data }) => …`, which return a value, a promise or an effect.
 *
 * **Details**
 *
 * The result is an operation like any other, with its handler as `layer`:
 * `Layer.mergeAll(Summarise.layer, Translate.layer)`. It can also be a class:
 * `class Summarise extends Operation.fromFunction({…}) {}`.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFunction = <
  const Key extends string = string,
  Input extends Operation.AnySchema = Schema.Void,
  Output extends Operation.AnySchema = Schema.Void,
  Failure extends Operation.AnySchema = Schema.Never,
  Returned extends FunctionReturn<Output["Type"], Failure["Type"]> = Output["Type"]
>(
  options: FunctionDefinition<Key, Input, Output, Failure, Returned>
): FunctionOperation<Key, Input, Output, Failure, FunctionServices<Returned>> => {
  const operation = definition.make({
    meta: {
      key: options.key ?? options.name.trim().replace(/\s+/g, "-"),
      label: options.name,
      ...(options.description === undefined ? undefined : { description: options.description }),
      ...(options.version === undefined ? undefined : { version: options.version })
    },
    ...(options.inputSchema === undefined ? undefined : { input: options.inputSchema }),
    ...(options.outputSchema === undefined ? undefined : { output: options.outputSchema }),
    ...(options.errorSchema === undefined ? undefined : { error: options.errorSchema }),
    ...(options.annotations === undefined ? undefined : { annotations: options.annotations })
  }) as Operation.Operation<Key, Input, Output, Failure>
  const isFailure = Schema.is(operation.error)
  const run = options.handler as FunctionHandler<Input["Type"], unknown>
  const settle = (call: (signal: AbortSignal) => unknown) =>
    Effect.suspend(() => {
      const controller = new AbortController()
      const refuse = (thrown: unknown) => isFailure(thrown) ? Effect.fail(thrown) : Effect.die(thrown)
      let returned: unknown
      try {
        returned = call(controller.signal)
      } catch (thrown) {
        return refuse(thrown)
      }
      const effect: Effect.Effect<unknown, unknown, unknown> = Effect.isEffect(returned)
        ? returned as Effect.Effect<unknown, unknown, unknown>
        : Predicate.isPromiseLike(returned)
        ? Effect.catch(Effect.tryPromise({ try: () => returned, catch: (thrown) => thrown }), refuse)
        : Effect.succeed(returned)
      return Effect.onInterrupt(effect, () => Effect.sync(() => controller.abort()))
    })
  const handler = (data: Input["Type"]) =>
    Effect.flatMap(
      OperationContext,
      (context) => settle((signal) => run({ context: withSignal(context, signal), data }))
    ) as Effect.Effect<
      Output["Type"],
      Failure["Type"],
      FunctionServices<Returned> | OperationContext
    >
  return Object.assign(operation, { handler, layer: operation.toLayer(handler as never) }) as any
}

const withSignal = (context: (typeof OperationContext)["Service"], signal: AbortSignal): FunctionContext =>
  Object.create(context, { signal: { value: signal, enumerable: true } })

/**
 * What a registry of deployed functions keeps of an operation.
 *
 * @category models
 * @since 0.1.0
 */
export interface FunctionRecord {
  readonly key: string
  readonly name: string
  readonly description?: string
  readonly version: number
  /** Where it is deployed; absent as long as it is not. */
  readonly deployedFunctionId?: string
  readonly input: JsonSchemaDocument
  readonly output: JsonSchemaDocument
}

/**
 * Describes an operation in the form of a deployed function's record.
 *
 * @category converting
 * @since 0.1.0
 */
export const toFunctionRecord = (operation: Operation.Any, deployedFunctionId?: string): FunctionRecord => {
  const { description, input, key, label, output, version } = toJson(operation)
  return {
    key,
    name: label ?? key,
    ...(description === undefined ? undefined : { description }),
    version,
    ...(deployedFunctionId === undefined ? undefined : { deployedFunctionId }),
    input,
    output
  }
}

/**
 * Makes an operation of a deployed function's record. A record says nothing about failures, so there are none.
 *
 * @category constructors
 * @since 0.1.0
 */
export const fromFunctionRecord = (record: FunctionRecord, options?: FromJsonOptions): JsonOperation => {
  const { description, input, key, name, output, version } = record
  return fromJson({
    v: 1,
    key,
    label: name,
    ...(description === undefined ? undefined : { description }),
    version,
    executionMode: "async",
    stream: false,
    concurrency: "unbounded",
    input,
    output,
    error: { not: {} },
    progress: { not: {} },
    annotations: {}
  }, options)
}
