/**
 * The natural logarithm of a finite number from 1 on, by a fixed sequence of operations: the libraries of two languages may
 * differ in the last bit, and two equal indexes would then rank differently.
 */
export const ln = (x: number): number => {
  let mantissa = x
  let exponent = 0
  while (mantissa > Math.SQRT2) {
    mantissa *= 0.5
    exponent += 1
  }
  const s = (mantissa - 1) / (mantissa + 1)
  const z = s * s
  let sum = 1 / 23
  for (let n = 21; n >= 1; n -= 2) sum = sum * z + 1 / n
  return exponent * Math.LN2 + 2 * s * sum
}
