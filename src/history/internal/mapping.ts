import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as SchemaParser from "effect/SchemaParser"
import type { Closure } from "../../operation/internal/closure.ts"
import { makeRedactor } from "../../operation/internal/codec.ts"
import { jsonCodec, makeJsonEncoder } from "../../operation/internal/json.ts"
import type { Registration } from "../../operation/internal/registration.ts"
import type * as Operation from "../../operation/Operation.ts"
import { inputOf, type Names, type Pair, Step } from "./entry.ts"

/**
 * What `UndoMapping.make` takes, without its types.
 *
 * @internal
 */
export interface MappingProps {
  readonly operation: Operation.Any
  readonly inverse: Operation.Any
  readonly capture?: ((input: any) => Effect.Effect<any, any, any>) | undefined
  readonly deriveContext: (input: any, output: any, captured: any) => unknown
  readonly redo?: ((input: any, output: any, inverseOutput: any) => unknown) | undefined
  readonly coalesce?: {
    readonly key: (input: any) => string
    readonly within: number
    readonly merge?:
      | ((older: any, newer: any) => { readonly inverseInput: unknown; readonly redoInput: unknown })
      | undefined
  } | undefined
  readonly scope?: ((input: any, output: any) => Names) | undefined
  readonly touches?: ((input: any, output: any) => Names) | undefined
  readonly message?: ((input: any, output: any) => string) | undefined
}

/**
 * A mapping in the registry, with everything that is prepared once.
 *
 * @internal
 */
export class Mapping {
  readonly props: MappingProps
  readonly pair: Pair
  /** Of invocations that run elsewhere. */
  private elsewhere: Pair | undefined
  private readonly closure: Closure
  private encoder: ((value: unknown) => unknown) | undefined
  private decoders: Decoders | undefined

  constructor(props: MappingProps, closure: Closure) {
    const { inverse, operation } = props
    this.props = props
    this.closure = closure
    this.pair = {
      key: operation.key,
      inverse: inverse.key,
      sync: operation.executionMode === "sync" && inverse.executionMode === "sync",
      sensitive: makeRedactor(operation.input) !== undefined || makeRedactor(inverse.input) !== undefined ||
        (props.redo !== undefined && makeRedactor(operation.output) !== undefined),
      withOutput: props.redo !== undefined
    }
    this.elsewhere = undefined
    this.encoder = undefined
    this.decoders = undefined
  }

  get key(): string {
    return this.pair.key
  }

  /** Reads the state to restore, with the services of the mapping's layer. What it gives is copied (H9). */
  capture(input: unknown): Effect.Effect<unknown, unknown> {
    const merge = (context: Context.Context<never>) => this.closure.merge(context)
    return Effect.map(
      Effect.updateContext(
        Effect.suspend(() => this.props.capture!(input)) as Effect.Effect<unknown, unknown>,
        merge
      ),
      snapshot
    )
  }

  /**
   * The step that an invocation made, or `undefined` when it is not undoable. Throws when a function of the mapping does
   * (H7). `text` is the input as JSON, when that is known.
   */
  step(
    registration: Registration,
    input: unknown,
    output: unknown,
    captured: unknown,
    tick: number,
    text?: string
  ): Step | undefined {
    const { props } = this
    const inverseInput = props.deriveContext(input, output, captured)
    if (inverseInput === undefined) return undefined
    let scopes = props.scope === undefined ? undefined : compactNames(props.scope(input, output))
    // Every entry stands somewhere: no scope is the default one.
    if (typeof scopes === "object" && scopes.length === 0) scopes = undefined
    return new Step(
      registration.remote ? this.elsewhere ??= { ...this.pair, sync: false, remote: true } : this.pair,
      text === undefined || this.pair.withOutput ? this.forward(registration, input, output) : text,
      this.backward(inverseInput),
      tick,
      scopes,
      props.touches === undefined ? scopes : compactNames(props.touches(input, output)),
      props.message === undefined ? props.operation.meta.label : String(props.message(input, output))
    )
  }

  private forward(registration: Registration, input: unknown, output: unknown): string {
    const encoded = registration.encodeInput(input)
    if (!this.pair.withOutput) return jsonOf(encoded)
    return jsonOf([encoded, this.props.operation.stream ? output : registration.encodeOutput(output)])
  }

  private backward(inverseInput: unknown): string {
    this.encoder ??= makeJsonEncoder(this.props.inverse.input)
    return jsonOf(this.encoder(inverseInput))
  }

  /** The step's forward text with the input that `redo` chose, now that the inverse has run. */
  afterUndo(step: Step, registration: Registration, inverseOutput: unknown): string {
    const [input, output] = JSON.parse(step.forward) as ReadonlyArray<unknown>
    const decoders = this.decoders ??= new Decoders(this.props)
    const redoInput = this.props.redo!(decoders.input(input), decoders.output(output), inverseOutput)
    return jsonOf([registration.encodeInput(redoInput), output])
  }

  /** Two steps as one, whose touches are given. */
  merge(older: Step, newer: Step, registration: Registration, touches: Names): Step {
    const decoders = this.decoders ??= new Decoders(this.props)
    const values = (step: Step) => ({
      redoInput: decoders.input(inputOf(step, "redo")),
      inverseInput: decoders.inverse(inputOf(step, "undo"))
    })
    const { inverseInput, redoInput } = this.props.coalesce!.merge!(values(older), values(newer))
    const encoded = registration.encodeInput(redoInput)
    const forward = this.pair.withOutput
      ? jsonOf([encoded, (JSON.parse(newer.forward) as ReadonlyArray<unknown>)[1]])
      : jsonOf(encoded)
    return new Step(newer.pair, forward, this.backward(inverseInput), newer.tick, older.scopes, touches, newer.message)
  }
}

/** An input without value, of an operation that takes none, is `null`. */
const jsonOf = (encoded: unknown): string => JSON.stringify(encoded) ?? "null"

/** What only `redo` and `merge` need. */
class Decoders {
  readonly input: (value: unknown) => unknown
  readonly inverse: (value: unknown) => unknown
  readonly output: (value: unknown) => unknown

  constructor(props: MappingProps) {
    this.input = SchemaParser.decodeUnknownSync(jsonCodec(props.operation.input))
    this.inverse = SchemaParser.decodeUnknownSync(jsonCodec(props.inverse.input))
    this.output = props.operation.stream
      ? (value) => value
      : SchemaParser.decodeUnknownSync(jsonCodec(props.operation.output))
  }
}

const compactNames = (names: Names): Names => {
  if (typeof names !== "object") return names
  if (names.length === 1) return names[0]
  // The same name twice would stand twice on one stack.
  return Array.from(new Set(names))
}

/** A copy of plain data, down to what is not: a handler may change in place what `capture` has read. */
const snapshot = (value: unknown): unknown => {
  if (typeof value !== "object" || value === null) return value
  if (Array.isArray(value)) return value.map(snapshot)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  const copy: Record<string, unknown> = Object.create(prototype)
  for (const key of Object.keys(value)) {
    Object.defineProperty(copy, key, {
      value: snapshot((value as Record<string, unknown>)[key]),
      enumerable: true,
      configurable: true,
      writable: true
    })
  }
  return copy
}
