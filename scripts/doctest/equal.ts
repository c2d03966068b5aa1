import { inspect, isDeepStrictEqual } from "node:util"

/** What `value // => expected` on a page becomes. */
export const equal = <A>(actual: A, expected: unknown, place: string): A => {
  if (!isDeepStrictEqual(actual, expected)) {
    const show = (value: unknown) => inspect(value, { depth: 8, breakLength: 100 })
    throw new Error(`${place}: expected ${show(expected)}, but it is ${show(actual)}`)
  }
  return actual
}
