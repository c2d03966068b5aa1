import type * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import type * as SchemaIssue from "effect/SchemaIssue"
import * as SchemaParser from "effect/SchemaParser"
import type { RpcSerialization } from "../../internal/effect/rpc.ts"
import type * as Operation from "../../operation/Operation.ts"
import { OperationError } from "../OperationRpc.ts"
import type * as wire from "./wire.ts"

type Codec = <A>(value: unknown) => Effect.Effect<A, SchemaIssue.Issue>

/**
 * How the holes of messages are filled where they are not plain JSON data: a binary serialisation has codecs of its own.
 *
 * @internal
 */
export interface OperationCodecs {
  readonly encodePayload: Codec
  readonly decodePayload: Codec
  readonly encodeExit: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<wire.EncodedExit, SchemaIssue.Issue>
  readonly decodeExit: Codec
  readonly encodeChunk: Codec
  readonly decodeChunk: Codec
}

const anything = Schema.Json as unknown as Operation.AnySchema

/** Stands for an operation of which nothing is known but that its data is JSON. */
const jsonOperation = { input: anything, output: anything, error: anything, progress: anything, stream: false }

const top = (schema: Operation.AnySchema): Schema.Top => schema as Schema.Constraint as Schema.Top

const unknownOperation = {
  input: Schema.Void,
  output: Schema.Void,
  error: Schema.Never,
  progress: Schema.Never,
  stream: false
}

type Shape = Pick<Operation.Any, "input" | "output" | "error" | "progress" | "stream">

/**
 * The codecs of a serialisation, made once per operation.
 *
 * @internal
 */
export class BinaryCodecs {
  readonly codecFor: RpcSerialization.CodecFor
  private readonly plain = new WeakMap<object, OperationCodecs>()
  private readonly wrapped = new WeakMap<object, OperationCodecs>()
  private defect: ((defect: unknown) => unknown) | undefined
  private readonly streamOfJson = { ...jsonOperation, stream: true }

  constructor(codecFor: RpcSerialization.CodecFor) {
    this.codecFor = codecFor
  }

  /** How a call is refused before anybody knows which operation's codecs its caller reads with. */
  get refusal(): OperationCodecs {
    return this.of(unknownOperation, false, false)
  }

  /** What a defect looks like in a message. */
  encodeDefect(defect: unknown): unknown {
    return (this.defect ??= SchemaParser.encodeUnknownSync(
      this.codecFor(Schema.Defect()) as unknown as Schema.Codec<unknown, unknown>
    ))(defect)
  }

  decodeDefect(defect: unknown): unknown {
    return SchemaParser.decodeUnknownSync(
      this.codecFor(Schema.Defect()) as unknown as Schema.Codec<unknown, unknown>
    )(defect)
  }

  /** `progress`: elements and progress share the chunks of one call, wrapped. `undefined` stands for plain JSON data. */
  of(operation: Shape | undefined, stream: boolean, progress: boolean): OperationCodecs {
    const shape = operation ?? (stream ? this.streamOfJson : jsonOperation)
    const cache = progress ? this.wrapped : this.plain
    let codecs = cache.get(shape)
    if (codecs === undefined) cache.set(shape, codecs = this.make(shape, progress))
    return codecs
  }

  /** What has no binary layout, a union without tags for one, is JSON in a binary hole: both ends find that out alike. */
  private codecOf(schema: Schema.Top): Schema.Codec<unknown, unknown> {
    try {
      return this.codecFor(schema) as Schema.Constraint as Schema.Codec<unknown, unknown>
    } catch {
      const json = this.codecFor(top(anything)) as Schema.Constraint as Schema.Codec<Schema.Json, unknown>
      return json.pipe(Schema.decodeTo(Schema.toCodecJson(schema))) as Schema.Constraint as Schema.Codec<unknown>
    }
  }

  private make(shape: Shape, progress: boolean): OperationCodecs {
    const payload = this.codecOf(top(shape.input))
    const exit = this.codecOf(
      Schema.Exit(
        shape.stream ? Schema.Void : top(shape.output),
        // Of what nobody knows, the bus's own error is JSON data too.
        shape.error === anything ? top(anything) : Schema.Union([top(shape.error), OperationError]),
        Schema.Defect()
      )
    )
    const element = progress
      ? Schema.Struct({
        value: Schema.optionalKey(top(shape.output)),
        progress: Schema.optionalKey(top(shape.progress))
      })
      : top(shape.output)
    const chunk = this.codecOf(Schema.NonEmptyArray(element))
    return {
      encodePayload: SchemaParser.encodeUnknownEffect(payload) as Codec,
      decodePayload: SchemaParser.decodeUnknownEffect(payload) as Codec,
      encodeExit: SchemaParser.encodeUnknownEffect(exit) as OperationCodecs["encodeExit"],
      decodeExit: SchemaParser.decodeUnknownEffect(exit) as Codec,
      encodeChunk: SchemaParser.encodeUnknownEffect(chunk) as Codec,
      decodeChunk: SchemaParser.decodeUnknownEffect(chunk) as Codec
    }
  }
}
