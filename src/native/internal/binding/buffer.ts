import type * as Schema from "effect/Schema"
import type { Reader, Writer } from "../../NativeCodec.ts"
import type { SlotWriter } from "./slots.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/**
 * Writes the same sequence into one buffer: the transport `bytes`.
 *
 * @internal
 */
export class BufferWriter implements Writer {
  private readonly target: SlotWriter
  private view: DataView

  constructor(target: SlotWriter) {
    this.target = target
    this.view = new DataView(target.area.buffer)
  }

  number(value: number): void {
    this.take(8)
    this.view.setFloat64(this.target.bytesAt - 8, value, true)
  }

  boolean(value: boolean): void {
    this.number(value ? 1 : 0)
  }

  int64(value: bigint): void {
    this.take(8)
    this.view.setBigInt64(this.target.bytesAt - 8, value, true)
  }

  uint64(value: bigint): void {
    this.take(8)
    this.view.setBigUint64(this.target.bytesAt - 8, value, true)
  }

  string(value: string): void {
    this.bytes(encoder.encode(value))
  }

  bytes(value: Uint8Array): void {
    this.take(4 + value.length)
    const { area, bytesAt } = this.target
    this.view.setUint32(bytesAt - value.length - 4, value.length, true)
    area.set(value, bytesAt - value.length)
  }

  json(value: Schema.Json): void {
    this.string(JSON.stringify(value))
  }

  private take(bytes: number): void {
    this.target.room(bytes)
    this.target.bytesAt += bytes
    if (this.view.buffer !== this.target.area.buffer) this.view = new DataView(this.target.area.buffer)
  }
}

/**
 * Reads a buffer.
 *
 * @internal
 */
export class BufferReader implements Reader {
  private readonly content: Uint8Array
  private readonly view: DataView
  private at = 0

  constructor(content: Uint8Array) {
    this.content = content
    this.view = new DataView(content.buffer, content.byteOffset, content.byteLength)
  }

  number(): number {
    this.at += 8
    return this.view.getFloat64(this.at - 8, true)
  }

  boolean(): boolean {
    return this.number() === 1
  }

  int64(): bigint {
    this.at += 8
    return this.view.getBigInt64(this.at - 8, true)
  }

  uint64(): bigint {
    this.at += 8
    return this.view.getBigUint64(this.at - 8, true)
  }

  string(): string {
    return decoder.decode(this.take())
  }

  bytes(): Uint8Array {
    return this.take().slice()
  }

  json(): Schema.Json {
    return JSON.parse(this.string())
  }

  private take(): Uint8Array {
    const length = this.view.getUint32(this.at, true)
    const from = this.at + 4
    this.at = from + length
    return this.content.subarray(from, this.at)
  }
}
