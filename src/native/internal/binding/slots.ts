import type * as Schema from "effect/Schema"
import type { Reader, Writer } from "../../NativeCodec.ts"
import { header } from "./layout.ts"

/** What an area has at first, and shrinks to again when a call has needed more than `kept`. */
const initial = { slots: 4096, bytes: 65_536 }
const kept = { slots: 131_072, bytes: 1_048_576 }

/**
 * The memory of one direction: slots, and bytes beside them.
 *
 * @internal
 */
class Area {
  /** The header. */
  head!: Uint32Array<ArrayBuffer>
  numbers!: Float64Array<ArrayBuffer>
  ints!: BigInt64Array<ArrayBuffer>
  uints!: BigUint64Array<ArrayBuffer>
  area!: Uint8Array<ArrayBuffer>
  /** The other side does not know this memory yet. */
  changed = true
  /** It is more than is kept. */
  large = false

  constructor() {
    this.allocate(initial.slots)
    this.allocateBytes(initial.bytes)
  }

  protected allocate(slots: number): void {
    const buffer = new ArrayBuffer(slots * 8)
    this.head = new Uint32Array(buffer, 0, header * 2)
    this.numbers = new Float64Array(buffer)
    this.ints = new BigInt64Array(buffer)
    this.uints = new BigUint64Array(buffer)
    this.changed = true
    if (slots > kept.slots) this.large = true
  }

  protected allocateBytes(bytes: number): void {
    this.area = new Uint8Array(new ArrayBuffer(bytes))
    this.changed = true
    if (bytes > kept.bytes) this.large = true
  }

  /** Gives back what one large call needed. */
  shrink(): void {
    if (!this.large) return
    if (this.numbers.length > kept.slots) this.allocate(initial.slots)
    if (this.area.length > kept.bytes) this.allocateBytes(initial.bytes)
    this.large = false
  }
}

/** What the header can say. */
const most = 0xffff_ffff

const roomier = (needed: number): number => 2 ** Math.ceil(Math.log2(needed))

/**
 * Writes the input of a call: numbers into slots, strings one after the other.
 *
 * @internal
 */
export class SlotWriter extends Area implements Writer {
  at = header
  text = ""
  bytesAt = 0

  begin(): void {
    if (this.large) this.shrink()
    this.at = header
    this.text = ""
    this.bytesAt = 0
  }

  number(value: number): void {
    if (this.at === this.numbers.length) this.grow()
    this.numbers[this.at++] = value
  }

  boolean(value: boolean): void {
    this.number(value ? 1 : 0)
  }

  int64(value: bigint): void {
    if (this.at === this.numbers.length) this.grow()
    this.ints[this.at++] = value
  }

  uint64(value: bigint): void {
    if (this.at === this.numbers.length) this.grow()
    this.uints[this.at++] = value
  }

  string(value: string): void {
    this.number(value.length)
    this.text += value
  }

  bytes(value: Uint8Array): void {
    this.number(value.length)
    this.room(value.length)
    this.area.set(value, this.bytesAt)
    this.bytesAt += value.length
  }

  json(value: Schema.Json): void {
    this.string(JSON.stringify(value))
  }

  /** Makes room for this many bytes more. */
  room(bytes: number): void {
    const needed = this.bytesAt + bytes
    if (needed <= this.area.length) return
    if (needed > most) throw new RangeError("The input of a call has 4 GiB of bytes or more.")
    const before = this.area
    this.allocateBytes(roomier(needed))
    this.area.set(before.subarray(0, this.bytesAt))
  }

  private grow(): void {
    const before = this.numbers
    this.allocate(before.length * 2)
    // As bits: a slot may hold an integer that is no number.
    this.uints.set(new BigUint64Array(before.buffer))
  }
}

/**
 * Reads the answer of a call.
 *
 * @internal
 */
export class SlotReader extends Area implements Reader {
  at = header
  text = ""
  textAt = 0
  bytesAt = 0

  begin(text: string): void {
    this.at = header
    this.text = text
    this.textAt = 0
    this.bytesAt = 0
  }

  /** Makes room for an answer; whether the one that is there did not fit. */
  makeRoom(slots: number, bytes: number): boolean {
    const small = header + slots > this.numbers.length
    if (small) this.allocate(roomier(header + slots))
    const narrow = bytes > this.area.length
    if (narrow) this.allocateBytes(roomier(bytes))
    return small || narrow
  }

  number(): number {
    return this.numbers[this.at++]!
  }

  boolean(): boolean {
    return this.numbers[this.at++] === 1
  }

  int64(): bigint {
    return this.ints[this.at++]!
  }

  uint64(): bigint {
    return this.uints[this.at++]!
  }

  string(): string {
    const from = this.textAt
    this.textAt = from + this.number()
    return this.text.substring(from, this.textAt)
  }

  bytes(): Uint8Array {
    const from = this.bytesAt
    this.bytesAt = from + this.number()
    return this.area.slice(from, this.bytesAt)
  }

  json(): Schema.Json {
    return JSON.parse(this.string())
  }
}
