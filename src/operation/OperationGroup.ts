/**
 * A typed set of operations, whose handlers are given together.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import type { Pipeable } from "effect/Pipeable"
import { pipeArguments } from "effect/Pipeable"
import * as Predicate from "effect/Predicate"
import * as layers from "./internal/layers.ts"
import type * as Operation from "./Operation.ts"
import type { HandlerOptions, OperationRegistry } from "./OperationRegistry.ts"

const TypeId = "~opbus/operation/OperationGroup" as const

/**
 * A typed set of operations.
 *
 * **When to use**
 *
 * Use for the operations of one plugin: their handlers become one record, in which a forgotten handler is a type error.
 *
 * @category models
 * @since 0.1.0
 */
export interface OperationGroup<in out Ops extends Operation.Any> extends Pipeable {
  new(_: never): {}

  readonly [TypeId]: typeof TypeId
  /** The operations by key, in the order they were given. */
  readonly operations: ReadonlyMap<string, Ops>

  /** Returns the group with more operations. The same key twice is a type error, and throws. */
  add<const More extends ReadonlyArray<Operation.Any>>(
    ...operations: DistinctKeys<More, Ops["key"]>
  ): OperationGroup<Ops | More[number]>

  /** Returns the group with the operations of another one. A key that both have is a type error, and throws. */
  merge<Others extends Operation.Any>(
    group: [Extract<Others["key"], Ops["key"]>] extends [never] ? OperationGroup<Others>
      : DuplicateKey<Extract<Others["key"], Ops["key"]>>
  ): OperationGroup<Ops | Others>

  /**
   * Attaches the handlers, as a record by key or an effect that builds it. A missing or an excess handler is a type error.
   */
  toLayer<Handlers extends HandlersOf<Ops>, EX = never, RX = never>(
    build:
      | (Handlers & NoExcess<Handlers, Ops>)
      | Effect.Effect<Handlers & NoExcess<Handlers, Ops>, EX, RX>,
    options?: HandlerOptions
  ): Layer.Layer<
    Operation.Handler<Ops["key"]>,
    EX,
    Operation.Provided<RX | RecordServices<Handlers>> | OperationRegistry
  >

  /** Attaches handlers that are loaded when one of them is first invoked. A type error when one is synchronous. */
  toLayerLazy<Handlers extends HandlersOf<Ops>>(
    load: "sync" extends Ops["executionMode"] ? Operation.SynchronousOperationCannotBeLazy
      : () => Promise<Handlers | { readonly default: Handlers }>,
    options?: HandlerOptions
  ): Layer.Layer<Operation.Handler<Ops["key"]>, never, Operation.Provided<RecordServices<Handlers>> | OperationRegistry>
}

/**
 * Any group.
 *
 * @category models
 * @since 0.1.0
 */
export interface Any {
  readonly [TypeId]: typeof TypeId
  readonly operations: ReadonlyMap<string, Operation.Any>
}

/**
 * The operations of a group.
 *
 * @category utility types
 * @since 0.1.0
 */
export type Operations<Group extends Any> = Group["operations"] extends ReadonlyMap<string, infer Ops> ? Ops : never

/**
 * The record of handlers that a set of operations needs.
 *
 * @category utility types
 * @since 0.1.0
 */
export type HandlersOf<Ops extends Operation.Any> = {
  readonly [Op in Ops as Op["key"]]: Operation.HandlerOf<Op, any>
}

/**
 * The services that a record of handlers needs.
 *
 * @category utility types
 * @since 0.1.0
 */
export type RecordServices<Handlers> = {
  readonly [Key in keyof Handlers]: Operation.HandlerServices<Handlers[Key]>
}[keyof Handlers]

/**
 * Makes a handler for a key that the group does not have a type error.
 *
 * @category utility types
 * @since 0.1.0
 */
export type NoExcess<Handlers, Ops extends Operation.Any> = {
  readonly [Key in Exclude<keyof Handlers, Ops["key"]>]: never
}

/** What stands in the place of operations that may not be given, so that the type error names the key. */
interface DuplicateKey<Key> {
  readonly "~error": ["duplicate operation key", Key]
}

type IsUnion<A, B = A> = A extends B ? [B] extends [A] ? false : true : never

type Values<A> = A[keyof A]

/** The positions whose key another position has too. One pass over the positions: a second one makes it quadratic. */
type Repeated<Ops extends ReadonlyArray<Operation.Any>> = Values<
  {
    readonly [Position in keyof Ops as Position extends `${number}` ? Ops[Position]["key"] : never]:
      IsUnion<Position> extends false ? never : Position
  }
>

type KeyAt<Ops, Position> = Position extends keyof Ops ? Ops[Position] extends { readonly key: infer Key } ? Key : never
  : never

/**
 * The operations themselves; or, when one key is there twice or taken already, a type that no operation fits and that
 * names the key.
 *
 * @category utility types
 * @since 0.1.0
 */
export type DistinctKeys<Ops extends ReadonlyArray<Operation.Any>, Taken extends string = never> =
  [Repeated<Ops> | Extract<Ops[number]["key"], Taken>] extends [never] ? Ops
    : ReadonlyArray<DuplicateKey<KeyAt<Ops, Repeated<Ops>> | Extract<Ops[number]["key"], Taken>>>

const fromMap = (operations: ReadonlyMap<string, Operation.Any>): OperationGroup<any> =>
  Object.assign(Object.setPrototypeOf(function() {}, Proto), { operations })

const adding = (known: Iterable<readonly [string, Operation.Any]>, more: Iterable<Operation.Any>) => {
  const operations = new Map(known)
  for (const operation of more) {
    if (operations.has(operation.key)) {
      throw new TypeError(
        `OperationGroup: the key "${operation.key}" is there twice. Give every operation its own key.`
      )
    }
    operations.set(operation.key, operation)
  }
  return fromMap(operations)
}

const Proto = {
  [TypeId]: TypeId,
  pipe() {
    return pipeArguments(this, arguments)
  },
  add(this: Any, ...operations: ReadonlyArray<Operation.Any>) {
    return adding(this.operations, operations)
  },
  merge(this: Any, group: Any) {
    return adding(this.operations, group.operations.values())
  },
  toLayer(this: Any, build: unknown, options?: HandlerOptions) {
    return layers.layerRecord(Array.from(this.operations.values()), build, options)
  },
  toLayerLazy(this: Any, load: () => Promise<unknown>, options?: HandlerOptions) {
    return layers.layerLazy(Array.from(this.operations.values()), load, options)
  }
}

/**
 * Makes a group of operations.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = <const Ops extends ReadonlyArray<Operation.Any>>(
  ...operations: DistinctKeys<Ops>
): OperationGroup<Ops[number]> => adding([], operations as ReadonlyArray<Operation.Any>)

/**
 * Tells whether a value is a group of operations.
 *
 * @category guards
 * @since 0.1.0
 */
export const isOperationGroup = (u: unknown): u is Any => Predicate.hasProperty(u, TypeId)
