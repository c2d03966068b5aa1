/**
 * Converts between JavaScript values and the values libsql stores.
 *
 * @since 0.1.0
 */

/**
 * How integers of the database become JavaScript values.
 */
export type IntMode = "number" | "bigint"

/**
 * A value libsql can bind. The native binding ends the process on some others
 * (a boolean), so everything passes through `toBindings` first.
 */
export type Binding = null | string | number | bigint | Uint8Array

const minInteger = -(2n ** 63n)
const maxInteger = 2n ** 63n - 1n

/**
 * A parameter that has no faithful form in the database.
 */
class UnboundValue extends TypeError {
  override readonly name = "UnboundValue"
  constructor(index: number, problem: string) {
    super(`SQL parameter ${index + 1} ${problem}`)
  }
}

/**
 * Converts the parameters of one statement, or throws an `UnboundValue` that
 * says which one cannot be stored.
 *
 * **Details**
 *
 * A boolean becomes 0 or 1, a `Date` its milliseconds since the epoch: what
 * `@libsql/client` does.
 */
export const toBindings = (params: ReadonlyArray<unknown>): Array<Binding> => {
  const bindings: Array<Binding> = new Array(params.length)
  for (let i = 0; i < params.length; i++) {
    bindings[i] = toBinding(params[i], i)
  }
  return bindings
}

const toBinding = (value: unknown, index: number): Binding => {
  switch (typeof value) {
    case "string":
      // libsql stores such a text whole and reads it back cut off: refuse to lose the rest
      if (value.includes("\0")) throw new UnboundValue(index, "is text with a NUL character: give it as a Uint8Array")
      return value
    case "number":
      if (!Number.isFinite(value)) throw new UnboundValue(index, `is ${value}: give a finite number or null`)
      return value
    case "bigint":
      if (value < minInteger || value > maxInteger) {
        throw new UnboundValue(index, "does not fit 64 bits: give it as text")
      }
      return value
    case "boolean":
      return value ? 1 : 0
    case "object":
      if (value === null || value instanceof Uint8Array) return value
      if (value instanceof ArrayBuffer) return new Uint8Array(value)
      if (value instanceof Date) return toBinding(value.getTime(), index)
  }
  throw new UnboundValue(
    index,
    `is ${value === undefined ? "undefined" : `of type ${typeof value}`}: ` +
      "give a string, number, bigint, boolean, Date, Uint8Array or null"
  )
}

/**
 * An integer that a JavaScript number cannot hold exactly.
 */
class UnsafeInteger extends RangeError {
  override readonly name = "UnsafeInteger"
  constructor(value: bigint) {
    super(
      `the integer ${value} does not fit a JavaScript number: ` +
        `use intMode: "bigint", or provide SqlClient.SafeIntegers for the query`
    )
  }
}

/**
 * Converts one value that libsql returned, with all integers as `bigint`.
 */
export const fromColumn = (value: unknown, intMode: IntMode): unknown => {
  switch (typeof value) {
    case "bigint": {
      if (intMode === "bigint") return value
      const number = Number(value)
      if (!Number.isSafeInteger(number)) throw new UnsafeInteger(value)
      return number
    }
    case "object":
      if (value instanceof ArrayBuffer) return new Uint8Array(value)
      // a Buffer from the native binding: the same bytes as a plain Uint8Array
      if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  }
  return value
}
