/**
 * How values cross to Rust and back positionally: what the generated codecs are written against.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"

/**
 * Takes the values of a call in the order of their declaration.
 *
 * @category models
 * @since 0.1.0
 */
export interface Writer {
  number(value: number): void
  boolean(value: boolean): void
  int64(value: bigint): void
  uint64(value: bigint): void
  string(value: string): void
  bytes(value: Uint8Array): void
  json(value: Schema.Json): void
}

/**
 * Gives the values of an answer in the order of their declaration.
 *
 * @category models
 * @since 0.1.0
 */
export interface Reader {
  number(): number
  boolean(): boolean
  int64(): bigint
  uint64(): bigint
  string(): string
  bytes(): Uint8Array
  json(): Schema.Json
}

/**
 * The marshalling of one command. Both sides agree on it by the hash of the specs, so nothing in it is checked.
 *
 * **When to use**
 *
 * `opbus generate` writes one per command; there is no reason to write one by hand.
 *
 * @category models
 * @since 0.1.0
 */
export interface NativeCodec<in Params, out Result, out Failure> {
  readonly writeInput: (writer: Writer, params: Params) => void
  readonly readOutput: (reader: Reader) => Result
  readonly readError: (reader: Reader) => Failure
}
