/**
 * The schemas of the types that a spec can name: what generated code is made of.
 *
 * Each says exactly which values cross to every other language that the spec compiler writes: a value that one side accepts
 * and the other cannot hold is refused here, before anything is called.
 *
 * **Invariants**
 *
 * - The encoded side is JSON, and there is one way to write each value: equal values have equal texts.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import * as SchemaTransformation from "effect/SchemaTransformation"

/**
 * A string without halves of surrogate pairs: it can be written as UTF-8 and read back.
 *
 * @category schemas
 * @since 0.1.0
 */
export const String: Schema.String = Schema.String.check(
  Schema.makeFilter((text) => text.isWellFormed(), { expected: "a string of whole Unicode characters" })
)

/**
 * `true` or `false`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Boolean: Schema.Boolean = Schema.Boolean

/**
 * A finite number with double precision.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Number: Schema.Finite = Schema.Finite

/**
 * An integer that a double holds exactly, from -(2^53 - 1) to 2^53 - 1.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Integer: Schema.Int = Schema.Int

/**
 * An integer of 32 bits.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Int32: Schema.Number = Schema.Number.check(Schema.isInt32())

/**
 * A natural number of 32 bits.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Uint32: Schema.Number = Schema.Number.check(Schema.isUint32())

// ---------------------------------------------------------------------------
// 64 bits: a bigint, and its decimal digits as a string
// ---------------------------------------------------------------------------

const digits = (pattern: RegExp, expected: string): Schema.String =>
  Schema.String.check(Schema.isPattern(pattern, { expected }))

/**
 * An integer of 64 bits: a `bigint`, in JSON its decimal digits as a string.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Int64: Schema.decodeTo<Schema.BigInt, Schema.String> = digits(
  /^(?:0|-?[1-9][0-9]{0,18})$/u,
  "a 64-bit integer, as a string of decimal digits"
).pipe(Schema.decodeTo(
  Schema.BigInt.check(Schema.isBetweenBigInt(
    { minimum: -(2n ** 63n), maximum: 2n ** 63n - 1n },
    { expected: "a 64-bit integer" }
  )),
  SchemaTransformation.bigintFromString
))

/**
 * A natural number of 64 bits: a `bigint`, in JSON its decimal digits as a string.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Uint64: Schema.decodeTo<Schema.BigInt, Schema.String> = digits(
  /^(?:0|[1-9][0-9]{0,19})$/u,
  "a natural number of 64 bits, as a string of decimal digits"
).pipe(Schema.decodeTo(
  Schema.BigInt.check(Schema.isBetweenBigInt(
    { minimum: 0n, maximum: 2n ** 64n - 1n },
    { expected: "a natural number of 64 bits" }
  )),
  SchemaTransformation.bigintFromString
))

// ---------------------------------------------------------------------------
// bytes and time
// ---------------------------------------------------------------------------

/**
 * Bytes: a `Uint8Array`, in JSON a string of base64 with its padding.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Bytes: Schema.decodeTo<Schema.Uint8Array, Schema.String> = Schema.String.check(
  Schema.makeFilter((text) => isBase64(text), {
    expected: "bytes as base64 with padding",
    toJsonSchema: () => ({ contentEncoding: "base64" })
  })
).pipe(
  Schema.decodeTo(Schema.Uint8Array, SchemaTransformation.uint8ArrayFromBase64String)
)

const base64 = /^[A-Za-z0-9+/]{0,4}={0,2}$/
const chunk = 4096

/** In pieces: one expression over a text of many megabytes would run out of the engine's stack. */
const isBase64 = (text: string): boolean => {
  if (text.length % 4 !== 0) return false
  const body = text.length - 4
  for (let i = 0; i < body; i += chunk) {
    if (!/^[A-Za-z0-9+/]*$/.test(text.slice(i, Math.min(i + chunk, body)))) return false
  }
  const last = text.slice(body < 0 ? 0 : body)
  // The bits that the padding leaves unused are zero: bytes have one text only.
  return base64.test(last) &&
    (!last.endsWith("=") || (last.endsWith("==") ? /[AQgw]==$/ : /[AEIMQUYcgkosw048]=$/).test(last))
}

/** From the start of the year 0000 to the end of the year 9999. */
const firstMillis = -62_167_219_200_000
const lastMillis = 253_402_300_799_999

const isTimestamp = (time: DateTime.Utc): boolean =>
  globalThis.Number.isInteger(time.epochMilliseconds) && time.epochMilliseconds >= firstMillis &&
  time.epochMilliseconds <= lastMillis

/**
 * A point in time, to the millisecond, in the years 0000 to 9999: a `DateTime.Utc`, in JSON `"2026-11-21T10:00:00.000Z"`.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Timestamp: Schema.decodeTo<Schema.DateTimeUtc, Schema.String> = Schema.String.check(
  Schema.makeFilter(
    (text) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(text) && isCalendarTime(text),
    { expected: "a time such as \"2026-11-21T10:00:00.000Z\"", toJsonSchema: () => ({ format: "date-time" }) }
  )
).pipe(Schema.decodeTo(
  Schema.DateTimeUtc.check(
    Schema.makeFilter(isTimestamp, { expected: "a time in whole milliseconds in the years 0000 to 9999" })
  ),
  SchemaTransformation.transform({
    decode: (text: string) => DateTime.makeUnsafe(Date.parse(text)),
    encode: (time: DateTime.Utc) => new Date(time.epochMilliseconds).toISOString()
  })
))

/** The engine turns the 30th of February into the 2nd of March. */
const isCalendarTime = (text: string): boolean => {
  const millis = Date.parse(text)
  return !globalThis.Number.isNaN(millis) && new Date(millis).toISOString() === text
}

// ---------------------------------------------------------------------------
// nothing
// ---------------------------------------------------------------------------

/**
 * An object without fields. `Schema.Struct({})` would take every value that is there at all.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Empty: Schema.Struct<{}> = Schema.Struct({}).check(
  Schema.makeFilter((value) => typeof value === "object" && !Array.isArray(value) && Object.keys(value).length === 0, {
    expected: "an object without properties",
    toJsonSchema: () => ({ type: "object" })
  })
)

// ---------------------------------------------------------------------------
// json
// ---------------------------------------------------------------------------

/**
 * How deep a JSON value may be nested.
 *
 * @category constants
 * @since 0.1.0
 */
export const jsonDepth = 128

/**
 * Any JSON value of at most `jsonDepth` levels, with whole Unicode characters only.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Json: Schema.Codec<Schema.Json> = Schema.Json.pipe(
  Schema.check(
    Schema.makeFilter((value: Schema.Json) => isWellFormed(value, jsonDepth), {
      expected: `a JSON value of at most ${jsonDepth} levels and of whole Unicode characters`
    })
  )
)

const isWellFormed = (value: Schema.Json, depth: number): boolean => {
  if (typeof value === "string") return value.isWellFormed()
  if (typeof value !== "object" || value === null) return true
  if (depth === 0) return false
  return Array.isArray(value)
    ? value.every((item) => isWellFormed(item, depth - 1))
    : Object.entries(value).every(([key, item]) => key.isWellFormed() && isWellFormed(item, depth - 1))
}
