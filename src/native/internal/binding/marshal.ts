import * as Schema from "effect/Schema"
import type { NativeCodec, Reader } from "../../NativeCodec.ts"
import type { Command } from "../../ServiceDefinition.ts"
import type { Binding } from "./binding.ts"
import { BufferReader, BufferWriter } from "./buffer.ts"
import { transports } from "./layout.ts"

/**
 * Elements of a stream that crossed together, and the failure that came after them.
 *
 * @internal
 */
export interface Elements {
  readonly items: ReadonlyArray<unknown>
  readonly failure: unknown
}

/**
 * How the values of one command get into the binding and out of it. All of it throws when a value has not the command's
 * shape, which is a defect: who calls has checked it.
 *
 * @internal
 */
export interface Marshal {
  readonly transport: number
  readonly write: (params: any) => void
  readonly output: () => unknown
  readonly failure: () => unknown
  /** `text` is the part of the answer's text that is elements. */
  readonly elements: (count: number, failed: boolean, text: string) => Elements
}

type AnyCodec = NativeCodec<any, unknown, unknown>

/** The marshalling of a command, or what is missing for it. */
export const make = (binding: Binding, name: string, command: Command): Marshal => {
  if (command.transport === "json") return overJson(binding, command)
  const codec = command.codec as AnyCodec | undefined
  if (codec === undefined) {
    throw new TypeError(
      `The command "${name}" has the transport "${command.transport}" and no codec. Run "opbus generate", or give it the transport "json".`
    )
  }
  return command.transport === "bytes" ? overBytes(binding, codec) : overSlots(binding, codec)
}

const elementsFrom = (codec: AnyCodec, reader: Reader, count: number, failed: boolean): Elements => {
  const items: Array<unknown> = []
  for (let left = count; left > 0; left--) items.push(codec.readOutput(reader))
  return { items, failure: failed ? codec.readError(reader) : undefined }
}

const overSlots = (binding: Binding, codec: AnyCodec): Marshal => {
  const { reader, writer } = binding
  return {
    transport: transports.positional,
    write: (params) => {
      writer.begin()
      codec.writeInput(writer, params)
    },
    output: () => codec.readOutput(reader),
    failure: () => codec.readError(reader),
    elements: (count, failed) => elementsFrom(codec, reader, count, failed)
  }
}

const overBytes = (binding: Binding, codec: AnyCodec): Marshal => ({
  transport: transports.bytes,
  write: (params) => {
    binding.writer.begin()
    codec.writeInput(new BufferWriter(binding.writer), params)
  },
  output: () => codec.readOutput(new BufferReader(binding.bytes)),
  failure: () => codec.readError(new BufferReader(binding.bytes)),
  elements: (count, failed) => elementsFrom(codec, new BufferReader(binding.bytes), count, failed)
})

const overJson = (binding: Binding, { operation }: Command): Marshal => {
  const encode = Schema.encodeUnknownSync(operation.input)
  const output = Schema.decodeUnknownSync(operation.output)
  const failure = Schema.decodeUnknownSync(operation.error)
  const { reader, writer } = binding
  return {
    transport: transports.json,
    write: (params) => {
      writer.begin()
      writer.text = JSON.stringify(encode(params))
    },
    output: () => output(JSON.parse(reader.text)),
    failure: () => failure(JSON.parse(reader.text)),
    elements: (count, failed, text) => {
      const values: ReadonlyArray<unknown> = JSON.parse(text)
      return {
        items: values.slice(0, count).map((value) => output(value)),
        failure: failed ? failure(values[count]) : undefined
      }
    }
  }
}
